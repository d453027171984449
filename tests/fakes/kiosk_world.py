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
from kiosk.daemon.clock_watch import ClockFacts
from kiosk.daemon.devices_open import DevicesOpen
from kiosk.daemon.display_watch import DisplayFacts
from kiosk.daemon.television import Television
from kiosk.daemon.volume import Volume
from kiosk.errors import DeviceError, KioskError, NotAMember, RoomError, RoomUnreachable
from kiosk.ports import (
    ButtonEdge,
    ButtonFault,
    Frame,
    Indicator,
    Layer,
    Micros,
    Peer,
    Probe,
    Rect,
    ScreenFacts,
    ScreenName,
)
from kiosk.ports.call_record import CallRecord
from tests.fakes.call_memory import FakeMemory
from tests.fakes.paper_room import FakeRoom


class FakePusher:
    """A camera and a stream: open between start and close."""

    def __init__(self, media: FakeMedia, on_fact: Callable[..., None]) -> None:
        self._media = media
        self.on_fact = on_fact
        self.muted = False
        self.leave_open = False
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
        silenced = self.muted and self._media.silences
        return replace(self._media.push_stats, muted=self.muted, silenced=silenced)

    async def close(self) -> None:
        await asyncio.sleep(self._media.close_s)
        self._media.said.append("camera closed")
        self._media.camera_open = self.leave_open


class FakePlayer:
    """Plays peers; the test decides when a picture comes."""

    def __init__(self, media: FakeMedia, on_fact: Callable[..., None]) -> None:
        self._media = media
        self.on_fact = on_fact
        self.playing: dict[str, tuple[Peer, Layer]] = {}
        self.announced: list[bytes] = []
        self.volume_db = 0.0

    async def play(self, peer: Peer, layer: Layer = Layer.BASE) -> None:
        await asyncio.sleep(0)
        if self._media.play_errors:
            raise self._media.play_errors.pop(0)
        self.playing[peer.user_id] = (peer, layer)

    async def stop(self, user_id: str) -> None:
        await asyncio.sleep(0)
        self.playing.pop(user_id, None)

    def set_volume(self, decibels: float) -> None:
        self.volume_db = decibels

    def announce(self, pcm: bytes) -> None:
        self.announced.append(pcm)

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
        self.silences = True
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
        self.on_edge: Callable[[ButtonEdge], None] | None = None
        self.on_fault: Callable[[ButtonFault], None] | None = None
        self.errors: list[KioskError] = []

    def probe(self) -> Probe:
        return Probe("fake buttons")

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.on_edge = on_edge
        self.on_fault = on_fault

    def close(self) -> None:
        self.on_edge = None


class FakeIndicators:
    """Lamps."""

    def __init__(self) -> None:
        self.lit: set[Indicator] = set()
        self.broken: dict[Indicator, KioskError] = {}
        self.closed = False

    def probe(self) -> Probe:
        return Probe("fake lamps")

    def set(self, indicator: Indicator, *, lit: bool) -> None:
        if indicator in self.broken:
            raise self.broken[indicator]
        (self.lit.add if lit else self.lit.discard)(indicator)

    def close(self) -> None:
        self.closed = True
        self.lit.clear()


class FakeInit:
    """A supervisor that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.pings = 0

    def ready(self) -> None:
        self.told.append("ready")

    def reloading(self, now: Micros) -> None:
        self.told.append("reloading")

    def status(self, text: str) -> None:
        self.told.append(f"status {text}")

    def ping(self) -> None:
        self.pings += 1

    def stopping(self) -> None:
        self.told.append("stopping")

    def keep(self, name: str, fd: int) -> None:
        self.told.append(f"keep {name}")

    def forget(self, name: str) -> None:
        self.told.append(f"forget {name}")


CLOCK_SET = ClockFacts(synchronized=True)


PLUGGED = DisplayFacts(lit="HDMI-A-1 1280x720@60")


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
    memory: FakeMemory = field(default_factory=FakeMemory)
    open_hours: bool = True
    moving: bool = True
    chimes: int = 0
    mute_chime: bool = False
    inspection_hangs: bool = False
    television: Television | None = None
    volume: Volume = field(default_factory=Volume)
    panel: DisplayFacts = PLUGGED
    wrong: dict[ports.Fault, str] = field(default_factory=dict[ports.Fault, str])
    clock_facts: ClockFacts = CLOCK_SET
    silence: str = ""

    async def explain(self, error: RoomError) -> str:
        """Say why the room service is silent: as it is set, or what the error says."""
        return self.silence or f"{error.code} {error}"

    def unplug(self) -> None:
        """Pull the display's cable."""
        self.panel = DisplayFacts(missing="no display is connected to HDMI-A-1")

    def plug(self) -> None:
        """Put it back."""
        self.panel = PLUGGED

    def observe(self) -> DevicesOpen:
        is_open = self.media.camera_open
        return DevicesOpen(is_open, is_open, speaker=self.media.player is not None)

    async def inspect(self, last_reason: str) -> ports.Inspection:
        if self.inspection_hangs:
            await asyncio.Event().wait()
        return (
            (ports.Inspected.VERSION, Probe("9.9")),
            (ports.Inspected.LAST_ERROR, Probe(last_reason)),
        )

    async def chime(self) -> None:
        self.chimes += 1
        if self.mute_chime:
            raise DeviceError("speaker", "hw:0", "busy")


UNREACHABLE = RoomUnreachable("room service at 127.0.0.1:9: no answer")


REMOVED = NotAMember("pusher_heartbeat", 5, "not a member")
