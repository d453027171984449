"""A daemon in its fake world, running for the time of a test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from kiosk.call.events import Timer
from kiosk.call.states import Role, State
from kiosk.daemon.loop import Daemon
from kiosk.daemon.notices import Notice
from kiosk.daemon.outside import Announce, Outside
from kiosk.daemon.replies import Reply
from kiosk.daemon.settings import DURATIONS_S, DaemonSettings
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.ports import PeerJoined, PeerStarted, ScreenName
from tests.fakes.eventually import eventually
from tests.fakes.kiosk_world import KioskWorld
from tests.fakes.paper_room import AGENT


@dataclass
class RunningKiosk:
    """The daemon and its world, with the steps that tests repeat."""

    daemon: Daemon
    world: KioskWorld

    @property
    def state(self) -> str:
        return str(self.daemon.status()["state"])

    async def until(self, is_true: Callable[[], bool], what: str) -> None:
        try:
            await eventually(is_true)
        except TimeoutError:
            raise AssertionError(
                f"never became true: {what} (state {self.state})"
            ) from None

    async def reach(self, state: State) -> None:
        await self.until(lambda: self.state == state.name, state.name)

    async def until_screen(self, name: ScreenName) -> None:
        """Wait until a screen was shown; it may be gone again by now."""
        await self.until(lambda: self.world.screens.saw(name), name.value)

    async def wait_in_room(self) -> None:
        await self.reach(State.IDLE)
        self.daemon.press("call")
        await self.reach(State.WAITING)

    async def talk(self) -> None:
        await self.wait_in_room()
        self.world.room.tell(PeerJoined(AGENT))
        await self.until(self._plays, "playing")
        self.world.media.report(PeerStarted(AGENT.user_id))
        await self.reach(State.IN_CALL)

    def _plays(self) -> bool:
        player = self.world.media.player
        return player is not None and AGENT.user_id in player.playing


@contextlib.asynccontextmanager
async def running_kiosk(
    world: KioskWorld | None = None,
    *,
    role: Role = Role.KIOSK,
    start: State = State.OUT_OF_SERVICE,
    check_s: float = 20.0,
    borne_s: float = 0.0,
    silent_s: float = 1.5,
    problem: str = "",
    notices: Mapping[Notice, str] | None = None,
    replies: tuple[Reply, ...] = (),
    broadcasts: bool = False,
    needs_display: bool = True,
    needs_time: bool = False,
    languages: tuple[str, ...] = (),
    language_s: float = 0.2,
    volume_s: float = 2.0,
    asks_consent: bool = False,
    read_s: float = 0.0,
    page_s: float = 60.0,
    patience_s: float = 0.0,
    announce: Announce | None = None,
    scatter: Callable[[], float] = lambda: 0.0,
    **timers_s: float,
) -> AsyncIterator[RunningKiosk]:
    """Run a daemon; timers are given by lower-case name, in seconds."""
    world = world or KioskWorld()
    durations = dict(DURATIONS_S)
    durations |= {Timer[name.upper()]: length for name, length in timers_s.items()}
    settings = DaemonSettings(
        role=role,
        durations_s=durations,
        problem=problem,
        check_s=check_s,
        retry_s=(0.01, 0.02),
        patience_s=patience_s,
        devices_s=(0.01, 0.01),
        borne_s=borne_s,
        silent_s=silent_s,
        queue_s=0.01,
        redial_s=0.01,
        notices=notices or {},
        replies=replies,
        broadcasts=broadcasts,
        needs_display=needs_display,
        needs_time=needs_time,
        languages=languages,
        consent=asks_consent,
        read_s=read_s,
        language_s=language_s,
        volume_s=volume_s,
        hold_s=0.05,
        both_s=0.05,
        page_s=page_s,
    )
    outside = Outside(
        clock=MonotonicClock(),
        room=world.room,
        media=world.media,
        screens=world.screens,
        display=world.display,
        buttons=world.buttons,
        indicators=world.indicators,
        init=world.init,
        calls=world.archive,
        memory=world.memory,
        observe=world.observe,
        progressed=lambda: world.moving,
        is_open_now=lambda: world.open_hours,
        inspect=world.inspect,
        announce=announce,
        chime=world.chime,
        television=world.television,
        volume=world.volume,
        look_at_display=lambda: world.panel,
        look_at_clock=lambda: world.clock_facts,
        explain_silence=world.explain,
        look_at_devices=lambda _: dict(world.wrong),
        scatter=scatter,
    )
    daemon = Daemon(settings, outside, start)
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run())
        try:
            yield RunningKiosk(daemon, world)
        finally:
            daemon.stop()
