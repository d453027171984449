"""Lamps in memory and in a file: what the port does not promise."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from kiosk.devices.indicators_file import FileIndicators
from kiosk.devices.indicators_memory import LampChange, MemoryIndicators
from kiosk.ports import Indicator, Micros
from tests.fakes.steady_clock import SteadyClock


def test_memory_keeps_when_each_lamp_changed() -> None:
    clock = SteadyClock(now=5)
    lamps = MemoryIndicators(clock)

    lamps.set(Indicator.CAMERA_OPEN, lit=True)
    clock.move(1.0)
    lamps.close()

    assert lamps.timeline == (
        LampChange(Micros(5), Indicator.CAMERA_OPEN, lit=True),
        LampChange(Micros(1_000_005), Indicator.CAMERA_OPEN, lit=False),
    )


def test_the_timeline_of_a_long_life_keeps_the_newest_changes() -> None:
    lamps = MemoryIndicators(SteadyClock(), remembered=4)

    for number in range(10):
        lamps.set(Indicator.FAULT, lit=number % 2 == 0)

    assert len(lamps.timeline) == 4
    assert not lamps.timeline[-1].lit


def test_the_file_says_when_it_changed_and_lists_every_lamp(tmp_path: Path) -> None:
    path = tmp_path / "lamps.json"
    lamps = FileIndicators(SteadyClock(now=77), path)

    lamps.set(Indicator.ON_AIR, lit=True)

    document = json.loads(path.read_text())
    assert document.pop("schema_version") == 1
    assert document.pop("changed_at_us") == 77
    assert document == {lamp.value: lamp is Indicator.ON_AIR for lamp in Indicator}
    assert [entry.name for entry in tmp_path.iterdir()] == ["lamps.json"]


def test_a_first_lamp_that_is_off_already_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lamps.json"

    FileIndicators(SteadyClock(), path).set(Indicator.MUTED, lit=False)

    assert json.loads(path.read_text())["muted"] is False


def test_a_file_that_cannot_be_written_is_logged_once_and_nothing_raised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lamps = FileIndicators(SteadyClock(), tmp_path / "nowhere" / "lamps.json")

    with caplog.at_level(logging.WARNING):
        lamps.set(Indicator.MUTED, lit=True)
        lamps.set(Indicator.FAULT, lit=True)
        lamps.close()

    assert len(caplog.records) == 1
    assert "nowhere" in lamps.probe().wrong
    assert lamps.probe().cure
