"""
What was asked, how it ended and how long it took: for the log and the counters.

A layer around everything.  Neither path nor query is kept but the name of
a route that exists: both may hold what strangers made up, and queries hold
tokens.  The log is paced: a flood of refusals costs counters, not a disk.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import Final

from kiosk.room.wire_json import dump_json
from kiosk.roomserver.http_message import (
    Answered,
    Answering,
    HttpAnswer,
    HttpRequest,
)
from kiosk.roomserver.logged import Logged
from kiosk.roomserver.pace import Pace
from kiosk.roomserver.pending import Pending
from kiosk.roomserver.routes import UNKNOWN_ROUTE


log = logging.getLogger(__name__)

OTHER: Final = "other"
BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper ends of the duration classes; what holds on purpose is not in them."""
MAX_LABELS: Final = 256
_HELD = frozenset({"wait_events", "longpolling"})
_LINES_PER_S = 20.0
_PATH = re.compile(r"/+(?:weapp/+)?([a-z0-9_/.]{1,64})")
_SLASHES = re.compile("/+")
_CODE = re.compile(rb'\{"code":(-?[0-9]{1,6})[,}]')
_DONE = b'{"code":0,'
_NOWHERE = dump_json(UNKNOWN_ROUTE)
_GOOD = range(200, 400)
_NONE = HttpAnswer(b"", status=0)
"""The server stopped, or failed."""


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
        app: Answering,
        traffic: Traffic,
        now: Callable[[], float],
        logged: Logged = Logged.REFUSED,
    ) -> None:
        self._app = app
        self._traffic = traffic
        self._now = now
        self._logged = logged
        self._pace = Pace(_LINES_PER_S)

    def __call__(self, request: HttpRequest) -> Answered:
        """Answer one request."""
        began, path = self._now(), request.path
        try:
            answer = self._app(request)
        except BaseException:
            self._note(path, _NONE, self._now() - began)
            raise
        if not isinstance(answer, HttpAnswer):
            return Pending(partial(self._wait_for, answer, path, began))
        self._note(path, answer, self._now() - began)
        return answer

    async def _wait_for(
        self, coming: Awaitable[HttpAnswer], path: str, began: float
    ) -> HttpAnswer:
        answer = _NONE
        try:
            answer = await coming
        finally:
            self._note(path, answer, self._now() - began)
        return answer

    def _note(self, path: str, answer: HttpAnswer, seconds: float) -> None:
        status = answer.status
        there = status in _GOOD and answer.body != _NOWHERE
        route = _named(path) if there else OTHER
        code = _code_of(answer)
        self._traffic.note(route, code, seconds)
        refused = status not in _GOOD or (code != "0" and code != str(status))
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


def _code_of(answer: HttpAnswer) -> str:
    if answer.body.startswith(_DONE):
        return "0"
    said = _CODE.match(answer.body)
    return said[1].decode() if said else str(answer.status)


@lru_cache(maxsize=128)
def _named(path: str) -> str:
    named = _PATH.fullmatch(_SLASHES.sub("/", path))
    return named[1] if named else OTHER
