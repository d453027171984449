"""
A whole outside world for the daemon: every port, scripted and recorded.

Each fake models the thing behind the port (a room with seats, a pusher that
holds a camera), not the calls made to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from kiosk import ports
from kiosk.daemon.devices_open import DevicesOpen
from kiosk.daemon.television import Television
from kiosk.errors import DeviceError, KioskError, NotAMember, RoomError, RoomUnreachable
from kiosk.ports import (
    Button,
    Frame,
    Indicator,
    Layer,
    Micros,
    NoSeat,
    Peer,
    Probe,
    Rect,
    ScreenFacts,
    ScreenName,
    Seat,
)
from kiosk.ports.call_record import CallRecord


AGENT = Peer("agent-1", "Agent Wang", "rtmp://127.0.0.1/live/agent?txSecret=x")


class FakeRoom:
    """A room service with one room; errors are queued per verb."""

    def __init__(self) -> None:
        self.errors: dict[str, list[RoomError]] = {}
        self.seats: list[Seat | NoSeat] = []
        self.said: list[str] = []
        self.joined = False
        self.user_id = ""
        self.answers = asyncio.Event()
        self.answers.set()
        self.on_notice: Callable[[ports.RoomNotice], None] | None = None
        self.early: list[ports.RoomNotice] = []
        self.urls = 0
        self.stills: dict[str, bytes] = {}

    def fail(self, verb: str, *errors: RoomError) -> None:
        self.errors.setdefault(verb, []).extend(errors)

    async def _step(self, verb: str) -> None:
        self.said.append(verb)
        await asyncio.sleep(0)
        await self.answers.wait()
        if self.errors.get(verb):
            raise self.errors[verb].pop(0)

    async def log_in(self) -> str:
        if not self.user_id:
            await self._step("log_in")
            self.user_id = "kiosk-7"
        return self.user_id

    async def find_seat(self) -> Seat | NoSeat:
        await self._step("find_seat")
        if self.seats:
            return self.seats.pop(0)
        return Seat("room-1", "service", create=False, push_url="rtmp://h/live/k")

    async def wait_turn(self) -> NoSeat | None:
        await self._step("wait_turn")
        place = self.seats.pop(0) if self.seats else None
        return place if isinstance(place, NoSeat) else None

    async def take_seat(
        self, seat: Seat, on_notice: Callable[[ports.RoomNotice], None]
    ) -> str:
        for notice in self.early:
            on_notice(notice)
        await self._step("take_seat")
        self.joined = True
        self.on_notice = on_notice
        return seat.room_id

    async def new_push_url(self) -> str:
        await self._step("new_push_url")
        self.urls += 1
        return f"rtmp://h/live/k{self.urls}"

    async def play_url(self, user_id: str) -> str:
        await self._step("play_url")
        return f"rtmp://relay/live/{user_id}?v=2&n={self.said.count('play_url')}"

    async def move_stream(self, push_url: str) -> None:
        await self._step(f"move_stream {push_url}")

    async def send_text(self, text: str, cmd: str = "") -> None:
        await self._step(f"send_text {text} {cmd}".rstrip())

    async def send_still(self, jpeg: bytes) -> None:
        await self._step(f"send_still {len(jpeg)}")
        self.stills["kiosk-7"] = jpeg

    async def still_of(self, user_id: str) -> bytes:
        await self._step(f"still_of {user_id}")
        return self.stills[user_id]

    async def leave(self) -> None:
        self.joined = False
        await self._step("leave")

    async def check(self) -> None:
        await self.log_in()
        await self._step("check")

    async def close(self) -> None:
        await self._step("close")

    def tell(self, notice: ports.RoomNotice) -> None:
        assert self.on_notice is not None, "nobody is in the room"
        self.on_notice(notice)


class FakePusher:
    """A camera and a stream: open between start and close."""

    def __init__(self, media: FakeMedia, on_fact: Callable[..., None]) -> None:
        self._media = media
        self.on_fact = on_fact
        self.muted = False
        self.urls: list[str] = []

    async def start(self, push_url: str) -> None:
        self._media.said.append("camera open")
        self._media.camera_open = True
        await asyncio.sleep(0)
        if self._media.push_errors:
            raise self._media.push_errors.pop(0)
        self.urls.append(push_url)

    async def republish(self, push_url: str) -> None:
        await asyncio.sleep(0)
        if self._media.push_errors:
            raise self._media.push_errors.pop(0)
        self.urls.append(push_url)

    def set_muted(self, *, muted: bool) -> None:
        self.muted = muted

    async def take_still(self, max_bytes: int) -> bytes:
        assert self._media.camera_open, "a still of a closed camera"
        self._media.said.append("still")
        await asyncio.sleep(0)
        if self._media.still_errors:
            raise self._media.still_errors.pop(0)
        return b"\xff\xd8\xff still"

    @property
    def stats(self) -> ports.PushStats:
        return replace(self._media.push_stats, muted=self.muted)

    async def close(self) -> None:
        await asyncio.sleep(self._media.close_s)
        self._media.said.append("camera closed")
        self._media.camera_open = False


class FakePlayer:
    """Plays peers; the test decides when a picture comes."""

    def __init__(self, media: FakeMedia, on_fact: Callable[..., None]) -> None:
        self._media = media
        self.on_fact = on_fact
        self.playing: dict[str, tuple[Peer, Layer]] = {}

    async def play(self, peer: Peer, layer: Layer = Layer.BASE) -> None:
        await asyncio.sleep(0)
        if self._media.play_errors:
            raise self._media.play_errors.pop(0)
        self.playing[peer.user_id] = (peer, layer)

    async def stop(self, user_id: str) -> None:
        await asyncio.sleep(0)
        self.playing.pop(user_id, None)

    @property
    def stats(self) -> Sequence[ports.PlayStats]:
        return [ports.PlayStats(user_id) for user_id in self.playing]

    async def close(self) -> None:
        self.playing.clear()
        self._media.said.append("player closed")


class FakeMedia:
    """Makes the two and remembers the newest."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.camera_open = False
        self.push_stats = ports.PushStats()
        self.close_s = 0.0
        self.push_errors: list[KioskError] = []
        self.play_errors: list[KioskError] = []
        self.still_errors: list[KioskError] = []
        self.pusher: FakePusher | None = None
        self.player: FakePlayer | None = None

    def new_pusher(self, on_fact: Callable[[ports.MediaFact], None]) -> FakePusher:
        self.pusher = FakePusher(self, on_fact)
        return self.pusher

    def new_player(self, on_fact: Callable[[ports.MediaFact], None]) -> FakePlayer:
        self.player = FakePlayer(self, on_fact)
        return self.player

    def preload(self) -> None:
        self.said.append("preloaded")

    def report(self, fact: ports.MediaFact) -> None:
        assert self.pusher is not None, "no call"
        self.pusher.on_fact(fact)


