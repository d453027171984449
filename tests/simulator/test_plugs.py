"""Plugs that are pulled while the device is open, and put back."""

from __future__ import annotations

import time

import pytest

from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.errors import DeviceError
from kiosk.ports import AccessUnit, Micros, Period
from kiosk.simulator.plugs import (
    AHEAD_S,
    HeardSpeaker,
    PluggedCamera,
    PluggedMicrophone,
    SkewedClock,
)
from kiosk.simulator.switches import Switch, Switches
from tests.fakes.devices import CLOCK, synthetic_camera
from tests.fakes.steady_clock import SteadyClock
from tests.fakes.waiting import wait_until


def test_a_camera_put_back_begins_with_an_idr() -> None:
    switches = Switches()
    camera = PluggedCamera(synthetic_camera(), switches)
    units: list[AccessUnit] = []
    camera.start(units.append)
    try:
        assert wait_until(lambda: len(units) > 3)
        switches.throw(Switch.CAMERA, on=True)
        seen, open_meanwhile = len(units), camera.is_open
        time.sleep(0.3)
        meanwhile = len(units) - seen
        switches.throw(Switch.CAMERA, on=False)
        assert wait_until(lambda: len(units) > seen + meanwhile)
    finally:
        camera.close()

    assert meanwhile <= 1  # one may have been on its way
    assert not open_meanwhile
    assert units[seen + meanwhile].is_idr


def test_a_still_of_an_unplugged_camera_is_refused() -> None:
    switches = Switches()
    camera = PluggedCamera(synthetic_camera(), switches)
    switches.throw(Switch.CAMERA, on=True)

    with pytest.raises(DeviceError, match="plug the camera in"):
        camera.take_still()
    assert camera.probe().cure == "plug the camera in"


def test_a_microphone_fails_while_it_is_unplugged_and_reads_on_afterwards() -> None:
    switches = Switches()
    microphone = PluggedMicrophone(SyntheticMicrophone(CLOCK), switches)
    microphone.open()
    before = microphone.read()
    switches.throw(Switch.MICROPHONE, on=True)
    with pytest.raises(DeviceError, match="plug the microphone in"):
        microphone.read()
    with pytest.raises(DeviceError, match="plug the microphone in"):
        microphone.open()
    was_open = microphone.is_open
    switches.throw(Switch.MICROPHONE, on=False)
    after = microphone.read()
    microphone.close()

    assert not was_open
    assert after.captured_at > before.captured_at


def test_a_loudspeaker_is_heard_on_the_page_and_by_whoever_listens_already() -> None:
    heard: list[bytes] = []
    played: list[Period] = []
    speaker = HeardSpeaker(SyntheticSpeaker(CLOCK), heard.append)
    speaker.open(played.append)
    at = speaker.write(bytes(960))
    speaker.close()

    assert heard == [bytes(960)]
    assert played == [Period(bytes(960), at)]


def test_a_skewed_clock_is_wrong_on_the_wall_alone() -> None:
    switches = Switches()
    clock = SkewedClock(SteadyClock(now=5, wall_s=100.0), switches)
    right = clock.wall_s()
    switches.throw(Switch.CLOCK, on=True)

    assert (right, clock.wall_s()) == (100.0, 100.0 + AHEAD_S)
    assert clock.now() == Micros(5)


def test_a_switch_that_is_thrown_twice_is_told_once() -> None:
    switches = Switches()
    told: list[tuple[Switch, bool]] = []
    switches.listen(lambda switch, on: told.append((switch, on)))
    for on in (True, True, False, False):
        switches.throw(Switch.CAMERA, on=on)

    assert told == [(Switch.CAMERA, True), (Switch.CAMERA, False)]
