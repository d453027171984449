"""A kiosk that was killed in a call is back in that call, or says why not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from typing_extensions import override

from kiosk.call.events import ServiceLost
from kiosk.call.states import Role, State
from kiosk.daemon.resumption import MOST_RETURNS
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import RoomFull
from kiosk.ports import Micros, PeerJoined, PeerStarted, ScreenName
from kiosk.ports.held_call import HeldCall
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.call_memory import FakeMemory
from tests.fakes.kiosk_world import UNREACHABLE, KioskWorld
from tests.fakes.paper_room import AGENT


def died(*, ago_s: float = 2.0, muted: bool = False, returns: int = 0) -> KioskWorld:
    """Return the world that a kiosk leaves that died in a call."""
    world = KioskWorld()
    at = Micros(MonotonicClock().now() - round(ago_s * 1_000_000))
    world.memory.held = HeldCall("room-9", "kiosk-7", muted, returns, at)
    return world


class _Watched(FakeMemory):
    """Does something when a call is noted for the first time."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self._then: Callable[[], None] | None = then

    @override
    def keep(self, call: HeldCall) -> None:
        super().keep(call)
        then, self._then = self._then, None
        if then is not None:
            then()


def meanwhile(world: KioskWorld, then: Callable[[], None]) -> None:
    """Have something happen just when the call is about to be gone on with."""
    held, world.memory = world.memory.held, _Watched(then)
    world.memory.held = held


async def test_the_successor_of_a_killed_kiosk_is_back_in_its_room() -> None:
    world = died()
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.RECONNECTING)
        await kiosk.reach(State.WAITING)
        world.room.tell(PeerJoined(AGENT))
        await kiosk.until(lambda: world.media.player is not None, "playing")
        world.media.report(PeerStarted(AGENT.user_id))
        await kiosk.reach(State.IN_CALL)

        assert "seat_in room-9" in world.room.said
        assert "find_seat" not in world.room.said
        assert not world.screens.saw(ScreenName.IDLE)


async def test_a_customer_who_was_muted_stays_muted() -> None:
    world = died(muted=True)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.WAITING)

        assert world.media.pusher is not None
        assert world.media.pusher.muted


async def test_a_kiosk_that_asks_for_consent_does_not_ask_twice() -> None:
    async with running_kiosk(died(), asks_consent=True) as kiosk:
        await kiosk.reach(State.WAITING)

        assert not kiosk.world.screens.saw(ScreenName.CONSENT)


async def test_the_call_is_gone_on_with_after_hours_and_without_a_display() -> None:
    world = died()
    world.open_hours = False
    world.unplug()
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.WAITING)


async def test_the_call_is_gone_on_with_once_the_service_answers() -> None:
    world = died()
    world.room.fail("log_in", UNREACHABLE, UNREACHABLE)
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.OUT_OF_SERVICE)

        await kiosk.reach(State.WAITING)


async def test_who_hangs_up_before_the_kiosk_is_back_has_hung_up() -> None:
    world = died()
    world.room.fail("log_in", UNREACHABLE, UNREACHABLE)
    async with running_kiosk(world) as kiosk:
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)

        assert world.memory.held is None
        assert "seat_in room-9" not in world.room.said
        assert "leave_seat room-9" in world.room.said
        assert "camera open" not in world.media.said


async def test_who_switches_off_on_the_way_back_stays_muted_over_another_crash() -> (
    None
):
    world = died()
    meanwhile(world, world.room.answers.clear)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.RESERVING)
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: _muted(kiosk), "noted as muted")
        held = world.memory.held
        world.room.answers.set()
        await kiosk.reach(State.WAITING)

        assert held is not None
        assert (held.room_id, held.returns) == ("room-9", 1)
        assert world.media.pusher is not None
        assert world.media.pusher.muted


async def test_a_call_that_could_not_be_gone_on_with_is_no_part_of_the_next() -> None:
    world = died(muted=True)
    world.room.fail("seat_in room-9", RoomFull("get_pushers", 5001, "room full"))
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.ENDED)
        world.room.answers.clear()
        kiosk.daemon.press("call")
        await kiosk.reach(State.RESERVING)

        assert world.memory.held is None
        world.room.answers.set()


async def test_a_return_is_counted_whatever_comes_before_it_is_begun() -> None:
    world = died(returns=1)
    late: list[RunningKiosk] = []
    lost = ServiceLost("R010 away for a moment")
    meanwhile(world, lambda: late[0].daemon.post(lost))
    async with running_kiosk(world) as kiosk:
        late.append(kiosk)
        await kiosk.reach(State.WAITING)

        assert world.memory.held is not None
        assert world.memory.held.returns == 2


@pytest.mark.parametrize(
    "how",
    [{"ago_s": 31.0}, {"ago_s": -30.0}, {"returns": MOST_RETURNS}],
    ids=["too late", "of another start of the machine", "too often"],
)
async def test_a_camera_does_not_open_for_somebody_who_has_left(
    how: dict[str, Any],
) -> None:
    world = died(**how)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)

        assert world.room.said.count("leave_seat room-9") == 1  # nobody waits for us
        assert world.memory.held is None
        assert "camera open" not in world.media.said


async def test_an_old_seat_that_cannot_be_left_keeps_no_kiosk_from_work() -> None:
    world = died(ago_s=31.0)
    world.room.fail("leave_seat room-9", UNREACHABLE)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.IDLE)


async def test_a_room_that_took_somebody_else_is_told_and_not_queued_for() -> None:
    world = died()
    full = RoomFull("get_pushers", 5001, "room full")
    world.room.fail("seat_in room-9", full)
    async with running_kiosk(world) as kiosk:
        await kiosk.until_screen(ScreenName.ENDED)

        assert "wait_turn" not in world.room.said
        assert "camera open" not in world.media.said


async def test_what_a_successor_must_know_is_noted_and_gone_with_the_call() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        held = kiosk.world.memory.held
        kiosk.daemon.press("mute")
        await kiosk.until(lambda: _muted(kiosk), "noted as muted")
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)

        assert held is not None
        assert (held.room_id, held.user_id) == ("room-1", "kiosk-7")
        assert not held.muted
        assert kiosk.world.memory.held is None


def _muted(kiosk: RunningKiosk) -> bool:
    held = kiosk.world.memory.held
    return held is not None and held.muted


async def test_a_return_is_counted_until_the_call_is_over() -> None:
    world = died(returns=1)
    async with running_kiosk(world) as kiosk:
        await kiosk.reach(State.WAITING)
        await kiosk.until(lambda: world.memory.held is not None, "noted")

        assert world.memory.held is not None
        assert world.memory.held.returns == 2


async def test_a_kiosk_that_stops_leaves_no_call_behind() -> None:
    world = KioskWorld()
    async with running_kiosk(world) as kiosk:
        await kiosk.talk()

    assert world.memory.held is None


async def test_nobody_goes_on_air_again_by_himself() -> None:
    world = KioskWorld()
    async with running_kiosk(world, broadcasts=True) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.reach(State.BROADCASTING)
        await asyncio.sleep(0.01)

        assert world.memory.held is None


async def test_an_agents_kiosk_returns_to_the_room_it_was_in() -> None:
    async with running_kiosk(died(), role=Role.AGENT) as kiosk:
        await kiosk.reach(State.WAITING)

        assert kiosk.world.room.said.count("seat_in room-9") == 1
        assert "find_seat" not in kiosk.world.room.said
