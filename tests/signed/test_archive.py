"""A bundle as one archive: read without believing any of it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import NotAsSigned
from kiosk.signed import verify
from kiosk.signed.archive import MAX_ARCHIVE, Archive, packed
from tests.signed.signer import FILES, Signer, manifest_of, text_of, trusting


SIGNER = Signer()
TEXT = text_of()
WHOLE = packed(TEXT, SIGNER.sign(TEXT), FILES, 1)


def unpacked(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "bundle.tar"
    path.write_bytes(content)
    archive = Archive(path)
    manifest = verify(archive.manifest, archive.signature, trusting(SIGNER))
    archive.unpack(manifest, tmp_path / "out")
    return tmp_path / "out"


def tar_of(members: Mapping[str, bytes], *more: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in more:
            tar.addfile(member)
    return out.getvalue()


def whole_tar(*more: tarfile.TarInfo, **files: bytes) -> bytes:
    head = {"manifest.toml": TEXT, "manifest.toml.sig": SIGNER.sign(TEXT)}
    return tar_of({**head, **FILES, **files}, *more)


def member(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


def test_what_was_packed_comes_out_again(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, WHOLE)

    assert (folder / "manifest.toml").read_bytes() == TEXT
    for name, content in FILES.items():
        assert (folder / name).read_bytes() == content


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, WHOLE)

    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0


def test_the_same_files_give_the_same_bytes() -> None:
    turned = dict(reversed(list(FILES.items())))

    assert packed(TEXT, SIGNER.sign(TEXT), turned, 1) == WHOLE


@pytest.mark.parametrize(
    "extra",
    [
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("site.toml", tarfile.LNKTYPE, "manifest.toml"),
        member("pipe", tarfile.FIFOTYPE),
        member("device", tarfile.CHRTYPE),
        member("devices", tarfile.DIRTYPE),
    ],
    ids=lambda extra: str(extra.name),
)
def test_what_is_no_plain_file_is_refused(
    tmp_path: Path, extra: tarfile.TarInfo
) -> None:
    with pytest.raises(NotAsSigned, match="holds what is no plain file"):
        unpacked(tmp_path, whole_tar(extra))


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "secrets.toml", "a/../evil"])
def test_a_file_that_is_not_signed_is_not_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotAsSigned, match="is not in the signed manifest"):
        unpacked(tmp_path, whole_tar(**{name: b"!"}))

    assert not list(tmp_path.glob("**/evil"))


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAsSigned, match="is not of the size that is signed"):
        unpacked(tmp_path, whole_tar(**{"site.toml": b"!"}))


def test_a_file_with_another_byte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAsSigned, match="is not the file that was signed"):
        unpacked(tmp_path, whole_tar(**{"site.toml": FILES["site.toml"].upper()}))


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    first_end = whole_tar().rstrip(b"\0")
    padded = first_end + b"\0" * (-len(first_end) % tarfile.BLOCKSIZE)

    with pytest.raises(NotAsSigned, match=r"site\.toml is in the archive twice"):
        unpacked(tmp_path, padded + tar_of({"site.toml": FILES["site.toml"]}))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    head = {"manifest.toml": TEXT, "manifest.toml.sig": SIGNER.sign(TEXT)}

    with pytest.raises(NotAsSigned, match="is missing"):
        unpacked(tmp_path, tar_of(head))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no tar file"),
        (b"<html>please sign in</html>" * 100, "is no tar file"),
        (tar_of(FILES), "does not begin with manifest.toml"),
        (tar_of({"manifest.toml": TEXT}), r"does not begin with manifest.toml.sig"),
        (tar_of({}, member("manifest.toml", tarfile.SYMTYPE, "x")), "does not begin"),
        (tar_of({"manifest.toml": b"#" * (1 << 21)}), "is too large"),
        (
            tar_of({"manifest.toml": TEXT}, member("x", tarfile.GNUTYPE_LONGNAME)),
            "is damaged or cut off",
        ),
        (WHOLE[:700], "manifest.toml is cut off"),
    ],
)
def test_what_is_no_bundle_is_refused(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(NotAsSigned, match=reason):
        unpacked(tmp_path, content)


def test_a_bundle_without_end_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "bundle.tar").write_bytes(WHOLE)
    huge = manifest_of()
    object.__setattr__(huge.files[0], "size", MAX_ARCHIVE + 1)

    with pytest.raises(NotAsSigned, match="are the most"):
        Archive(tmp_path / "bundle.tar").unpack(huge, tmp_path / "out")


def test_a_compressed_archive_is_not_opened(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("manifest.toml"))

    with pytest.raises(NotAsSigned, match="is no tar file"):
        unpacked(tmp_path, out.getvalue())


@pytest.mark.hypothesis
@given(st.integers(0, len(WHOLE)))
def test_no_half_archive_is_taken_for_a_whole_one(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    needed = len(WHOLE.rstrip(b"\0"))
    try:
        unpacked(tmp_path_factory.mktemp("half"), WHOLE[:length])
    except NotAsSigned:
        return
    assert length >= needed


@pytest.mark.hypothesis
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_no_altered_byte_brings_in_anything_else(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: int
) -> None:
    altered = bytearray(WHOLE)
    altered[place] ^= change
    try:
        folder = unpacked(tmp_path_factory.mktemp("altered"), bytes(altered))
    except NotAsSigned:
        return
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "manifest" not in path.name
    }
    assert found == FILES
