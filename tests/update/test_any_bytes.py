"""Whatever a file holds, the answer is one of our errors, and never anything else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.errors import NotAsSigned, UpdateFailed, UpdateRefused
from kiosk.signed.keys import TrustedKeys
from kiosk.update.artefact import opened
from kiosk.update.record import Record, Records
from kiosk.update.slots_grub import GrubSlots
from kiosk.update.slots_raspberry import RaspberrySlots
from kiosk.update.sparse import unrolled
from tests.signed.signer import trusting
from tests.update.artefacts import SIGNER, image, sparse, update
from tests.update.machines import GrubPc, RaspberryPi


MAGIC = b"\x3a\xff\x26\xed"
anything = st.binary(max_size=600)
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    small = {"boot": b"boot", "system": b"system"}
    return update(folder, members=small).read_bytes()


@pytest.fixture(scope="module")
def keys() -> TrustedKeys:
    return trusting(SIGNER)


@same_folder
@given(at=st.integers(0, 4000), put=st.binary(min_size=1, max_size=200))
def test_a_file_that_was_changed_anywhere_is_what_was_signed_or_refused(
    at: int, put: bytes, whole: bytes, keys: TrustedKeys, tmp_path: Path
) -> None:
    file = tmp_path / "x.kiosk-update"
    file.write_bytes(whole[:at] + put + whole[at + len(put) :])

    try:
        with opened(file, keys) as artefact:
            artefact.check_payload()
            version = artefact.release.version
    except (NotAsSigned, UpdateRefused):
        return
    assert version == "1.4.0"


@same_folder
@given(content=anything)
def test_any_other_file_is_refused(
    content: bytes, keys: TrustedKeys, tmp_path: Path
) -> None:
    file = tmp_path / "x.kiosk-update"
    file.write_bytes(content)

    with pytest.raises((NotAsSigned, UpdateRefused)), opened(file, keys):
        raise AssertionError("taken")


def test_a_member_of_negative_size_does_not_read_the_whole_file(
    keys: TrustedKeys, tmp_path: Path
) -> None:
    member = tarfile.TarInfo("manifest.toml")
    header = bytearray(member.tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = b"\xff" * 12  # base 256, -1
    total = sum(header) - sum(header[148:156]) + 8 * 32
    header[148:156] = b"%06o\0 " % total
    file = tmp_path / "x.kiosk-update"
    file.write_bytes(bytes(header) + b"x" * 2000)

    with pytest.raises(UpdateRefused, match="where it should be"), opened(file, keys):
        raise AssertionError("taken")


@given(content=anything)
def test_a_sparse_image_is_unrolled_or_refused(content: bytes) -> None:
    size = 0
    try:
        for block in unrolled(io.BytesIO(MAGIC + content)):
            size += len(block)
            if size > 1 << 24:  # who writes it stops at the partition's size
                return
    except UpdateRefused:
        pass


@given(content=st.binary(max_size=3).map(lambda part: part * 9000))
def test_a_sparse_image_is_what_it_was_made_of(content: bytes) -> None:
    padded = content.ljust(-(-len(content) // 4096) * 4096, b"\0") or bytes(4096)

    assert b"".join(unrolled(io.BytesIO(sparse(padded)))) == padded
    assert b"".join(unrolled(io.BytesIO(image("x", 8192)))) == image("x", 8192)


@same_folder
@given(content=anything)
def test_a_choice_that_makes_no_sense_is_a_failure_with_its_file(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pi = RaspberryPi(tmp_path_factory.mktemp("pi"))
    pc = GrubPc(tmp_path_factory.mktemp("pc"))
    (pi.root / "bootfs/autoboot.txt").write_bytes(content)
    (pc.root / "bootfs/grub/grubenv").write_bytes(content)

    for slots in (RaspberrySlots(pi.root), GrubSlots(pc.root)):
        with pytest.raises(UpdateFailed, match=r"autoboot\.txt|grubenv"):
            assert slots.default


@same_folder
@given(content=anything)
def test_a_record_is_read_as_nothing_rather_than_not_at_all(
    content: bytes, tmp_path: Path
) -> None:
    records = Records(tmp_path)
    records.keep(Record())
    (records.directory / "record.json").write_bytes(content)

    assert records.read() == Record()
