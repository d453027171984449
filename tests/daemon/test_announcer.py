"""What is heard belongs to the screen that is seen, and is never over a voice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk.call.states import State
from kiosk.errors import DeviceError, StreamEnded
from kiosk.ports import NoSeat, PeerLeft, PeerResumed, PeerSilent, PushLost, ScreenName
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import KioskWorld
from tests.fakes.paper_room import AGENT


class Voice:
    """Notes what it says, until it is let go on or cancelled; it says one at a time."""

    def __init__(self, *, lasts_s: float = 0.0, fails: bool = False) -> None:
        self.said: list[tuple[ScreenName, str]] = []
        self.whole: list[ScreenName] = []
        self.speaks = False
        self.holds = asyncio.Event()
        self._lasts_s = lasts_s
        self._fails = fails

    async def __call__(self, screen: ScreenName, language: str) -> None:
        if self._fails:
            raise DeviceError("speaker", "hw:0", "busy")
        with self._speaking():
            self.said.append((screen, language))
            await asyncio.sleep(self._lasts_s)
            self.whole.append(screen)

    async def sound(self, screen: ScreenName, language: str) -> bytes:
        return f"{screen.value} {language}".encode()

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        assert not self.speaks, "two at a time"
        self.speaks = True
        try:
            yield
        finally:
            self.speaks = False

    @property
    def screens(self) -> list[ScreenName]:
        return [screen for screen, _ in self.said]


async def test_each_screen_of_a_call_that_nobody_answers_is_said_once() -> None:
    voice = Voice()
    async with running_kiosk(announce=voice, answer=0.05) as kiosk:
        await kiosk.wait_in_room()
        await kiosk.until(lambda: ScreenName.NO_ANSWER in voice.whole, "said")

    assert voice.screens == [
        ScreenName.CONNECTING,
        ScreenName.WAITING,
        ScreenName.NO_ANSWER,
    ]


async def test_what_is_begun_of_connecting_is_said_to_its_end_before_waiting() -> None:
    voice = Voice(lasts_s=0.05)
    async with running_kiosk(announce=voice) as kiosk:
        await kiosk.wait_in_room()
        await kiosk.until(lambda: ScreenName.WAITING in voice.whole, "waiting")

    assert voice.whole == [ScreenName.CONNECTING, ScreenName.WAITING]


async def test_the_speaker_is_free_before_a_peer_is_played() -> None:
    voice = Voice(lasts_s=30.0)
    async with running_kiosk(announce=voice) as kiosk:
        await kiosk.talk()

        assert not voice.speaks
        assert ScreenName.IN_CALL not in voice.screens
        assert voice.whole == []


async def test_hanging_up_ends_what_is_being_said() -> None:
    voice = Voice(lasts_s=30.0)
    async with running_kiosk(announce=voice) as kiosk:
        await kiosk.wait_in_room()
        await kiosk.until(lambda: voice.speaks, "speaking")
        kiosk.daemon.press("hangup")
        await kiosk.reach(State.IDLE)

        await kiosk.until(lambda: not voice.speaks, "silent")


async def test_the_end_is_said_once_the_player_gave_the_speaker_back() -> None:
    voice = Voice()
    async with running_kiosk(announce=voice) as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))
        await kiosk.until(lambda: ScreenName.ENDED in voice.whole, "the end")

        assert kiosk.world.media.said.index("player closed") >= 0


async def test_a_kiosk_that_ends_does_not_wait_for_what_is_being_said() -> None:
    voice = Voice(lasts_s=30.0)
    async with asyncio.timeout(10), running_kiosk(announce=voice) as kiosk:
        await kiosk.talk()
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))
        await kiosk.until(lambda: ScreenName.ENDED in voice.screens, "the end")

    assert not voice.speaks
    assert voice.whole == []


async def test_the_chosen_language_is_spoken() -> None:
    voice = Voice()
    async with running_kiosk(announce=voice, languages=("en", "zh_TW")) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call", 0.06)
        await kiosk.until(
            lambda: kiosk.world.screens.facts.language == "zh_TW", "zh_TW"
        )
        await asyncio.sleep(0.05)
        await kiosk.wait_in_room()
        await kiosk.until(lambda: ScreenName.WAITING in voice.screens, "waiting")

    assert set(voice.said) == {
        (ScreenName.CONNECTING, "zh_TW"),
        (ScreenName.WAITING, "zh_TW"),
    }


async def test_a_speaker_that_fails_costs_a_line_in_the_log_and_no_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_kiosk(announce=Voice(fails=True)) as kiosk:
        await kiosk.talk()

    assert "announcement not heard" in caplog.text


async def test_a_chime_is_heard_even_while_the_queue_is_announced() -> None:
    voice, world = Voice(lasts_s=30.0), KioskWorld()
    world.room.seats = [NoSeat("full", 2), *[NoSeat("full", 1)] * 20]
    async with running_kiosk(world, announce=voice, chime=0.01) as kiosk:
        await kiosk.reach(State.IDLE)
        kiosk.daemon.press("call")
        await kiosk.until(lambda: ScreenName.QUEUED in voice.screens, "speaking")
        world.room.seats.clear()
        await kiosk.reach(State.WAITING)

        assert world.chimes == 1


def announced(kiosk: RunningKiosk) -> list[bytes]:
    player = kiosk.world.media.player
    assert player is not None
    return player.announced


async def test_who_went_away_is_announced_by_the_player_that_has_the_speaker() -> None:
    voice = Voice()
    async with running_kiosk(announce=voice) as kiosk:
        await kiosk.talk()
        before = list(voice.screens)
        kiosk.world.media.report(PeerSilent(AGENT.user_id))
        await kiosk.until(lambda: b"peer_away " in announced(kiosk), "announced")
        kiosk.world.media.report(PeerResumed(AGENT.user_id))
        await kiosk.reach(State.IN_CALL)
        await kiosk.until(lambda: announced(kiosk)[-1] == b"", "silent")

        assert voice.screens == before  # the speaker itself was left alone


async def test_a_stream_that_is_lost_is_announced_by_the_player() -> None:
    async with running_kiosk(announce=Voice()) as kiosk:
        await kiosk.talk()
        kiosk.world.media.push_errors = [StreamEnded("rtmp://h/live/k", "reset")] * 99
        kiosk.world.media.report(PushLost("reset"))
        await kiosk.until(lambda: b"reconnecting " in announced(kiosk), "announced")


async def test_before_anybody_is_played_a_lost_stream_is_announced_on_the_speaker() -> (
    None
):
    voice = Voice()
    async with running_kiosk(announce=voice) as kiosk:
        await kiosk.wait_in_room()
        kiosk.world.media.push_errors = [StreamEnded("rtmp://h/live/k", "reset")] * 99
        kiosk.world.media.report(PushLost("reset"))
        await kiosk.until(lambda: ScreenName.RECONNECTING in voice.whole, "said")

        assert kiosk.world.media.player is None
