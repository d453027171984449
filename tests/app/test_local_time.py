"""The process lives in the configured zone, or in the system's."""

from __future__ import annotations

import time
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.app.local_time import live_in
from kiosk.app.updating import updater_of
from kiosk.ui.presenter import wall_time, weekday_and_minute


NOON_UTC = 20_833 * 86_400 + 12 * 3600  # a day in January 2027


@pytest.fixture(autouse=True)
def _as_before() -> Generator[None]:
    yield
    live_in(None)


def test_clock_and_weekday_are_of_the_zone_and_change_with_it() -> None:
    live_in("Asia/Shanghai")
    in_shanghai = wall_time(NOON_UTC), time.localtime(NOON_UTC).tm_hour
    live_in("Pacific/Auckland")
    in_auckland = wall_time(NOON_UTC), weekday_and_minute(NOON_UTC)
    live_in("UTC")
    at_greenwich = weekday_and_minute(NOON_UTC)

    assert in_shanghai == ("20:00", 20)
    assert in_auckland[0] == "01:00"
    assert in_auckland[1] is not None
    assert at_greenwich is not None
    assert in_auckland[1][0] == (at_greenwich[0] + 1) % 7


def test_without_one_it_is_the_systems_again() -> None:
    before = time.strftime("%H:%M %Z", time.localtime(NOON_UTC))
    live_in("Asia/Kathmandu")
    assert time.strftime("%H:%M", time.localtime(NOON_UTC)) == "17:45"

    live_in(None)

    assert time.strftime("%H:%M %Z", time.localtime(NOON_UTC)) == before


def test_the_window_of_updates_is_in_the_kiosks_zone(tmp_path: Path) -> None:
    (tmp_path / "etc/kiosk").mkdir(parents=True)
    (tmp_path / "etc/kiosk/kiosk.toml").write_text(
        '[room]\nserver = "https://rooms.example.org"\n'
        '[kiosk]\ntime_zone = "Asia/Kathmandu"\n'
    )

    updater_of(None, tmp_path)

    now = datetime.fromtimestamp(NOON_UTC, UTC).astimezone()
    assert f"{now:%H:%M}" == "17:45"
