"""The files themselves: missing, altered, cut off, too many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import NotAsSigned
from kiosk.signed.folder import check_file, check_folder
from tests.signed.signer import FILES, laid_out, manifest_of


MANIFEST = manifest_of()
DEVICE = "devices/10000000abcdef01.toml"


def test_a_whole_folder_passes_with_what_stands_beside_every_bundle(
    tmp_path: Path,
) -> None:
    laid_out(tmp_path, FILES)
    for name in ("manifest.toml", "manifest.toml.sig", "RESULT.txt"):
        (tmp_path / name).write_bytes(b"...")

    check_folder(MANIFEST, tmp_path)


def test_what_desktops_leave_behind_is_overlooked(tmp_path: Path) -> None:
    laid_out(tmp_path, {**FILES, ".DS_Store": b".", "devices/._10.toml": b"."})

    check_folder(MANIFEST, tmp_path)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    laid_out(tmp_path, FILES)
    (tmp_path / name).unlink()

    with pytest.raises(NotAsSigned, match=f"{name} is missing"):
        check_folder(MANIFEST, tmp_path)


@pytest.mark.parametrize("name", ["secrets.toml", "devices/other.toml", "a/RESULT.txt"])
def test_a_file_too_many_is_named(tmp_path: Path, name: str) -> None:
    laid_out(tmp_path, {**FILES, name: b""})

    with pytest.raises(NotAsSigned, match=f"{name} is there, but the manifest does"):
        check_folder(MANIFEST, tmp_path)


def test_a_file_of_another_length_is_refused_with_both_lengths(tmp_path: Path) -> None:
    laid_out(tmp_path, {**FILES, DEVICE: FILES[DEVICE] + b"\n"})

    with pytest.raises(NotAsSigned, match=r"has 27 bytes; 26 are signed"):
        check_folder(MANIFEST, tmp_path)


def test_a_link_is_no_file_wherever_it_leads(tmp_path: Path) -> None:
    laid_out(tmp_path, FILES)
    (tmp_path / "elsewhere").write_bytes(FILES[DEVICE])
    (tmp_path / DEVICE).unlink()
    (tmp_path / DEVICE).symlink_to("../elsewhere")

    with pytest.raises(NotAsSigned, match=f"{DEVICE} cannot be read"):
        check_file(MANIFEST, DEVICE, tmp_path / DEVICE)


def test_a_pipe_in_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    laid_out(tmp_path, FILES)
    (tmp_path / DEVICE).unlink()
    os.mkfifo(tmp_path / DEVICE)

    with pytest.raises(NotAsSigned, match="is no regular file"):
        check_file(MANIFEST, DEVICE, tmp_path / DEVICE)


def test_what_is_not_listed_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(NotAsSigned, match="is not in the signed manifest"):
        check_file(MANIFEST, "other.toml", tmp_path / "never-there")


def test_a_byte_of_another_value_is_refused(tmp_path: Path) -> None:
    laid_out(tmp_path, {**FILES, DEVICE: FILES[DEVICE].replace(b"1", b"2")})

    with pytest.raises(NotAsSigned, match="is not the file that was signed"):
        check_file(MANIFEST, DEVICE, tmp_path / DEVICE)


@pytest.mark.hypothesis
@given(st.sampled_from(sorted(FILES)), st.data(), st.integers(1, 255))
def test_no_altered_byte_of_a_file_passes(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    data: st.DataObject,
    change: int,
) -> None:
    content = bytearray(FILES[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= change
    folder = laid_out(
        tmp_path_factory.mktemp("bundle"), {**FILES, name: bytes(content)}
    )

    with pytest.raises(NotAsSigned):
        check_folder(MANIFEST, folder)
