"""
``POST /kiosk/report`` over HTTP: who reports is who is logged in.

The same identity check as every other route, the loopback relaxation included;
deciding is for :mod:`kiosk.roomserver.fleet`.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.room import messages as msg
from kiosk.room.fleet_report import FleetReport
from kiosk.roomserver.asgi_side import response_of
from kiosk.roomserver.asking import Asked, Caller, Refused, TooOften
from kiosk.roomserver.fleet import Fleet
from kiosk.roomserver.http import away_page
from kiosk.roomserver.store_ledger import StoreAway, Turns


_JSON = "application/json; charset=utf-8"


class FleetDoor:
    """
    Takes reports off the network.

    Args:
        caller: Says who asks, or raises ``Refused``.
        turns: Who lets the tables be asked.

    """

    def __init__(
        self, fleet: Fleet, caller: Callable[[Asked], Caller], turns: Turns
    ) -> None:
        self._fleet = fleet
        self._caller = caller
        self._turns = turns

    def routes(self) -> list[Route]:
        """Return the one route."""
        path = f"/{FleetReport.FOLDER}/{FleetReport.ROUTE}"
        return [Route(path, self._report, methods=[FleetReport.METHOD])]

    async def _report(self, request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            wire = await self._turns.turn(lambda: self._answer(request, body))
        except StoreAway as away:
            return response_of(away_page(away))
        except TooOften as refused:
            return response_of(refused.page())
        return Response(msg.dump_json(wire), media_type=_JSON)

    def _answer(self, request: Request, body: bytes) -> msg.Wire:
        address = request.client.host if request.client else ""
        query = dict(request.query_params)
        shown = request.headers.get("authorization", "")
        asked = Asked(
            request.method,
            str(request.scope["path"]),
            query,
            {},
            address,
            shown,
            from_page="origin" in request.headers,
        )
        spoken = asked.bearer or "token" in query
        dialect = msg.Dialect.V2 if spoken else msg.Dialect.V1
        try:
            wire = msg.parse_json(body)
            return msg.success(self._fleet.report(self._caller(asked), wire), dialect)
        except msg.BadJson as error:
            return msg.exception(str(error))
        except msg.BadRequest as error:
            text = msg.text_of(error.code, FleetReport.ROUTE, dialect)
            return {**msg.failure(error.code, text), "field": str(error)}
        except Refused as refused:
            text = msg.text_of(refused.code, FleetReport.ROUTE, dialect)
            return msg.failure(refused.code, refused.message or text)
