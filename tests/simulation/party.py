"""
One simulated kiosk, customer's or agent's: the product's daemon and room client.

Its devices, its memory and its network outlive its processes, which may be killed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Never

from typing_extensions import override

from kiosk.call.states import CALL_STATES, Role, State
from kiosk.call.table import Row, Trigger
from kiosk.daemon.clock_watch import ClockFacts
from kiosk.daemon.display_watch import DisplayFacts
from kiosk.daemon.lamps import REST_S
from kiosk.daemon.loop import Daemon
from kiosk.daemon.outside import Outside
from kiosk.daemon.settings import DaemonSettings
from kiosk.daemon.stall import StallMeter
from kiosk.ports import Inspection, Micros, RoomNotice, ScreenFacts, ScreenName
from kiosk.ports.call_record import CallRecord
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.messages import Dialect, RoomType
from kiosk.room.session import RoomSession, Wanted
from kiosk.roomclient.service import HttpRoomService
from tests.fakes.call_memory import FakeMemory
from tests.fakes.kiosk_world import (
    PLUGGED,
    FakeArchive,
    FakeButtons,
    FakeDisplay,
    FakeIndicators,
    FakeInit,
)
from tests.simulation.media import Devices, SimMedia
from tests.simulation.path import Path
from tests.simulation.relay import PaperRelay
from tests.simulation.server import UNIX_S, Server
from tests.simulation.wire import Wire, WiredExchange


Walked = Counter[tuple[str, State, Trigger]]
"""How often each row was taken: by table, state and trigger."""
LATEST = 40


@dataclass(frozen=True, slots=True)
class Wish:
    """What one kiosk is: its table, its rooms."""

    name: str
    role: Role = Role.KIOSK
    consent: bool = False
    broadcasts: bool = False
    creates: bool = False
    room_type: RoomType = RoomType.DOUBLE
    dialect: Dialect | None = None
    target: str = "desk"

    @property
    def table(self) -> str:
        return f"{self.role.value}{', asking' if self.consent else ''}"


class LoopClock:
    """Implements :class:`kiosk.ports.Clock` on the loop's time."""

    def __init__(self) -> None:
        self._time = asyncio.get_running_loop().time
        self.turned_s = 0.0

    def now(self) -> Micros:
        return Micros(round(self._time() * 1_000_000))

    def wall_s(self) -> float:
        return UNIX_S + self._time() + self.turned_s


class SeenScreens:
    """Implements :class:`kiosk.ports.Screens`: what is on the glass."""

    def __init__(self, on_show: Callable[[], None]) -> None:
        self._on_show = on_show
        self.name: ScreenName | None = None
        self.facts = ScreenFacts()

    def show(self, name: ScreenName, facts: ScreenFacts) -> None:
        self.name, self.facts = name, facts
        self._on_show()

    def tick(self) -> None:
        """Nothing is drawn."""


class NotedRows(dict[Trigger, Row]):
    """The rows of a state; notes which are taken."""

    def __init__(
        self, rows: dict[Trigger, Row], taken: Callable[[Trigger], None]
    ) -> None:
        super().__init__(rows)
        self._taken = taken

    @override
    def get(self, key: Trigger, default: Any = None) -> Any:
        row = super().get(key, default)
        if row is not None:
            self._taken(key)
        return row


