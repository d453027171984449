"""The last records: bounded, whole on the disk, and never in a call's way."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path

import pytest

from kiosk.app.call_archive import FileArchive, archive_of
from kiosk.call.record_bounds import IN_MEMORY, LARGEST_BYTES
from kiosk.config.schema import CallsSection
from kiosk.ports.call_record import CallRecord, DeviceLoss, SetUp
from tests.fakes.records import fullest_record
from tests.provision.power import FailingDisk, PowerCut


def record(call: int, reason: str = "") -> CallRecord:
    return CallRecord(
        call=call,
        room_id="service",
        began_unix_ms=1,
        duration_ms=2,
        talked_ms=1,
        ended_by="failed",
        reason=reason,
        set_up=SetUp(),
    )


def kept_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_record_is_a_file_and_outlives_the_kiosk(tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    FileArchive(folder).keep(record(7))
    later = FileArchive(folder)
    later.load()
    later.keep(record(1))

    assert kept_in(folder) == ["call-00000001.json", "call-00000002.json"]
    assert [kept["call"] for kept in later.newest()] == [1, 7]
    assert json.loads((folder / "call-00000001.json").read_text())["call"] == 7
    assert (folder / "call-00000001.json").stat().st_mode & 0o7 == 0


def test_the_fullest_record_there_can_be_outlives_the_kiosk_too(tmp_path: Path) -> None:
    FileArchive(tmp_path).keep(fullest_record())
    later = FileArchive(tmp_path)
    later.load()
    (path,) = tmp_path.iterdir()

    assert 100_000 < path.stat().st_size <= LARGEST_BYTES
    assert [kept["call"] for kept in later.newest()] == [3]


def test_a_service_keeps_its_calls_where_systemd_says(tmp_path: Path) -> None:
    given = {"STATE_DIRECTORY": f"{tmp_path}:/elsewhere"}
    archive_of(CallsSection(), given).keep(record(1))
    archive_of(CallsSection(directory=str(tmp_path / "mine")), given).keep(record(2))
    archive_of(CallsSection(), {}).keep(record(3))

    assert kept_in(tmp_path) == ["calls", "mine"]
    assert [kept["call"] for kept in archive_of(CallsSection(), given).newest()] == [1]


def test_the_oldest_files_go_and_strange_ones_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "call-00000004.json").write_text("{ damaged")
    archive = FileArchive(tmp_path, most=3)
    archive.load()
    for call in range(1, 6):
        archive.keep(record(call))

    assert kept_in(tmp_path) == [
        *(f"call-{number:08}.json" for number in (7, 8, 9)),
        "notes.txt",
    ]
    assert [kept["call"] for kept in archive.newest()] == [5, 4, 3, 2, 1]
    (warning,) = caplog.records
    assert vars(warning)["file"] == "call-00000004.json"


@pytest.mark.parametrize("most", [1, 4, 7])
def test_as_many_files_are_kept_as_were_asked_for(tmp_path: Path, most: int) -> None:
    archive = FileArchive(tmp_path, most)
    counts: list[int] = []
    for call in range(9):
        archive.keep(record(call))
        counts.append(len(kept_in(tmp_path)))

    assert counts == [min(number, most) for number in range(1, 10)]


def test_as_many_files_are_kept_as_the_settings_say_by_default(tmp_path: Path) -> None:
    section = CallsSection(directory=str(tmp_path))
    archive = archive_of(section, {})
    for call in range(section.keep + 3):
        archive.keep(record(call))

    assert len(kept_in(tmp_path)) == section.keep > 2 * IN_MEMORY


def test_memory_holds_the_newest_only() -> None:
    archive = FileArchive(None)
    archive.load()
    for call in range(1, 2 * IN_MEMORY):
        archive.keep(record(call))

    assert len(archive.newest()) == IN_MEMORY
    assert archive.newest()[0]["call"] == 2 * IN_MEMORY - 1


def test_no_file_is_written_where_none_is_wanted(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path, most=0)
    archive.keep(record(1))

    assert kept_in(tmp_path) == []
    assert len(archive.newest()) == 1


def test_a_directory_that_cannot_be_written_costs_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    place = tmp_path / "calls"
    place.write_text("a file in its place")
    archive = FileArchive(place)
    archive.load()
    archive.keep(record(1))
    archive.keep(record(2))
    place.unlink()
    archive.keep(record(3))

    (warning,) = caplog.records
    assert warning.getMessage() == "call record not written"
    assert [kept["call"] for kept in archive.newest()] == [3, 2, 1]
    assert kept_in(place) == ["call-00000001.json"]


def test_keys_and_signed_urls_never_reach_the_disk(tmp_path: Path) -> None:
    url = "M001 rtmp://h/live/s?txSecret=CANARY refused, token=CANARY"
    lost = record(1, url)
    lost = CallRecord(
        **{name: getattr(lost, name) for name in lost.__slots__}
        | {"devices_lost": (DeviceLoss(1, "camera", url),)}
    )
    FileArchive(tmp_path).keep(lost)
    text = (tmp_path / "call-00000001.json").read_text()

    assert "CANARY" not in text
    assert "rtmp://h/live/" in text


def test_after_a_power_cut_every_record_told_as_kept_is_whole(tmp_path: Path) -> None:
    whole = FailingDisk()
    FileArchive(tmp_path / "whole", disk=whole).keep(record(1))

    for at in range(1, whole.steps + 2):
        folder = tmp_path / f"cut{at}"
        FileArchive(folder).keep(record(1))
        cut = FailingDisk(at, loses_cache=True)
        with contextlib.suppress(PowerCut):
            FileArchive(folder, disk=cut).keep(record(2))
            cut.sync(folder)  # where nothing was cut before, it is cut now
        later = FileArchive(folder)
        later.load()

        files = [name for name in kept_in(folder) if name.endswith(".json")]
        whole_ones = [name for name in files if not name.startswith(".")]
        assert len(later.newest()) == len(whole_ones) >= (2 if at > whole.steps else 1)
