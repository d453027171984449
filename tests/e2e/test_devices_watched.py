"""The watch over devices sees one that is open without a call, and lets others be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.fakes.branch import wait_until
from tests.fakes.camera_watch import CLOSES_WITHIN_S, DeviceWatch


class Panel:
    """A party's status, as the test says."""

    def __init__(self, state: str, *, camera: bool, microphone: bool) -> None:
        devices = {"camera_open": camera, "microphone_open": microphone}
        self._status = {"state": state, "devices": devices}

    def status(self) -> Mapping[str, Any]:
        return self._status


@pytest.mark.parametrize("state", ["IDLE", "QUEUED", "ENDED", "OUT_OF_SERVICE"])
def test_a_microphone_that_stays_open_without_a_call_is_seen(state: str) -> None:
    watch = DeviceWatch("kiosk", Panel(state, camera=False, microphone=True).status)
    try:
        wait_until(lambda: bool(watch.breaches), "seen", CLOSES_WITHIN_S + 5.0)
    finally:
        watch.end()

    assert watch.breaches[0] == f"kiosk: ['microphone_open'] in {state}"


@pytest.mark.parametrize("state", ["IN_CALL", "GRACE", "RECONNECTING"])
def test_devices_that_are_open_in_a_call_are_let_be(state: str) -> None:
    watch = DeviceWatch("kiosk", Panel(state, camera=True, microphone=True).status)
    try:
        wait_until(lambda: watch.looks > 2 * CLOSES_WITHIN_S / 0.1, "looked", 20.0)
    finally:
        watch.end()

    assert watch.breaches == []
