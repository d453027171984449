"""The daemon outside a call: service, hours, buttons, control, supervisor."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from kiosk import ports
from kiosk.call.states import State
from kiosk.daemon.stall import PERIOD_S, StallMeter
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import RoomRefused
from kiosk.ports import Button, ButtonEdge, Indicator, Micros, ScreenName
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.kiosk_world import UNREACHABLE, KioskWorld
from tests.fakes.paper_room import AGENT
from tests.fakes.steady_clock import SteadyClock


async def test_a_kiosk_without_its_service_says_so_and_returns_by_itself() -> None:
    world = KioskWorld()
    world.room.fail("log_in", UNREACHABLE, UNREACHABLE)
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        assert "R007" in world.screens.last(ScreenName.OUT_OF_SERVICE).reason

        await kiosk.reach(State.IDLE)


async def test_the_fault_lamp_is_lit_while_the_service_is_away() -> None:
    world = KioskWorld()
    world.room.fail("log_in", *[UNREACHABLE] * 1_000)
    async with running_kiosk(world) as kiosk:
        await kiosk.until(lambda: Indicator.FAULT in world.indicators.lit, "lit")

        assert kiosk.state == "OUT_OF_SERVICE"


async def test_a_service_lost_while_idle_is_noticed_and_found_again() -> None:
    world = KioskWorld()
    async with running_kiosk(world, check_s=0.01) as kiosk:
        await kiosk.reach(State.IDLE)
        world.room.fail("check", UNREACHABLE)
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)

        await kiosk.reach(State.IDLE)


async def test_a_service_lost_while_idle_stays_lost_until_it_answers_again() -> None:
    world = KioskWorld()
    async with running_kiosk(world, check_s=0.01) as kiosk:
        await kiosk.reach(State.IDLE)
        world.screens.shown.clear()
        world.room.fail("check", *[UNREACHABLE] * 4)
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        await kiosk.reach(State.IDLE)

    seen = [name for name, _ in world.screens.shown]
    assert seen.index(ScreenName.IDLE) == 4
    assert set(seen[:4]) == {ScreenName.OUT_OF_SERVICE}


async def test_a_service_that_stumbles_is_not_told_of_while_idle() -> None:
    world = KioskWorld()
    async with running_kiosk(world, check_s=0.01, borne_s=30.0) as kiosk:
        await kiosk.reach(State.IDLE)
        world.screens.shown.clear()
        world.room.said.clear()
        world.room.fail("check", UNREACHABLE)
        await kiosk.until(lambda: world.room.said.count("check") > 2, "asked again")

        assert not world.screens.saw(ScreenName.OUT_OF_SERVICE)


async def test_each_look_of_an_idle_kiosk_is_at_a_time_of_its_own() -> None:
    world, spread = KioskWorld(), list[float]()

    def scatter() -> float:
        spread.append(0.5)
        return spread[-1]

    async with running_kiosk(world, check_s=0.01, scatter=scatter) as kiosk:
        await kiosk.reach(State.IDLE)
        spread.clear()
        looked = world.room.said.count("check")
        await kiosk.until(
            lambda: world.room.said.count("check") >= looked + 4, "looked"
        )

        assert len(spread) >= 3


async def test_a_service_that_refuses_is_told_of_at_once() -> None:
    world = KioskWorld()
    async with running_kiosk(world, check_s=0.01, borne_s=30.0) as kiosk:
        await kiosk.reach(State.IDLE)
        world.room.fail("check", RoomRefused("get_room_list", 7, "no"))

        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)


async def test_a_call_that_begins_while_a_service_stumbles_goes_on_by_itself() -> None:
    world = KioskWorld()
    async with running_kiosk(world, check_s=0.01, borne_s=30.0) as kiosk:
        await kiosk.reach(State.IDLE)
        world.room.fail("check", *[UNREACHABLE] * 3)
        await kiosk.until(lambda: len(world.room.errors["check"]) < 3, "asked")
        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)
        asked = world.room.said.count("check")
        await asyncio.sleep(1.0)

        assert world.room.said.count("check") <= asked + 1
        assert kiosk.state == "WAITING"


async def test_the_status_says_since_when_it_is_ready_and_when_it_was_served() -> None:
    world = KioskWorld()
    world.room.answers.clear()
    async with running_kiosk(world, check_s=0.01) as kiosk:
        await kiosk.until(
            lambda: kiosk.daemon.status()["health"]["ready_us"] is not None, "ready"
        )
        before = kiosk.daemon.status()["health"]
        world.room.answers.set()
        await kiosk.reach(State.IDLE)
        first = kiosk.daemon.status()["health"]
        await kiosk.until(
            lambda: kiosk.daemon.status()["health"]["served_us"] > first["served_us"],
            "served again",
        )

    assert before["served_us"] is None
    assert before["ready_us"] < first["served_us"] <= first["now_us"]


async def test_a_service_that_says_nothing_is_told_before_its_deadline() -> None:
    world = KioskWorld()
    world.room.answers.clear()
    async with running_kiosk(world, silent_s=0.05) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)
        reason = world.screens.last(ScreenName.OUT_OF_SERVICE).reason
        world.room.answers.set()

        await kiosk.reach(State.IDLE)

    assert reason == "R007 the room service has not answered yet"


async def test_a_service_that_answers_in_time_was_never_lost() -> None:
    world = KioskWorld()
    async with running_kiosk(world, silent_s=0.5) as kiosk:
        await kiosk.reach(State.IDLE)
        await asyncio.sleep(0.6)

        assert not world.screens.saw(ScreenName.OUT_OF_SERVICE)


async def test_a_call_is_not_disturbed_by_checks_of_the_service() -> None:
    world = KioskWorld()
    async with running_kiosk(world, check_s=0.005) as kiosk:
        await kiosk.talk()
        world.room.fail("check", UNREACHABLE)
        await asyncio.sleep(0.05)

        assert kiosk.state == "IN_CALL"


async def test_the_branch_is_closed_outside_its_hours() -> None:
    world = KioskWorld(open_hours=False)
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.CLOSED)
        world.open_hours = True

        await kiosk.reach(State.IDLE)


async def test_a_kiosk_that_is_not_set_up_stays_up_and_calls_nobody() -> None:
    async with running_kiosk(start=State.UNCONFIGURED) as kiosk:
        kiosk.daemon.press("call")
        await kiosk.until(lambda: kiosk.world.init.told == ["ready"], "ready")

        assert kiosk.state == "UNCONFIGURED"
        assert kiosk.world.room.said == []


async def test_a_kiosk_that_is_not_set_up_says_what_is_wrong_whatever_is_pressed() -> (
    None
):
    async with running_kiosk(
        start=State.UNCONFIGURED, problem="C001 kiosk.toml:3: no server"
    ) as kiosk:
        kiosk.daemon.press("call")
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: kiosk.world.init.told == ["ready"], "ready")

        assert kiosk.daemon.status()["screen"] == "unconfigured"
        assert kiosk.daemon.status()["reason"] == "C001 kiosk.toml:3: no server"
        assert kiosk.world.screens.facts.reason == "C001 kiosk.toml:3: no server"


async def test_a_real_button_presses_the_same_event() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        on_edge = kiosk.world.buttons.on_edge
        assert on_edge is not None
        edge = ButtonEdge(Button.CALL, is_down=True, at=Micros(1))
        await asyncio.to_thread(on_edge, edge)

        await kiosk.reach(State.WAITING)


async def test_the_supervisor_is_told_and_fed_only_while_threads_move() -> None:
    world = KioskWorld(moving=False)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)
        assert world.init.told[0] == "ready"
        assert world.init.pings == 0

    assert "stopping" in world.init.told


async def test_stopping_in_a_call_closes_the_camera_and_leaves_the_room() -> None:
    world = KioskWorld()
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()

    assert not world.media.camera_open
    assert "leave" in world.room.said
    assert world.indicators.lit == set()


async def test_the_status_names_state_peers_and_devices() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()

        status = kiosk.daemon.status()

    assert status["state"] == "IN_CALL"
    assert status["screen"] == "in_call"
    assert status["user_id"] == "kiosk-7"
    assert status["peers"] == [
        {
            "user_id": AGENT.user_id,
            "name": AGENT.name,
            "received": "picture",
            "loudest": False,
        }
    ]
    assert status["devices"]["camera_open"]
    assert status["timings"]["first_picture_us"] >= status["timings"]["entered_us"] > 0
    assert status["rss_mb"] > 0
    assert status["threads_cpu_s"]["MainThread"] > 0
    assert status["fds"] > 0


async def test_no_url_of_a_stream_is_in_the_status() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()

        assert "rtmp" not in repr(kiosk.daemon.status())


async def test_text_is_sent_to_a_peer_and_read_on_the_screen() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        await kiosk.daemon.send_text("hello")
        kiosk.world.room.tell(ports.TextReceived(AGENT.user_id, AGENT.name, "hi"))
        await kiosk.until(lambda: kiosk.world.screens.facts.text == "hi", "read")

        assert "send_text hello" in kiosk.world.room.said


async def test_text_to_nobody_is_refused() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.wait_in_room()

        with pytest.raises(RoomRefused, match="nobody"):
            await kiosk.daemon.send_text("hello")


async def test_after_a_call_nobody_is_there_to_read_a_text() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)

        assert kiosk.daemon.status()["peers"] == []
        assert kiosk.daemon.status()["room_id"] == ""
        with pytest.raises(RoomRefused, match="nobody"):
            await kiosk.daemon.send_text("hello")


async def test_a_screenshot_is_written(tmp_path: Path) -> None:
    async with running_kiosk() as kiosk:
        await kiosk.daemon.save_screenshot(str(tmp_path / "a.png"))

    assert (tmp_path / "a.png").read_bytes() == b"PNG"


async def test_subscribers_hear_of_states_and_the_newest_win() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        events = kiosk.daemon.subscribe()
        first = asyncio.get_running_loop().create_future()

        async def hear() -> None:
            async for event in events:
                if not first.done():
                    first.set_result(event)
                    await asyncio.sleep(0.05)
                elif event["event"] == "call_ended":
                    return

        async with asyncio.TaskGroup() as group:
            group.create_task(hear())
            await asyncio.sleep(0)
            await kiosk.talk()
            for _ in range(150):
                kiosk.world.room.tell(ports.TextReceived("a", "A", "spam"))
            kiosk.daemon.press("hangup")

        assert first.result()["event"] == "state"


def test_the_stall_meter_keeps_percentiles_and_the_worst() -> None:
    meter = StallMeter(SteadyClock())
    assert meter.percentile_ms(0.5) == 0.0
    for _ in range(999):
        meter.record(0.4)
    meter.record(120.0)

    assert meter.snapshot() == {"n": 1000, "p999": 1.0, "max": 120.0}
    meter.reset()
    assert meter.snapshot()["n"] == 0
    assert meter.turns == 1000


async def test_the_stall_meter_sees_a_loop_that_stands_still_and_ends_with_its_task() -> (
    None
):
    meter = StallMeter(MonotonicClock())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(meter.run())
        await asyncio.sleep(0)
        time.sleep(3 * PERIOD_S)  # noqa: ASYNC251 -- that is what it is there to see
        await asyncio.sleep(3 * PERIOD_S)
        running.cancel()
    turns = meter.turns
    await asyncio.sleep(3 * PERIOD_S)

    assert meter.snapshot()["max"] >= PERIOD_S * 1_000
    assert meter.turns == turns


async def test_whoever_presses_while_a_kiosk_stops_begins_no_call() -> None:
    world = KioskWorld()
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()
        world.room.answers.clear()  # giving the seat back takes its time
        kiosk.daemon.stop()
        await kiosk.until(lambda: "leave" in world.room.said, "leaving")

        kiosk.daemon.press("call")
        world.room.answers.set()

    assert world.room.said.count("find_seat") == 1
    assert not world.media.camera_open


async def test_a_kiosk_stops_in_time_although_the_room_server_says_nothing() -> None:
    world = KioskWorld()
    loop = asyncio.get_running_loop()
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()
        world.room.answers.clear()  # for good
        stopped_at = loop.time()

    assert loop.time() - stopped_at < 4.5
    assert not world.media.camera_open
    assert [record.ended_by for record in world.archive.records] == ["kiosk_stopped"]
