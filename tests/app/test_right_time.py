"""Whether the time can be right: floor, time server, and patience after power-on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.app.right_time import (
    KEPT_EVERY_S,
    NAME,
    PATIENCE_S,
    USEFUL_LIFE_S,
    RightTime,
    TimeFloor,
    floor_of,
    is_synchronized,
    kernel_is_synchronized,
    made_s,
)


MADE_S = 1_790_000_000.0  # September 2026
DAY_S = 86_400.0


def looked(
    now_s: float,
    *,
    floor: TimeFloor | None = None,
    synchronized: bool | None = False,
    up_s: float = 600.0,
) -> RightTime:
    floor = floor or TimeFloor(None, MADE_S)
    right = RightTime(floor, lambda: now_s, lambda: up_s, lambda: synchronized)
    right.look()
    return right


@pytest.mark.parametrize("now_s", [0.0, MADE_S - 1, -5e9])
def test_a_time_before_this_software_was_made_is_wrong(now_s: float) -> None:
    wrong = looked(now_s).facts.wrong

    assert "it is 2026-09-21 at least" in wrong
    assert "time server" in wrong


def test_a_time_decades_from_now_is_wrong() -> None:
    assert looked(MADE_S + USEFUL_LIFE_S - 1).facts.wrong == ""
    assert "decades from now" in looked(MADE_S + USEFUL_LIFE_S + DAY_S).facts.wrong


@pytest.mark.parametrize("now_s", [0.0, MADE_S + 2 * USEFUL_LIFE_S])
def test_what_a_time_server_set_is_right_whatever_it_is(now_s: float) -> None:
    facts = looked(now_s, synchronized=True).facts

    assert facts.wrong == ""
    assert facts.synchronized


@pytest.mark.parametrize("synchronized", [None, False])
def test_a_plausible_time_is_waited_for_no_longer_than_a_minute(
    synchronized: bool | None,
) -> None:
    early = looked(MADE_S + DAY_S, synchronized=synchronized, up_s=PATIENCE_S - 1)
    late = looked(MADE_S + DAY_S, synchronized=synchronized, up_s=PATIENCE_S)

    assert early.facts.is_early
    assert not late.facts.is_early
    assert late.facts.wrong == ""


def test_a_clock_that_was_set_back_since_the_time_server_s_word_is_not_trusted(
    tmp_path: Path,
) -> None:
    vouched = tmp_path / "run/systemd/timesync/synchronized"
    vouched.parent.mkdir(parents=True)
    vouched.touch()
    right_s = MADE_S + 90 * DAY_S
    os.utime(vouched, (right_s, right_s))
    now_s = right_s + 3_600
    floor = TimeFloor(None, MADE_S)
    right = RightTime(
        floor,
        lambda: now_s,
        lambda: 600.0,
        lambda: is_synchronized(tmp_path, lambda: None, lambda: now_s),
    )
    assert right.look().synchronized
    kept_s = floor.seconds

    now_s = MADE_S + DAY_S
    before = right.look()
    now_s = right_s + 7_200

    assert not before.synchronized
    assert floor.seconds == kept_s, "a wrong time is no floor"
    assert right.look().synchronized, "it was set right again"


def test_a_time_that_was_right_is_the_floor_of_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / NAME
    right_s = MADE_S + 90 * DAY_S
    looked(right_s, floor=TimeFloor(path, MADE_S), synchronized=True)

    again = TimeFloor(path, MADE_S)

    assert again.seconds == right_s
    assert looked(right_s - DAY_S, floor=again).facts.wrong
    assert not looked(right_s + DAY_S, floor=again).facts.wrong


def test_a_time_that_nobody_vouches_for_is_not_kept(tmp_path: Path) -> None:
    looked(MADE_S + DAY_S, floor=TimeFloor(tmp_path / NAME, MADE_S))

    assert not list(tmp_path.iterdir())


def test_the_file_is_written_once_a_day(tmp_path: Path) -> None:
    path = tmp_path / NAME
    floor = TimeFloor(path, MADE_S)
    floor.keep(MADE_S)
    written = path.stat().st_ino

    floor.keep(MADE_S + KEPT_EVERY_S - 1)
    assert path.stat().st_ino == written
    floor.keep(MADE_S + KEPT_EVERY_S)

    assert path.stat().st_ino != written
    assert path.read_text("ascii") == f"{MADE_S + KEPT_EVERY_S:.0f}\n"
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


def test_a_time_server_that_was_wrong_once_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / NAME
    looked(4e9, floor=TimeFloor(path, MADE_S), synchronized=True)  # the year 2096

    right_s = MADE_S + DAY_S
    looked(right_s, floor=TimeFloor(path, MADE_S), synchronized=True)

    assert TimeFloor(path, MADE_S).seconds == right_s


@pytest.mark.parametrize("content", ["", "soon", "9" * 1000, "1e400", "\0" * 64])
def test_a_file_of_no_use_is_no_floor(content: str, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(content, "utf-8")

    assert TimeFloor(path, MADE_S).seconds in {MADE_S, float("9" * 64)}


def test_a_directory_that_takes_no_file_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    floor = TimeFloor(tmp_path / "nowhere" / NAME, MADE_S)

    floor.keep(MADE_S)
    floor.keep(MADE_S + 2 * KEPT_EVERY_S)

    assert len(caplog.records) == 1


def test_a_service_keeps_it_where_systemd_says(tmp_path: Path) -> None:
    floor_of({"STATE_DIRECTORY": f"{tmp_path}:/elsewhere"}).keep(MADE_S)
    floor_of({}).keep(MADE_S)

    assert (tmp_path / NAME).exists()


def test_timesyncd_says_that_it_set_the_clock_by_a_file(tmp_path: Path) -> None:
    def refused() -> None:
        return None

    assert is_synchronized(tmp_path, refused) is None
    (tmp_path / "run/systemd/timesync").mkdir(parents=True)
    assert is_synchronized(tmp_path, refused) is False
    (tmp_path / "run/systemd/timesync/synchronized").touch()
    assert is_synchronized(tmp_path, refused) is True
    assert is_synchronized(tmp_path, lambda: False) is True


def test_the_kernel_is_asked() -> None:
    assert kernel_is_synchronized() in {True, False, None}


def test_this_software_was_made_before_now() -> None:
    assert 1_700_000_000 < made_s()


def test_a_technician_reads_the_time_and_who_set_it() -> None:
    wrong = looked(0.0).probe()

    assert wrong.found == "1970-01-01 00:00:00 UTC, set by no time server"
    assert wrong.wrong.startswith("N013 the clock says 1970-01-01")
    assert "nobody says" in looked(MADE_S, synchronized=None).probe().found
    assert looked(MADE_S, synchronized=True).probe().wrong == ""