class FakeArchive:
    """Keeps every record."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []

    def keep(self, record: CallRecord) -> None:
        self.records.append(record)

    def newest(self) -> Sequence[Mapping[str, Any]]:
        return [asdict(record) for record in reversed(self.records)]


class FakeScreens:
    """Remembers what the customer saw."""

    def __init__(self) -> None:
        self.shown: list[tuple[ScreenName, ScreenFacts]] = []
        self.ticks = 0

    def show(self, name: ScreenName, facts: ScreenFacts) -> None:
        self.shown.append((name, facts))

    def tick(self) -> None:
        self.ticks += 1

    def saw(self, name: ScreenName) -> bool:
        return any(name is shown for shown, _ in self.shown)

    def last(self, name: ScreenName) -> ScreenFacts:
        """Return the facts that screen showed last."""
        return [facts for shown, facts in self.shown if shown is name][-1]

    @property
    def facts(self) -> ScreenFacts:
        return self.shown[-1][1]


class FakeDisplay:
    """A display that only writes a marker for a screenshot."""

    size = (1280, 720)

    def probe(self) -> Probe:
        return Probe("fake display")

    def open(self) -> None:
        """Nothing to take."""

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros:
        return Micros(0)

    def hide(self, layer: Layer) -> None:
        """Nothing is on."""

    def save_png(self, path: str) -> None:
        with open(path, "wb") as file:  # noqa: PTH123 -- a str comes in
            file.write(b"PNG")

    def close(self) -> None:
        """Nothing to give back."""


class FakeButtons:
    """Buttons that the test presses."""

    def __init__(self) -> None:
        self.on_press: Callable[[Button, Micros], None] | None = None

    def probe(self) -> Probe:
        return Probe("fake buttons")

    def start(self, on_press: Callable[[Button, Micros], None]) -> None:
        self.on_press = on_press

    def close(self) -> None:
        self.on_press = None


class FakeIndicators:
    """Lamps."""

    def __init__(self) -> None:
        self.lit: set[Indicator] = set()

    def probe(self) -> Probe:
        return Probe("fake lamps")

    def set(self, indicator: Indicator, *, lit: bool) -> None:
        (self.lit.add if lit else self.lit.discard)(indicator)

    def close(self) -> None:
        self.lit.clear()


class FakeInit:
    """A supervisor that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.pings = 0

    def ready(self) -> None:
        self.told.append("ready")

    def status(self, text: str) -> None:
        self.told.append(f"status {text}")

    def ping(self) -> None:
        self.pings += 1

    def stopping(self) -> None:
        self.told.append("stopping")


@dataclass
class KioskWorld:
    """Everything around one daemon."""

    room: FakeRoom = field(default_factory=FakeRoom)
    media: FakeMedia = field(default_factory=FakeMedia)
    screens: FakeScreens = field(default_factory=FakeScreens)
    display: FakeDisplay = field(default_factory=FakeDisplay)
    buttons: FakeButtons = field(default_factory=FakeButtons)
    indicators: FakeIndicators = field(default_factory=FakeIndicators)
    init: FakeInit = field(default_factory=FakeInit)
    archive: FakeArchive = field(default_factory=FakeArchive)
    open_hours: bool = True
    moving: bool = True
    chimes: int = 0
    mute_chime: bool = False
    television: Television | None = None

    def observe(self) -> DevicesOpen:
        is_open = self.media.camera_open
        return DevicesOpen(is_open, is_open, speaker=self.media.player is not None)

    async def chime(self) -> None:
        self.chimes += 1
        if self.mute_chime:
            raise DeviceError("speaker", "hw:0", "busy")


UNREACHABLE = RoomUnreachable("room service at 127.0.0.1:9: no answer")
REMOVED = NotAMember("pusher_heartbeat", 5, "not a member")
