"""Devices that are absent, come late, go and come back: the kiosk says so and stays up."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from kiosk import ports
from kiosk.call.states import State
from kiosk.daemon.notices import Notice
from kiosk.errors import DeviceError
from kiosk.ports import (
    Button,
    ButtonEdge,
    ButtonFault,
    ButtonTrouble,
    Fault,
    Indicator,
    Micros,
    ScreenName,
)
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import KioskWorld


WORDS = {notice: f"<{notice.value}>" for notice in Notice}
NO_CAMERA = "D001 camera: no camera; plug the camera in"
IN_USE = DeviceError("buttons", "GPIO 17", "in use by spi0")


@pytest.mark.parametrize("fault", [Fault.CAMERA, Fault.MICROPHONE, Fault.SPEAKER])
async def test_a_device_absent_at_start_is_named_on_the_screen_until_it_is_there(
    fault: Fault,
) -> None:
    world = KioskWorld()
    world.wrong[fault] = f"D001 {fault.value}: absent; plug it in"
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        reason = world.screens.last(ScreenName.OUT_OF_SERVICE).reason
        assert reason == f"D001 {fault.value}: absent; plug it in"
        assert kiosk.daemon.status()["faults"][0]["fault"] == fault.value
        kiosk.daemon.press("call")
        await kiosk.until(kiosk.daemon._events.empty, "press taken")
        assert not world.media.camera_open

        world.wrong[fault] = ""

        await kiosk.reach(State.IDLE)
        assert kiosk.daemon.status()["faults"] == []


async def test_a_device_that_comes_late_is_waited_for_in_silence() -> None:
    world = KioskWorld()
    world.wrong[Fault.CAMERA] = NO_CAMERA
    async with running_kiosk(world, patience_s=60.0) as kiosk:
        waiting = f"status waiting {NO_CAMERA}"
        await kiosk.until(lambda: waiting in world.init.told, "told the supervisor")
        await asyncio.sleep(0.1)
        assert {name for name, _ in world.screens.shown} == {ScreenName.STARTING}

        world.wrong[Fault.CAMERA] = ""

        await kiosk.reach(State.IDLE)
        assert not world.screens.saw(ScreenName.OUT_OF_SERVICE)


async def test_patience_ends() -> None:
    world = KioskWorld()
    world.wrong[Fault.CAMERA] = NO_CAMERA
    async with running_kiosk(world, patience_s=0.2) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)

        assert world.screens.last(ScreenName.OUT_OF_SERVICE).reason == NO_CAMERA


async def test_a_camera_unplugged_from_an_idle_kiosk_is_noticed_and_found_again() -> (
    None
):
    world = KioskWorld()
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        world.wrong[Fault.CAMERA] = NO_CAMERA
        await kiosk.reach(State.OUT_OF_SERVICE)
        assert kiosk.daemon.status()["reason"] == NO_CAMERA
        world.wrong[Fault.CAMERA] = ""

        await kiosk.reach(State.IDLE)


async def test_buttons_that_fail_to_start_are_shown_and_tried_again() -> None:
    world = KioskWorld()
    world.buttons.errors = [IN_USE] * 12
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        reason = world.screens.last(ScreenName.OUT_OF_SERVICE).reason
        assert reason == "D001 buttons at GPIO 17: in use by spi0"
        assert kiosk.daemon.status()["faults"][0]["flashes"] == 7

        await kiosk.reach(State.IDLE)
        assert world.buttons.on_edge is not None


@pytest.mark.parametrize(
    ("button", "state"),
    [(Button.MUTE, "IDLE"), (Button.CALL, "OUT_OF_SERVICE"), (None, "OUT_OF_SERVICE")],
)
async def test_a_stuck_button_is_a_fault_and_only_that_of_calls_is_missed(
    button: Button | None, state: str
) -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        on_fault = kiosk.world.buttons.on_fault
        assert on_fault is not None
        stuck = ButtonFault(
            button, ButtonTrouble.STUCK, "at GPIO 17: held", is_over=False, at=Micros(1)
        )
        on_fault(stuck)
        await kiosk.until(lambda: bool(kiosk.daemon.status()["faults"]), "a fault")
        await kiosk.reach(State[state])
        on_fault(replace(stuck, is_over=True))

        await kiosk.until(lambda: not kiosk.daemon.status()["faults"], "none")
        await kiosk.reach(State.IDLE)


async def test_a_kiosk_that_is_not_set_up_stays_up_without_buttons_too() -> None:
    world = KioskWorld()
    world.buttons.errors = [IN_USE] * 5
    async with running_kiosk(world, start=State.UNCONFIGURED, problem="C001") as kiosk:
        await kiosk.until(lambda: world.buttons.on_edge is not None, "started")

        assert kiosk.state == "UNCONFIGURED"


@pytest.mark.parametrize("device", ["camera", "microphone", "speaker"])
async def test_a_call_goes_on_without_a_device_and_both_sides_are_told(
    device: str,
) -> None:
    async with running_kiosk(notices=WORDS) as kiosk:
        await kiosk.talk()
        kiosk.world.media.report(ports.CaptureLost(device, "unplugged"))
        await kiosk.until(lambda: told(kiosk, f"{device}_lost"), "told")
        assert lost_on_the_screen(kiosk, device)
        assert (
            kiosk.daemon.status()["faults"][0]["reason"] == f"D002 {device}: unplugged"
        )
        await kiosk.until(
            lambda: Indicator.FAULT in kiosk.world.indicators.lit, "the lamp"
        )

        kiosk.world.media.report(ports.CaptureBack(device))

        await kiosk.until(lambda: told(kiosk, f"{device}_back"), "told")
        assert kiosk.state == "IN_CALL"
        assert not lost_on_the_screen(kiosk, device)
        assert kiosk.daemon.status()["faults"] == []


async def test_what_failed_in_a_call_is_asked_for_again_after_it() -> None:
    world = KioskWorld()
    world.wrong[Fault.MICROPHONE] = ""
    async with running_kiosk(world, ended=0.01) as kiosk:
        await kiosk.talk()
        world.media.report(ports.CaptureLost("microphone", "unplugged"))
        world.wrong[Fault.MICROPHONE] = "D001 microphone: absent; plug it in"
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.OUT_OF_SERVICE)
        world.wrong[Fault.MICROPHONE] = ""

        await kiosk.reach(State.IDLE)
        assert not world.screens.facts.microphone_lost


async def test_the_door_is_told_and_ends_nothing() -> None:
    async with running_kiosk() as kiosk:
        assert kiosk.daemon.status()["door_open"] is None
        await kiosk.talk()
        events = kiosk.daemon.subscribe()
        on_edge = kiosk.world.buttons.on_edge
        assert on_edge is not None
        for at in (1, 2):  # the second says nothing new
            on_edge(ButtonEdge(Button.DOOR, is_down=True, at=Micros(at)))
        await kiosk.until(lambda: kiosk.daemon.status()["door_open"], "open")
        on_edge(ButtonEdge(Button.DOOR, is_down=False, at=Micros(3)))
        heard = [await anext(events), await anext(events)]

        await events.aclose()
        assert heard == [
            {"event": "door", "open": True, "at_us": 1},
            {"event": "door", "open": False, "at_us": 3},
        ]
        assert kiosk.state == "IN_CALL"
        assert kiosk.daemon.status()["door_open"] is False


async def test_the_technicians_page_tells_door_and_faults() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("door", 60)
        rows = dict(await kiosk.daemon.inspect())
        assert rows[ports.Inspected.DOOR].wrong == "open"
        assert "7 buttons" in rows[ports.Inspected.FAULTS].found
        kiosk.world.wrong[Fault.CAMERA] = NO_CAMERA
        await kiosk.reach(State.OUT_OF_SERVICE)

        rows = dict(await kiosk.daemon.inspect())

        assert rows[ports.Inspected.FAULTS].wrong == "the lamp flashes 4 camera"


def told(kiosk: RunningKiosk, word: str) -> bool:
    return f"send_text <{word}> {word}" in kiosk.world.room.said


def lost_on_the_screen(kiosk: RunningKiosk, device: str) -> bool:
    return bool(getattr(kiosk.world.screens.facts, f"{device}_lost"))
