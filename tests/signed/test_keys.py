"""Whose signatures a machine believes: files in two folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.signed.keys import FOLDERS, read_keys, trusted
from tests.signed.signer import Signer


VENDOR, OPERATOR = FOLDERS


def put(root: Path, folder: str, name: str, content: bytes) -> Path:
    (root / folder).mkdir(parents=True, exist_ok=True)
    path = root / folder / name
    path.write_bytes(content)
    return path


def names(root: Path) -> list[str]:
    return [key.name for key in read_keys(root).keys]


def test_a_machine_without_folders_trusts_nobody(tmp_path: Path) -> None:
    assert names(tmp_path) == []


def test_keys_of_the_image_and_of_the_operator_count_by_name(tmp_path: Path) -> None:
    put(tmp_path, VENDOR, "vendor.pem", Signer(1).pem)
    put(tmp_path, OPERATOR, "bank.pem", Signer(2).pem)
    put(tmp_path, OPERATOR, "readme.txt", b"not looked at")

    assert names(tmp_path) == ["bank.pem", "vendor.pem"]


def test_the_operators_file_takes_the_place_of_the_images(tmp_path: Path) -> None:
    put(tmp_path, VENDOR, "main.pem", Signer(1).pem)
    put(tmp_path, OPERATOR, "main.pem", Signer(2).pem)

    assert [key.id for key in read_keys(tmp_path).keys] == [Signer(2).trusted.id]


@pytest.mark.parametrize("by_link", [False, True])
def test_an_empty_file_takes_a_key_out_of_use(tmp_path: Path, by_link: bool) -> None:
    put(tmp_path, VENDOR, "main.pem", Signer(1).pem)
    mask = put(tmp_path, OPERATOR, "main.pem", b"")
    if by_link:
        mask.unlink()
        mask.symlink_to(os.devnull)

    keys = read_keys(tmp_path)

    assert keys.keys == ()
    assert keys.mistakes == ()


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        X25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        b"x" * 5000,
    ],
    ids=["text", "no key", "another kind", "too long"],
)
def test_a_file_that_is_no_key_is_said_and_stops_no_other(
    tmp_path: Path, content: bytes
) -> None:
    put(tmp_path, OPERATOR, "a.pem", content)
    put(tmp_path, OPERATOR, "b.pem", Signer(2).pem)

    keys = read_keys(tmp_path)

    assert [key.name for key in keys.keys] == ["b.pem"]
    assert len(keys.mistakes) == 1
    assert "a.pem" in keys.mistakes[0]


def test_a_folder_in_a_keys_place_is_said(tmp_path: Path) -> None:
    (tmp_path / OPERATOR / "a.pem").mkdir(parents=True)

    assert "Is a directory" in read_keys(tmp_path).mistakes[0]


def test_a_key_is_known_by_its_id() -> None:
    key = Signer(1).trusted

    assert trusted("again.pem", Signer(1).pem).id == key.id
    assert len(key.id) == 16
