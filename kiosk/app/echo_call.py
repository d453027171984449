"""
A technician's test call: into the echo room with the configured devices.

It runs without the daemon, under a userID of its own, so a kiosk that is idle
need not be stopped.  The record, times in milliseconds::

    {"verdict": "good" or what is wrong, "reserved_ms", "published_ms",
     "entered_ms", "first_picture_ms": since the call began; the last without the
     echo's delay, "picture_delay_ms", "sound_delay_ms": camera to display and
     microphone to loudspeaker without the echo's delay, null where devices carry
     no clock, "echo_s", "pictures_sent", "pictures_received", "pictures_shown",
     "pictures_dropped", "concealed_ms", "sent_kbps", "received_kbps"}
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from kiosk import ports
from kiosk.app import devices
from kiosk.app.display import open_display
from kiosk.app.kiosk_process import make_media
from kiosk.app.room_service import make_room_service
from kiosk.codec.beep import CYCLE_US
from kiosk.config.schema import KioskConfig
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import KioskError, RoomError
from kiosk.ports import Clock, Media, PlayStats, PushStats, RoomService
from kiosk.room.login_requests import TEST_CALLER


ROOM: Final = "echo"
LATEST_MS: Final = 800.0
"""Picture and sound may be so old, the echo's delay apart."""
_ECHO_NAME = re.compile(r"Echo ([0-9.]{1,8}) s")
_ENTER_S = 15.0
_PICTURE_S = 10.0
_LEAST_SHARE = 0.8
_LONGEST_CONCEALED = 0.1


@dataclass(slots=True)
class EchoCall:
    """
    What was measured of one test call, as it goes.

    Attributes:
        steps_us: When each step was done, since the beginning.
        echo_s: The echo's own delay, as its name says.
        seconds: How long was looked and listened.

    """

    steps_us: dict[str, int] = field(default_factory=dict[str, int])
    echo_s: float = 0.0
    seconds: float = 0.0
    push: PushStats = field(default_factory=PushStats)
    play: PlayStats | None = None

    def record(self, problem: str = "") -> dict[str, Any]:
        """Return the record; with a problem that is its verdict."""
        play = self.play or PlayStats("")
        echo_ms = self.echo_s * 1000
        record: dict[str, Any] = {
            f"{step}_ms": None if at is None else round(at / 1000)
            for step, at in (
                (step, self.steps_us.get(step))
                for step in ("reserved", "published", "entered", "first_picture")
            )
        }
        if record["first_picture_ms"] is not None:
            record["first_picture_ms"] -= round(echo_ms)
        record |= {
            "picture_delay_ms": _without(echo_ms, play.video_latency_ms),
            "sound_delay_ms": _without_cycles(echo_ms, play.audio_latency_ms),
            "echo_s": self.echo_s,
            "pictures_sent": self.push.pictures_sent,
            "pictures_received": play.pictures_received,
            "pictures_shown": play.pictures_shown,
            "pictures_dropped": self.push.pictures_dropped + play.pictures_dropped,
            "concealed_ms": round(play.concealed_ms),
            "sent_kbps": _kbps(self.push.bytes_sent, self._sending_s),
            "received_kbps": _kbps(play.bytes_received, self.seconds),
        }
        # What was sent before the first picture came is not among the pictures
        # that could come back while we looked.
        share = self.seconds / self._sending_s if self._sending_s else 0.0
        back = self.push.pictures_sent * share
        verdict = problem or verdict_on(record, back, self.seconds)
        return {"verdict": verdict, **record}

    @property
    def _sending_s(self) -> float:
        since, until = (self.steps_us.get(s) for s in ("published", "first_picture"))
        if since is None or until is None:
            return 0.0
        return (until - since) / 1_000_000 + self.seconds


def verdict_on(record: dict[str, Any], back: float, seconds: float) -> str:
    """
    Return ``good``, or the first thing that is wrong, for the technician.

    Args:
        record: What was measured.
        back: How many pictures should have come back.
        seconds: In how long.

    """
    shown = record["pictures_shown"]
    picture, sound = record["picture_delay_ms"], record["sound_delay_ms"]
    if not shown:
        return "no picture came back"
    if shown < _LEAST_SHARE * back:
        return f"only {shown} of about {back:.0f} pictures came back"
    if record["concealed_ms"] > _LONGEST_CONCEALED * seconds * 1000:
        return f"{record['concealed_ms']} ms of the sound were lost"
    if picture is not None and picture > LATEST_MS:
        return f"the picture is {picture} ms late"
    if sound is not None and sound > LATEST_MS:
        return f"the sound is {sound} ms late"
    return "good"


def run_echo_call(config: KioskConfig, seconds: float) -> dict[str, Any]:
    """Call the echo room for so many seconds and return the record."""
    return asyncio.run(_call(as_test_caller(config), seconds))


def as_test_caller(config: KioskConfig) -> KioskConfig:
    """Return a configuration that calls the echo room beside a running kiosk."""
    room = config.room
    # A login under the kiosk's own name would void the kiosk's.
    name = f"{room.user_id}{TEST_CALLER}" if room.enrolment_key else None
    calling = {
        "type": "double_room",
        "target": (ROOM,),
        "create": False,
        "user_id": name,
    }
    return config.model_copy(update={"room": room.model_copy(update=calling)})


