"""
What must hold at every moment of a simulated evening, whatever went wrong before.

Looked at after every screen, twice a second, and at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from kiosk.call.events import Timer
from kiosk.call.states import DEVICES_OPEN, State
from kiosk.call.still import Question
from kiosk.ports import ScreenName
from kiosk.ports.call_record import CallRecord
from kiosk.room.room_types import RoomType
from tests.simulation.party import Party
from tests.simulation.server import Server


CLOSED_WITHIN_S = 1.0
"""Of leaving a call: camera and microphone."""
GHOST_S = 26.0
ONE_ROOM_S = 3.0

SCREENS: Mapping[State, frozenset[ScreenName]] = {
    State.UNCONFIGURED: frozenset({ScreenName.UNCONFIGURED}),
    State.OUT_OF_SERVICE: frozenset({ScreenName.STARTING, ScreenName.OUT_OF_SERVICE}),
    State.CLOSED: frozenset({ScreenName.CLOSED}),
    State.IDLE: frozenset({ScreenName.IDLE}),
    State.CONSENT: frozenset({ScreenName.CONSENT}),
    State.RESERVING: frozenset({ScreenName.CONNECTING, ScreenName.RECONNECTING}),
    State.QUEUED: frozenset({ScreenName.QUEUED}),
    State.PUBLISHING: frozenset({ScreenName.CONNECTING, ScreenName.RECONNECTING}),
    State.WAITING: frozenset({ScreenName.WAITING}),
    State.ANSWERED: frozenset({ScreenName.CONNECTING}),
    State.IN_CALL: frozenset({ScreenName.IN_CALL}),
    State.RECONNECTING: frozenset({ScreenName.RECONNECTING}),
    State.GRACE: frozenset({ScreenName.PEER_AWAY}),
    State.BROADCASTING: frozenset({ScreenName.BROADCASTING}),
    State.ENDED: frozenset({ScreenName.ENDED, ScreenName.NO_ANSWER}),
}
"""What a customer may see where."""

_IN_WORDS = frozenset({"failed", "push_lost", "room_closed"})
"""Ends that somebody has to explain; the deadlines are the others."""


class Oracle:
    """
    Looks on.

    Args:
        parties: Whom at.
        server: Whose rooms.
        broken: Told each invariant that does not hold, in words.

    """

    def __init__(
        self, parties: Iterable[Party], server: Server, broken: Callable[[str], None]
    ) -> None:
        self._parties = list(parties)
        self._server = server
        self._broken = broken
        self._due: set[str] = set()
        self._seen_out: dict[str, float] = {}
        self._in_two_rooms: float | None = None

    async def watch(self) -> None:
        """Look twice a second, until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            for party in self._parties:
                self.look(party)
            self._look_at_rooms()

    def look_soon(self, party: Party) -> None:
        """Look once the step under way is done."""
        if party.wish.name not in self._due:
            self._due.add(party.wish.name)
            asyncio.get_running_loop().call_soon(self._look_now, party)

    def look(self, party: Party) -> None:
        """Judge one kiosk now."""
        self._judge_camera(party)
        life, state = party.life, party.state
        if life is None or state is None:
            return
        screen = life.screens.name
        if screen is not None and screen not in SCREENS[state]:
            self._say(party, f"{state.name} shows {screen.value}")
        self._judge_timers(party)

    def judge_record(self, party: Party, record: CallRecord) -> None:
        """Judge how a call ended."""
        if record.ended_by in {"", "unknown"}:
            self._say(party, f"call {record.call} ended for no reason")
        explained = (
            record.ended_by.endswith("_deadline") or record.ended_by in _IN_WORDS
        )
        if explained and not record.reason and record.ended_by != "answer_deadline":
            self._say(party, f"ended by {record.ended_by}: {record.reason!r}")

    def judge_end(self, party: Party) -> None:
        """Judge a kiosk at the end, when nothing has been wrong for a while."""
        state = party.state
        if state not in {State.IDLE, State.CLOSED}:
            self._say(party, f"never came back to idle: {state}")
        if party.devices.camera_open:
            self._say(party, "the camera is open at the end")
        life = party.life
        if life is not None and (left := life.daemon._timers._pending):
            self._say(party, f"timers left: {[timer.name for timer in left]}")

    # -- inside ----------------------------------------------------------------------

    def _look_now(self, party: Party) -> None:
        self._due.discard(party.wish.name)
        self.look(party)

    def _judge_camera(self, party: Party) -> None:
        name = party.wish.name
        is_right = not party.devices.camera_open or party.state in DEVICES_OPEN
        if is_right:
            self._seen_out.pop(name, None)
            return
        now = asyncio.get_running_loop().time()
        since = self._seen_out.setdefault(name, now)
        if now - since > CLOSED_WITHIN_S + party.devices.closing_s:
            self._say(party, f"the camera is open in {party.state}")

    def _judge_timers(self, party: Party) -> None:
        life = party.life
        assert life is not None
        daemon = life.daemon
        machine = daemon._machine
        rows = machine._rows[machine.state]
        asked = machine.question is Question.ASKED
        for timer in daemon._timers._pending:
            may_run = timer in rows or (timer is Timer.STILL and asked)
            if not may_run:
                self._say(party, f"timer {timer.name} runs in {machine.state.name}")

    def _look_at_rooms(self) -> None:
        core = self._server.core
        if core is None:
            return
        now = asyncio.get_running_loop().time()
        heard = self._server.heard_at
        rooms = [room for kind in RoomType for room in core.rooms.listed(kind)]
        for room in rooms:
            for seat in room.seats:
                silent_s = now - heard.get(seat.user_id, now)
                if silent_s > GHOST_S:
                    self._broken(
                        f"{seat.user_id} listed {silent_s:.1f} s after the last sign"
                    )
        self._judge_one_room(now)

    def _judge_one_room(self, now: float) -> None:
        """Whoever is in a call for the same desk is in the same room."""
        inside = {
            party.life.daemon._scope.room_id
            for party in self._parties
            if party.life is not None
            and party.life.daemon._scope is not None
            and party.state is State.IN_CALL
            and party.life.screens.facts.tiles
        }
        if len(inside) < 2:
            self._in_two_rooms = None
            return
        self._in_two_rooms = self._in_two_rooms or now
        if now - self._in_two_rooms > ONE_ROOM_S:
            self._broken(f"one call in {len(inside)} rooms: {sorted(inside)}")

    def _say(self, party: Party, what: str) -> None:
        self._broken(f"{party.wish.name}: {what}")
