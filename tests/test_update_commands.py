"""``kiosk update``, as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from kiosk.cli import main
from kiosk.signed.keys import read_keys
from kiosk.update.artefact import opened
from tests.update.artefacts import SIGNER, image, payload_of
from tests.update.machines import MIB
from tests.update.updating import trust


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "update.key"
    path.write_bytes(
        SIGNER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    path.chmod(0o600)
    return path


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    path = tmp_path / "update.tar.zst"
    images = {"boot": image("boot", MIB), "system": image("system", 2 * MIB)}
    path.write_bytes(payload_of(images))
    return path


def packed(payload: Path, key: Path, *more: str) -> int:
    target = str(payload.with_name("1.4.kiosk-update"))
    words = ["update", "pack", str(payload), target, "--key", str(key)]
    return main([*words, "--board", "raspberrypi,4-model-b", *more])


def test_an_update_is_packed_of_what_rpi_image_gen_made(
    payload: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert packed(payload, key, "--image-version", "1.4", "--ring", "10") == 0

    told = capsys.readouterr().out
    assert "version 1.4 for raspberrypi,4-model-b (system 2 MiB, boot 1 MiB)" in told
    trust(tmp_path, SIGNER)
    with opened(tmp_path / "1.4.kiosk-update", read_keys(tmp_path)) as artefact:
        artefact.check_payload()
        assert artefact.manifest.ring == 10
        assert artefact.release.version == "1.4"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--image-version", "new"], "a version is numbers parted by dots"),
        (["--image-version", "1", "--board", "Pi 4"], "a board is named as"),
        (["--image-version", "1", "--key", "/etc/hostname"], "/etc/hostname"),
        (["--image-version", "1", "--key", "/nowhere"], "/nowhere: No such file"),
    ],
)
def test_what_cannot_be_packed_is_one_line(
    payload: Path,
    key: Path,
    more: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert packed(payload, key, *more) != 0

    told = capsys.readouterr().err
    assert words in told
    assert len(told.splitlines()) == 1
    assert not payload.with_name("1.4.kiosk-update").exists()


def test_a_machine_with_one_system_says_so(
    payload: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert packed(payload, key, "--image-version", "1.4") == 0
    file = str(payload.with_name("1.4.kiosk-update"))

    assert main(["update", "status", "--json"]) == 0
    out = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(out)["running"] == ""
    assert main(["update", "apply", file]) != 0
    assert "this device has one system only" in capsys.readouterr().err
