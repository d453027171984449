"""
What was asked, how it ended and how long it took: for the log and the counters.

An ASGI layer around everything.  Neither path nor query is kept but the name of
a route that exists: both may hold what strangers made up, and queries hold
tokens.  The log is paced: a flood of refusals costs counters, not a disk.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.room.wire_json import dump_json
from kiosk.roomserver.logged import Logged
from kiosk.roomserver.pace import Pace
from kiosk.roomserver.routes import UNKNOWN_ROUTE


log = logging.getLogger(__name__)

OTHER: Final = "other"
BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper ends of the duration classes; what holds on purpose is not in them."""
MAX_LABELS: Final = 256
_HELD = frozenset({"wait_events", "longpolling"})
_LINES_PER_S = 20.0
_PATH = re.compile(r"/+(?:weapp/+)?([a-z0-9_/.]{1,64})")
_CODE = re.compile(rb'\{"code":(-?[0-9]{1,6})[,}]')
_NOWHERE = dump_json(UNKNOWN_ROUTE)
_GOOD = range(200, 400)


class Traffic:
    """Answers counted by route and code; bounded."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, str]] = Counter()
        """By route and code: RTCRoom's where there is one, else HTTP's."""
        self.durations: list[int] = [0] * (len(BUCKETS_S) + 1)
        """By class, not cumulated; the last is beyond them all."""
        self.seconds = 0.0

    def note(self, route: str, code: str, seconds: float) -> None:
        """Count one answer."""
        label = (route, code)
        if label not in self.answers and len(self.answers) >= MAX_LABELS:
            label = (OTHER, code)
        self.answers[label] += 1
        if route.rpartition("/")[2] not in _HELD:
            self.durations[bisect_left(BUCKETS_S, seconds)] += 1
            self.seconds += seconds


class Watched:
    """
    The application, with every answer noted.

    Args:
        now: Monotonic seconds.
        logged: Which requests leave a line.

    """

    def __init__(
        self,
        app: ASGIApp,
        traffic: Traffic,
        now: Callable[[], float],
        logged: Logged = Logged.REFUSED,
    ) -> None:
        self._app = app
        self._traffic = traffic
        self._now = now
        self._logged = logged
        self._pace = Pace(_LINES_PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, first = 0, b""
        began = self._now()

        async def listen_in(message: Message) -> None:
            nonlocal status, first
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not first:
                first = message.get("body", b"")
            await send(message)

        try:
            await self._app(scope, receive, listen_in)
        finally:
            self._note(str(scope["path"]), status, first, self._now() - began)

    def _note(self, path: str, status: int, first: bytes, seconds: float) -> None:
        named = _PATH.fullmatch(path)
        there = status in _GOOD and first != _NOWHERE
        route = named[1] if named and there else OTHER
        said = _CODE.match(first)
        code = said[1].decode() if said else str(status)
        self._traffic.note(route, code, seconds)
        refused = status not in _GOOD or code not in {"0", str(status)}
        wanted = self._logged is Logged.ALL or (
            refused and self._logged is Logged.REFUSED
        )
        if wanted and self._pace.allows("", self._now()):
            log.info(
                "request answered",
                extra={
                    "route": route,
                    "status": status,
                    "room_code": code,
                    "ms": round(seconds * 1e3, 1),
                },
            )