async def _call(config: KioskConfig, seconds: float) -> dict[str, Any]:
    clock = MonotonicClock()
    call = EchoCall()
    display = open_display(config, clock)
    try:
        media: Media = make_media(
            config,
            clock,
            display,
            make_camera=partial(devices.make_camera, config, clock),
            make_microphone=partial(devices.make_microphone, config, clock),
            make_speaker=partial(devices.make_speaker, config, clock),
            hears_itself=True,
        )
        media.preload()
        async with make_room_service(config, clock) as service:
            await EchoCaller(service, media, clock, call).talk(seconds)
    except KioskError as error:
        return call.record(f"{error.code} {error}")
    except TimeoutError:
        missing = "picture" if "entered" in call.steps_us else "answer"
        return call.record(f"no {missing} in time")
    finally:
        display.close()
    return call.record()


class EchoCaller:
    """
    Goes through one call and notes when each step was done.

    Args:
        service: Where the echo room is.
        media: Makes what publishes and what plays.
        clock: Times the steps.
        call: Where they are noted.

    """

    def __init__(
        self, service: RoomService, media: Media, clock: Clock, call: EchoCall
    ) -> None:
        self._service = service
        self._clock = clock
        self._call = call
        self._pusher = media.new_pusher(self._hear)
        self._player = media.new_player(self._hear)
        self._peer: asyncio.Future[ports.Peer] = asyncio.Future()
        self._news = asyncio.Event()
        self._is_seen = False
        self._wants_url = False
        self._over = ""

    async def talk(self, seconds: float) -> None:
        """Call, look and listen for so many seconds, and hang up."""
        await self._service.log_in()
        began = self._clock.now()
        try:
            async with asyncio.timeout(_ENTER_S):
                peer = await self._enter(self._step(began))
            async with asyncio.timeout(_PICTURE_S + self._call.echo_s):
                await self._play(peer)
                while not self._is_seen:
                    await self._keep_playing(peer)
            self._step(began)("first_picture")
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while True:
                        await self._keep_playing(peer)
            self._call.seconds = seconds
        finally:
            self._measure()
            await self._pusher.close()
            await self._player.close()
            with suppress(KioskError):
                await self._service.leave()
        if self._over:
            raise RoomError(self._over)

    async def _enter(self, done: Callable[[str], None]) -> ports.Peer:
        seat = await self._service.find_seat()
        if isinstance(seat, ports.NoSeat):
            busy = seat.reason == "full"
            raise RoomError(
                "the echo room serves somebody else; try again in a minute"
                if busy
                else "no echo room; set [echo] enabled = true on the room server"
            )
        done("reserved")
        await self._pusher.start(seat.push_url)
        done("published")
        await self._service.take_seat(seat, self._notice)
        done("entered")
        peer = await self._peer
        name = _ECHO_NAME.fullmatch(peer.name)
        self._call.echo_s = float(name[1]) if name else 0.0
        return peer

    async def _play(self, peer: ports.Peer) -> None:
        """Play under a URL of now: those of tickets open once, and for a minute."""
        with suppress(RoomError):  # what we have may do; else the player asks again
            url = await self._service.play_url(peer.user_id)
            peer = replace(peer, play_url=url)
        await self._player.play(peer)

    async def _keep_playing(self, peer: ports.Peer) -> None:
        """Wait for news, and play under a fresh URL if they are that one is due."""
        await self._news.wait()
        self._news.clear()
        if self._wants_url:
            self._wants_url = False
            await self._play(peer)

    def _step(self, began: int) -> Callable[[str], None]:
        def done(step: str) -> None:
            self._call.steps_us[step] = self._clock.now() - began

        return done

    def _notice(self, notice: ports.RoomNotice) -> None:
        match notice:
            case ports.PeerJoined(peer) | ports.PeerMoved(peer):
                if self._peer.done():
                    self._renew_url()
                else:
                    self._peer.set_result(peer)
            case ports.RoomClosed(reason):
                self._over = f"the echo room closed: {reason}"
            case _:
                return

    def _hear(self, fact: ports.MediaFact) -> None:
        match fact:
            case ports.PeerStarted():
                self._is_seen = True
                self._news.set()
            case ports.PlayUrlUsedUp():
                self._renew_url()
            case ports.PushLost(reason):
                self._over = f"our stream was lost: {reason}"
            case ports.CaptureLost(device, reason):
                self._over = f"{device}: {reason}"
            case _:
                return

    def _renew_url(self) -> None:
        self._wants_url = True
        self._news.set()

    def _measure(self) -> None:
        self._call.push = self._pusher.stats
        played = list(self._player.stats)
        self._call.play = played[0] if played else None


def _kbps(size_bytes: int, seconds: float) -> int:
    return round(size_bytes * 8 / 1000 / seconds) if seconds else 0


def _without(echo_ms: float, measured: ports.Distribution | None) -> int | None:
    return None if measured is None else round(measured.p50 - echo_ms)


def _without_cycles(echo_ms: float, measured: ports.Distribution | None) -> int | None:
    """Sound is stamped twice a second: whole cycles cannot be told apart."""
    if measured is None:
        return None
    return round((measured.p50 - echo_ms) % (CYCLE_US / 1000))
