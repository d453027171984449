"""Signatures: who is believed, and that nothing altered is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import NotAsSigned
from kiosk.signed.keys import TrustedKeys
from kiosk.signed.manifest import read_manifest
from kiosk.signed.signature import MAX_SIGNATURES, sign, verify
from tests.signed.signer import Signer, text_of, trusting


OLD, NEW, STRANGER = Signer(1), Signer(2), Signer(3)
TEXT = text_of()
SIGNATURE = OLD.sign(TEXT)


def test_what_a_trusted_key_signed_is_read() -> None:
    assert verify(TEXT, SIGNATURE, trusting(OLD)) == read_manifest(TEXT)


def test_any_one_of_the_trusted_keys_suffices() -> None:
    assert verify(TEXT, NEW.sign(TEXT), trusting(OLD, NEW)).id == "spring"


def test_while_keys_change_both_sign_and_either_side_is_content() -> None:
    both = sign(TEXT, [OLD.key, NEW.key])

    assert verify(TEXT, both, trusting(OLD)).id == "spring"
    assert verify(TEXT, both, trusting(NEW)).id == "spring"


def test_a_strangers_signature_is_named_and_so_are_those_that_count() -> None:
    with pytest.raises(NotAsSigned) as caught:
        verify(TEXT, STRANGER.sign(TEXT), trusting(OLD, NEW))

    assert STRANGER.trusted.id in caught.value.cause
    assert f"{OLD.trusted.id} (signer-1.pem)" in caught.value.cause
    assert "/etc/kiosk/keys" in caught.value.cure


def test_a_kiosk_without_keys_says_so_and_what_is_wrong_with_its_files() -> None:
    none = TrustedKeys((), ("/etc/kiosk/keys/bank.pem: Permission denied",))

    with pytest.raises(NotAsSigned, match=r"trusts no key at all.*bank\.pem"):
        verify(TEXT, SIGNATURE, none)


def test_a_stranger_who_writes_a_trusted_id_is_not_believed() -> None:
    forged = STRANGER.sign(TEXT).replace(
        STRANGER.trusted.id.encode(), OLD.trusted.id.encode()
    )

    with pytest.raises(NotAsSigned, match=r"is not what the key .* signed"):
        verify(TEXT, forged, trusting(OLD))


def test_the_signature_of_another_manifest_does_not_fit() -> None:
    with pytest.raises(NotAsSigned, match="altered or cut off"):
        verify(text_of(id="summer"), SIGNATURE, trusting(OLD))


def test_line_ends_of_another_system_do_no_harm() -> None:
    assert verify(TEXT, SIGNATURE.replace(b"\n", b"\r\n"), trusting(OLD)).id == "spring"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"ed25519",
        b"rsa" + SIGNATURE[7:],
        SIGNATURE + b"# and a word\n",
        SIGNATURE.replace(b"==", b"="),
        SIGNATURE[:-10] + b"\n",
        "ed25519 ä".encode(),
        SIGNATURE * (MAX_SIGNATURES + 1),
        b"\n" * 4096 + SIGNATURE,
    ],
)
def test_what_is_no_signature_file_is_refused(content: bytes) -> None:
    with pytest.raises(NotAsSigned, match=r"manifest\.toml\.sig is no signature file"):
        verify(TEXT, content, trusting(OLD))


def test_a_manifest_that_is_signed_and_wrong_is_still_refused() -> None:
    wrong = TEXT.replace(b"format = 1", b"format = 9")

    with pytest.raises(NotAsSigned, match="update the kiosk first"):
        verify(wrong, OLD.sign(wrong), trusting(OLD))


def test_openssl_is_of_the_same_opinion(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(OLD.pem)
    (tmp_path / "manifest.toml").write_bytes(TEXT)
    (tmp_path / "raw.sig").write_bytes(OLD.key.sign(TEXT))

    said = subprocess.run(
        [
            "openssl",
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "key.pem",
            "-rawin",
            "-in",
            "manifest.toml",
            "-sigfile",
            "raw.sig",
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=20,
    )

    assert b"Verified Successfully" in said.stdout
    assert verify(TEXT, SIGNATURE, trusting(OLD)).id == "spring"


@pytest.mark.hypothesis
@given(st.integers(0, len(TEXT) - 1), st.integers(1, 255))
def test_no_altered_byte_of_the_manifest_passes(place: int, change: int) -> None:
    altered = bytearray(TEXT)
    altered[place] ^= change

    with pytest.raises(NotAsSigned):
        verify(bytes(altered), SIGNATURE, trusting(OLD))


@pytest.mark.hypothesis
@given(st.integers(0, len(TEXT) - 1))
def test_no_half_manifest_passes(length: int) -> None:
    with pytest.raises(NotAsSigned):
        verify(TEXT[:length], SIGNATURE, trusting(OLD))


@pytest.mark.hypothesis
@given(st.integers(8, len(SIGNATURE) - 2), st.integers(1, 255))
def test_no_altered_byte_of_the_signature_passes(place: int, change: int) -> None:
    altered = bytearray(SIGNATURE)
    altered[place] ^= change

    with pytest.raises(NotAsSigned):
        verify(TEXT, bytes(altered), trusting(OLD))
