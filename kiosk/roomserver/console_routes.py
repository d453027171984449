"""
The operators' routes: ``/status``, ``/fleet``, ``/fleet.json``, ``/metrics``, and
``/readyz`` for load balancers.

Read-only.  Without a password they are for this machine only; with one, for who
knows it, from here too: behind a proxy everybody has an address of this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.room.wire_json import Wire, dump_json
from kiosk.roomserver.asking import Asked, RouteAbsent, retry_after
from kiosk.roomserver.console_metrics import CONTENT_TYPE, exposition
from kiosk.roomserver.console_pages import fleet_json, fleet_page, status_page
from kiosk.roomserver.console_view import ServerView, Viewer, this_process
from kiosk.roomserver.networks import LOOPBACK, Networks
from kiosk.roomserver.operator_routes import WAIT
from kiosk.roomserver.operators import NotAnOperator, Operators


_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"
_QUIET: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_ASK: Final = {"WWW-Authenticate": 'Basic realm="kiosk operators", charset="UTF-8"'}
_PERIODS_OF_LATE: Final = 3

_Page = tuple[Callable[[ServerView], bytes], str]


class Readiness:
    """
    Whether this server should be sent new clients.

    Args:
        now: Monotonic seconds.
        sweep_s: How often :meth:`swept` is to be heard.
        store_is_late: Whether a crash now would lose something; only told, for
            the server works on.
        store_is_away: Whether nobody can be served for want of it.

    """

    def __init__(
        self,
        now: Callable[[], float],
        sweep_s: float,
        store_is_late: Callable[[], bool] = lambda: False,
        store_is_away: Callable[[], bool] = lambda: False,
    ) -> None:
        self._now = now
        self._store_is_late = store_is_late
        self._store_is_away = store_is_away
        self._patience_s = _PERIODS_OF_LATE * sweep_s
        self._swept_at: float | None = None

    def begin(self) -> None:
        """Note that everything answers."""
        self._swept_at = self._now()

    def swept(self) -> None:
        """Note that the sweep runs; not after :meth:`end`."""
        if self._swept_at is not None:
            self._swept_at = self._now()

    def end(self) -> None:
        """Note that the server stops."""
        self._swept_at = None

    @property
    def is_ready(self) -> bool:
        """Whether the server is there and turns."""
        at = self._swept_at
        turns = at is not None and self._now() - at <= self._patience_s
        return turns and not self._store_is_away()

    def to_wire(self) -> Wire:
        """Return what ``/readyz`` tells."""
        late = "late" if self._store_is_late() else "ok"
        return {
            "status": "ready" if self.is_ready else "not ready",
            "store": "away" if self._store_is_away() else late,
        }


class Console:
    """The operators' side of a room server."""

    def __init__(
        self, viewer: Viewer, operators: Operators, readiness: Readiness
    ) -> None:
        self._viewer = viewer
        self._operators = operators
        self._readiness = readiness
        self._here = Networks(LOOPBACK)
        self._pages: dict[str, _Page] = {
            "/status": (status_page, _HTML),
            "/fleet": (fleet_page, _HTML),
            "/fleet.json": (fleet_json, _JSON),
            "/metrics": (_metrics, CONTENT_TYPE),
        }

    def routes(self) -> list[Route]:
        """Return the routes, to be put before all others."""
        pages = [Route(path, self._page) for path in self._pages]
        return [Route("/readyz", self._readyz), *pages]

    async def _readyz(self, _request: Request) -> Response:
        status = 200 if self._readiness.is_ready else 503
        body = dump_json(self._readiness.to_wire())
        return Response(body, status, media_type=_JSON)

    async def _page(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        page, media_type = self._pages[str(request.scope["path"])]
        return Response(page(self._viewer.look()), 200, _QUIET, media_type)

    def _refusal(self, request: Request) -> Response | None:
        address = request.client.host if request.client else ""
        header = request.headers.get("authorization", "")
        path = str(request.scope["path"])
        asked = Asked(request.method, path, {}, {}, address, authorization=header)
        try:
            self._operators.admit(asked)
        except RouteAbsent:
            if address in self._here:
                return None
            reason = "for this machine only; elsewhere it needs [operators] password"
            return Response(reason, 403, media_type=_TEXT)
        except NotAnOperator as refused:
            if refused.wait_s:
                return Response(WAIT, 429, dict(retry_after(refused.wait_s)), _TEXT)
            return Response("operators only", 401, _ASK, _TEXT)
        return None


def _metrics(view: ServerView) -> bytes:
    return exposition(view, this_process())
