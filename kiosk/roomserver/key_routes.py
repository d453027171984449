"""
``POST /keys/rotate`` and ``POST /keys/revoke``: operators change the keys of tickets.

Both answer ``{"kids": [...]}``, the signing key first.  They change something, so
the password must come as a bearer: a browser that knows it as a basic one would send
it along for any page that asks.  Without a password there are no such routes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.room.wire_json import dump_json
from kiosk.roomserver.asgi_side import response_of
from kiosk.roomserver.asking import Asked, RouteAbsent, retry_after
from kiosk.roomserver.http import away_page
from kiosk.roomserver.key_ring import KeyRing
from kiosk.roomserver.operator_routes import WAIT
from kiosk.roomserver.operators import NotAnOperator, Operators
from kiosk.roomserver.store_ledger import StoreAway, Turns


_JSON: Final = "application/json; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"
_ASK: Final = {"WWW-Authenticate": "Bearer"}


class KeyDoor:
    """Takes the orders of operators off the network."""

    def __init__(self, ring: KeyRing, operators: Operators, turns: Turns) -> None:
        self._ring = ring
        self._operators = operators
        self._turns = turns

    def routes(self) -> list[Route]:
        """Return the two routes."""
        return [
            Route("/keys/rotate", self._rotate, methods=["POST"]),
            Route("/keys/revoke", self._revoke, methods=["POST"]),
        ]

    async def _rotate(self, request: Request) -> Response:
        return self._refusal(request) or await self._change(self._new)

    async def _revoke(self, request: Request) -> Response:
        """Void the key of ``?kid=``, or all there are."""
        kid = request.query_params.get("kid", "")
        return self._refusal(request) or await self._change(lambda: self._void(kid))

    def _new(self) -> bool:
        self._ring.rotate()
        return True

    def _void(self, kid: str) -> bool:
        voided = [self._ring.revoke(one) for one in ([kid] if kid else self._ring.kids)]
        return all(voided)

    async def _change(self, act: Callable[[], bool]) -> Response:
        try:
            done = await self._turns.turn(act)
        except StoreAway as away:
            return response_of(away_page(away))
        if not done:
            return Response("no such key", 404, media_type=_TEXT)
        kids = list(self._ring.kids)
        return Response(dump_json({"kids": kids}), media_type=_JSON)

    def _refusal(self, request: Request) -> Response | None:
        address = request.client.host if request.client else ""
        header = request.headers.get("authorization", "")
        asked = Asked(
            request.method, str(request.scope["path"]), {}, {}, address, header
        )
        if not asked.bearer and header:
            return Response("the password must come as a bearer", 401, _ASK, _TEXT)
        try:
            self._operators.admit(asked)
        except RouteAbsent:
            return Response("needs [operators] password", 404, media_type=_TEXT)
        except NotAnOperator as refused:
            if refused.wait_s:
                return Response(WAIT, 429, dict(retry_after(refused.wait_s)), _TEXT)
            return Response("operators only", 401, _ASK, _TEXT)
        return None
