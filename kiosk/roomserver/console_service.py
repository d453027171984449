"""
The operators' side of a server, put together: what they see and what is counted.

Everything of theirs lives beside the rooms and can fail without them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.routing import Route

from kiosk.roomserver.access import Traffic, Watched
from kiosk.roomserver.asgi_side import AsgiSide
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.console_routes import Console, Readiness
from kiosk.roomserver.console_view import StreamRates, Viewer
from kiosk.roomserver.core import ServerCore
from kiosk.roomserver.fleet_routes import FleetDoor
from kiosk.roomserver.http_message import Answered, Answering, HttpRequest
from kiosk.roomserver.key_routes import KeyDoor
from kiosk.roomserver.pending import Pending
from kiosk.roomserver.recorder_terms import TeeStats
from kiosk.roomserver.relay_terms import StreamStats
from kiosk.roomserver.settings import ServerSettings


class OperatorSide:
    """
    Pages, metrics, reports and the access log of one server.

    Args:
        streams: The media server's streams.
        tees: How their recording goes.
        polls: How many members wait for events.

    """

    def __init__(
        self,
        settings: ServerSettings,
        core: ServerCore,
        clock: ServerClock,
        *,
        streams: Callable[[], Mapping[str, StreamStats]],
        tees: Callable[[], Mapping[str, TeeStats]],
        polls: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._core = core
        self._clock = clock
        self._traffic = Traffic()
        self._rates = StreamRates(streams, tees)
        self._viewer = Viewer(
            core.rooms,
            core.fleet,
            self._rates,
            polls,
            traffic=self._traffic,
            store=lambda: core.store.load,
        )
        self.readiness = Readiness(
            clock.monotonic,
            settings.sweep_s,
            lambda: core.store.is_late,
            lambda: core.store.is_away,
        )

    def count(self, name: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Have ``/metrics`` show what a neighbour in the process counts."""
        self._viewer.count(name, read)

    def around(self, app: Answering, beside: Sequence[Route] = ()) -> Answering:
        """Return the application with the operators' routes before its own."""
        now = self._clock.monotonic
        console = Console(self._viewer, self._core.operators, self.readiness)
        turns = self._core.turns
        reports = FleetDoor(self._core.fleet, self._core.caller, turns)
        keys = KeyDoor(self._core.streams.keys.ring, self._core.operators, turns)
        routes = [*console.routes(), *reports.routes(), *keys.routes(), *beside]
        whole = _before(app, routes)
        return Watched(whole, self._traffic, now, self._settings.access_log)

    @property
    def sweeps(self) -> tuple[Callable[[], None], ...]:
        """What is to be run every ``sweep_s``, each for itself."""
        return (
            self._core.fleet.sweep,
            lambda: self._rates.look(self._clock.monotonic()),
            self.readiness.swept,
        )


def _before(app: Answering, routes: Sequence[Route]) -> Answering:
    """Put routes before an application, at no cost to its own requests."""
    first = AsgiSide(Starlette(routes=routes))
    paths = frozenset(route.path for route in routes)

    def choose(request: HttpRequest) -> Answered:
        if request.path in paths:
            return Pending(partial(first, request))
        return app(request)

    return choose
