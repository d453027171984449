"""The branch television: on in IDLE only, silent about its losses, never a camera."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from kiosk.call import events as ev
from kiosk.call.states import State
from kiosk.daemon.growing_pause import GrowingPause
from kiosk.daemon.television import NAME, Television
from kiosk.errors import KioskError, RoomNotFound, StreamEnded
from kiosk.ports import (
    MediaFact,
    PeerResumed,
    PeerSilent,
    PeerStarted,
    PlayLost,
    PlayUrlUsedUp,
    ScreenName,
)
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import FakeMedia, FakePlayer, KioskWorld


def middle(low: float, high: float) -> float:
    return (low + high) / 2


class Station:
    """Where the stream is found, and what the television did."""

    def __init__(self) -> None:
        self.media = FakeMedia()
        self.asked = self.left = 0
        self.errors: list[KioskError] = []
        self.finds, self.leaves = asyncio.Event(), asyncio.Event()
        self.finds.set()
        self.leaves.set()
        self.pause = GrowingPause(0.001, 0.005, middle)
        self.television = Television(
            self._new_player, self._find, self._leave, self.pause
        )

    @property
    def player(self) -> FakePlayer:
        assert self.media.player is not None, "nothing is played"
        return self.media.player

    @property
    def plays(self) -> bool:
        return self.media.player is not None and NAME in self.media.player.playing

    def was_asked(self, times: int) -> bool:
        return self.asked == times

    def said_goodbye(self, times: int) -> bool:
        return self.left == times

    def tell(self, fact: MediaFact) -> None:
        self.player.on_fact(fact)

    def _new_player(self, on_fact: Callable[[MediaFact], None]) -> FakePlayer:
        return self.media.new_player(on_fact)

    async def _find(self) -> str:
        self.asked += 1
        await self.finds.wait()
        if self.errors:
            raise self.errors.pop(0)
        return f"rtmp://tv/live/branch?n={self.asked}"

    async def _leave(self) -> None:
        self.left += 1
        await self.leaves.wait()
        if self.errors:
            raise self.errors.pop(0)


@asynccontextmanager
async def watching(station: Station, ended: float = 8.0) -> AsyncIterator[RunningKiosk]:
    world = KioskWorld()
    world.television = station.television
    async with running_kiosk(world, ended=ended) as kiosk:
        await kiosk.reach(State.IDLE)
        await kiosk.until(lambda: station.plays, "television on")
        yield kiosk


def on_screen(kiosk: RunningKiosk) -> bool:
    screens = kiosk.world.screens
    return screens.shown[-1][0] is ScreenName.IDLE and screens.facts.television


async def test_idle_it_shows_the_stream_once_there_is_a_picture() -> None:
    station = Station()
    async with watching(station) as kiosk:
        assert not kiosk.world.screens.facts.television
        station.tell(PeerStarted(NAME))
        await kiosk.until(lambda: on_screen(kiosk), "picture")

        assert kiosk.daemon.status()["television"][0]["user_id"] == NAME
        assert not any(kiosk.daemon.status()["devices"].values())
        assert station.media.said == []  # no camera was opened, ever


async def test_a_call_turns_it_off_before_the_camera_opens_and_on_afterwards() -> None:
    station = Station()
    async with watching(station, ended=0.02) as kiosk:
        station.tell(PeerStarted(NAME))
        kiosk.daemon.press("call")
        await kiosk.until(lambda: kiosk.world.media.camera_open, "camera")

        assert station.media.said == ["player closed"]
        assert station.left == 1
        assert not kiosk.world.screens.facts.television
        await kiosk.reach(State.WAITING)
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)
        await kiosk.until(lambda: station.plays, "television back")


async def test_a_slow_search_keeps_no_call_from_the_camera_whenever_it_answers() -> (
    None
):
    station = Station()
    async with watching(station, ended=0.02) as kiosk:
        station.finds.clear()
        station.tell(PlayUrlUsedUp(NAME))
        await kiosk.until(lambda: station.asked == 2, "searching")
        for call in (1, 2):
            kiosk.daemon.press("call")
            await kiosk.until(lambda: kiosk.world.media.camera_open, "camera")
            kiosk.daemon.press("hangup")
            await kiosk.reach(State.IDLE)
            asked = 2 + call
            await kiosk.until(partial(station.was_asked, asked), "searching anew")
        station.finds.set()

        await kiosk.until(lambda: station.plays, "television back")


async def test_calls_begun_and_ended_in_one_breath_keep_nothing_waiting() -> None:
    station = Station()
    async with watching(station, ended=0.001) as kiosk:
        for calls in range(1, 6):
            station.finds.clear()
            station.tell(PlayUrlUsedUp(NAME))
            kiosk.daemon.press("call")
            kiosk.daemon.press("hangup")
            await kiosk.until(partial(station.said_goodbye, calls), "off")
            await kiosk.reach(State.IDLE)
            station.finds.set()
            await kiosk.until(lambda: station.plays, "television back")
        kiosk.daemon.press("call")

        await kiosk.until(lambda: kiosk.world.media.camera_open, "camera")


async def test_a_slow_goodbye_keeps_neither_the_next_call_nor_the_television() -> None:
    station = Station()
    async with watching(station, ended=0.02) as kiosk:
        station.leaves.clear()
        for _ in range(2):
            kiosk.daemon.press("call")
            await kiosk.until(lambda: kiosk.world.media.camera_open, "camera")
            kiosk.daemon.press("hangup")
            await kiosk.reach(State.IDLE)
        assert not station.plays
        station.leaves.set()

        await kiosk.until(lambda: station.plays, "television back")


async def test_a_room_slow_to_be_left_leaves_the_television_on_in_idle() -> None:
    station = Station()
    async with watching(station, ended=0.02) as kiosk:
        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)
        kiosk.world.room.answers.clear()
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)
        kiosk.daemon.post(ev.HoursEnded())
        await kiosk.reach(State.CLOSED)
        kiosk.daemon.post(ev.HoursBegan())
        await kiosk.reach(State.IDLE)
        await kiosk.until(lambda: station.plays, "television on")
        kiosk.world.room.answers.set()
        await kiosk.until(lambda: kiosk.daemon.last_call is not None, "left")
        await asyncio.sleep(0.02)

        assert station.plays


async def test_tries_without_a_picture_grow_rare_until_there_is_one() -> None:
    station = Station()
    station.errors = [RoomNotFound("get_room_list", 3, "no such live_room")] * 6
    async with watching(station):
        assert station.pause.next_s() == 0.005
        station.tell(PeerStarted(NAME))

        assert station.pause.next_s() == 0.001


async def test_sound_alone_is_no_picture() -> None:
    station = Station()
    async with watching(station) as kiosk:
        station.tell(PeerStarted(NAME, with_picture=False))
        station.tell(PeerResumed(NAME))
        await asyncio.sleep(0.01)

        assert not kiosk.world.screens.facts.television


async def test_a_lost_stream_leaves_the_idle_screen_until_it_is_back() -> None:
    station = Station()
    async with watching(station) as kiosk:
        station.tell(PeerStarted(NAME))
        station.tell(PlayLost(NAME, "M004 reset"))
        assert on_screen(kiosk)
        station.tell(PeerSilent(NAME))
        assert not on_screen(kiosk)
        station.tell(PeerResumed(NAME))

        assert on_screen(kiosk)
        assert kiosk.state == State.IDLE.name


async def test_a_used_up_url_is_asked_for_anew() -> None:
    station = Station()
    async with watching(station) as kiosk:
        station.tell(PlayUrlUsedUp(NAME))
        await kiosk.until(lambda: station.asked == 2, "asked again")
        await kiosk.until(
            lambda: station.player.playing[NAME][0].play_url.endswith("n=2"), "renewed"
        )


async def test_a_stream_that_is_not_there_is_looked_for_again() -> None:
    station = Station()
    station.errors = [
        RoomNotFound("get_room_list", 3, "no such live_room"),
        RoomNotFound("get_room_list", 3, "no such live_room"),
    ]
    async with watching(station):
        assert station.asked == 3


async def test_a_url_that_is_refused_and_a_lost_goodbye_harm_nothing() -> None:
    station = Station()
    station.media.play_errors = [StreamEnded("no such stream")]
    async with watching(station) as kiosk:
        station.errors = [RoomNotFound("delete_audience", 3, "gone")]
        kiosk.daemon.press("call")
        await kiosk.reach(State.WAITING)

        assert station.left == 1


async def test_closed_hours_turn_it_off() -> None:
    station = Station()
    async with watching(station) as kiosk:
        kiosk.world.open_hours = False
        await kiosk.reach(State.CLOSED)
        await kiosk.until(lambda: station.media.said == ["player closed"], "off")