class RepeatingService(HttpRoomService):
    """The product's; lets old notices be told again ("at least once", says the port)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.told: list[RoomNotice] = []

    @override
    async def take_seat(self, seat: Any, on_notice: Any) -> str:
        def noting(notice: RoomNotice) -> None:
            self.told = [*self.told[-20:], notice]
            on_notice(notice)

        return await super().take_seat(seat, noting)

    def tell_again(self, notice: RoomNotice) -> None:
        self._on_notice(notice)


@dataclass
class Life:
    """One process of a kiosk."""

    daemon: Daemon
    service: RepeatingService
    wire: Wire
    media: SimMedia
    screens: SeenScreens
    archive: FakeArchive
    memory: FakeMemory
    began: float
    task: asyncio.Task[None] | None = None


@dataclass
class Party:
    """
    See the module.

    Attributes:
        hours: Whether the branch is open.
        faults: What happened to it in this call.
        absent_since: When its process ended; None while there is one.

    """

    wish: Wish
    server: Server
    relay: PaperRelay
    path: Path
    random: Random
    walked: Walked
    begin: Callable[..., asyncio.Task[Any]]
    on_show: Callable[[Party], None]
    on_dead: Callable[[Party, BaseException], None]
    on_state: Callable[[Party, State], None]
    prepare: Callable[[Life], None] = lambda _: None
    devices: Devices = field(default_factory=Devices)
    clock: LoopClock = field(default_factory=LoopClock)
    hours: bool = True
    panel: DisplayFacts = PLUGGED
    life: Life | None = None
    held: Any = None
    records: list[CallRecord] = field(default_factory=list)
    heard_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path.on_change = self._path_changed

    @property
    def state(self) -> State | None:
        return None if self.life is None else self.life.daemon._machine.state

    @property
    def is_in_call(self) -> bool:
        return self.state in CALL_STATES

    def start(self) -> None:
        """Begin a process; it finds what the one before left."""
        self.life = life = self._new_life()
        self.prepare(life)
        life.task = self.begin(self._live(life))

    async def kill(self) -> None:
        """Kill the process: the kernel closes what it had, nobody says goodbye."""
        life, self.life = self.life, None
        if life is None or life.task is None:
            return
        life.wire.is_dead = True
        self._take_over(life)
        for publication in list(self.relay.publications.values()):
            if publication.path is self.path:
                publication.on_lost = lambda _: None
                self.relay.end(publication, "connection reset")
        life.media.die()
        life.task.cancel()
        await asyncio.wait({life.task})

    async def stop(self) -> float:
        """End the process as systemd does; return how long that took."""
        life = self.life
        if life is None or life.task is None:
            return 0.0
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        life.daemon.stop()
        await asyncio.wait({life.task})
        if self.life is life:
            self.life = None
        self._take_over(life)
        return loop.time() - asked_at

    def press(self, button: str) -> None:
        if self.life is not None:
            self.life.daemon.press(button)

    def _take_over(self, life: Life) -> None:
        self.held = life.memory.held
        self.records += life.archive.records
        life.archive.records = []

    def _path_changed(self) -> None:
        self.relay.changed()
        if self.life is not None:
            self.life.media.path_changed()

    async def _live(self, life: Life) -> None:
        try:
            async with life.service:
                await life.daemon.run()
        except asyncio.CancelledError:
            if not life.wire.is_dead:
                raise
        except BaseException as error:  # noqa: BLE001 -- judged by whoever looks on
            if not life.wire.is_dead:
                self.on_dead(self, error)

    def _new_life(self) -> Life:
        wish, random = self.wish, self.random
        wire = Wire(self.path, self.server, self.begin)
        media = SimMedia(self.devices, self.relay, self.path, random)
        screens = SeenScreens(lambda: self.on_show(self))
        memory, archive = FakeMemory(), FakeArchive()
        memory.held = self.held
        service = self._service(wire)
        outside = Outside(
            clock=self.clock,
            room=service,
            media=media,
            screens=screens,
            display=FakeDisplay(),
            buttons=FakeButtons(),
            indicators=FakeIndicators(),
            init=FakeInit(),
            calls=archive,
            memory=memory,
            observe=self.devices.observe,
            progressed=lambda: True,
            is_open_now=lambda: self.hours,
            inspect=_found_nothing,
            chime=_chimed,
            look_at_devices=lambda _: self.devices.look(),
            look_at_display=lambda: self.panel,
            look_at_clock=lambda: ClockFacts(synchronized=True),
            scatter=random.random,
        )
        settings = DaemonSettings(
            role=wish.role, consent=wish.consent, broadcasts=wish.broadcasts
        )
        daemon = Daemon(settings, outside)
        _slow_down(daemon, self.clock)
        self._note_rows(daemon)
        began = asyncio.get_running_loop().time()
        return Life(daemon, service, wire, media, screens, archive, memory, began)

    def _service(self, wire: Wire) -> RepeatingService:
        wish = self.wish
        identity = Identity(wish.name.title(), wish.name)
        talk = Conversation(
            identity,
            self.random.random,
            wish.dialect,
            wish.room_type,
            lambda: f"{self.random.getrandbits(96):024x}",
        )
        capacity = wish.room_type.usual_capacity
        session = RoomSession(talk, Wanted((wish.target,), wish.creates, capacity))
        return RepeatingService(session, WiredExchange(wire), self.clock)

    def _note_rows(self, daemon: Daemon) -> None:
        machine, table = daemon._machine, self.wish.table

        def noting(state: State) -> Callable[[Trigger], None]:
            def taken(trigger: Trigger) -> None:
                self.walked[table, state, trigger] += 1
                self.on_state(self, machine._rows[state][trigger].target)

            return taken

        machine._rows = {
            state: NotedRows(dict(rows), noting(state))
            for state, rows in machine._rows.items()
        }


class NoStalls(StallMeter):
    """Measures nothing: this loop is never late."""

    @override
    async def run(self) -> None:
        await asyncio.Event().wait()


def _slow_down(daemon: Daemon, clock: LoopClock) -> None:
    """Take away the beats that are for a real machine; they cost half of all time."""
    daemon._stall = NoStalls(clock)
    lamps = daemon._health.lamps

    async def each_second() -> Never:
        while True:
            lamps.light()
            await asyncio.sleep(REST_S)

    lamps.run = each_second  # type: ignore[method-assign]


async def _found_nothing(_reason: str) -> Inspection:
    return ()


async def _chimed() -> None:
    await asyncio.sleep(0.5)
