"""
HTTP as the originals understood it, and not a byte more than that.

Bodies: JSON, ``text/xml`` that holds JSON, forms; anything else is seen as empty.
Sizes and deadlines were enforced before, by :mod:`kiosk.roomserver.border`.  Every
domain outcome is 200 with a code.  No CORS headers, and no query in any log: queries
carry tokens.  Deciding is for :mod:`kiosk.roomserver.routes`.
"""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Asked, CloudCall, Hold, Page, retry_after
from kiosk.roomserver.cloud import Cloud, no_cloud
from kiosk.roomserver.long_polls import LongPolls, Wait
from kiosk.roomserver.routes import Answer, Routes
from kiosk.roomserver.store_ledger import ForgetfulLedger, StoreAway, Turns


log = logging.getLogger(__name__)

_JSON = "application/json; charset=utf-8"
_MAX_QUERY_FIELDS = 32
_AWAY_RETRY_S = 2
_JSON_TYPES = frozenset({"application/json", "text/xml"})
_FORM_TYPE = "application/x-www-form-urlencoded"


class Door:
    """
    The ASGI application below ``/``: reads, asks the routes in a turn, answers.

    No exception of a route leaves it: that is code -1 and a traceback in the
    log, and the server goes on.  Without a turn the answer is HTTP 503.
    """

    def __init__(
        self, routes: Routes, polls: LongPolls, cloud: Cloud, turns: Turns
    ) -> None:
        self._routes = routes
        self._polls = polls
        self._cloud = cloud
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._response(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        try:
            body = _wire_of(request, await request.body())
            answer = await self._answer(_asked(request, body))
        except (msg.BadJson, msg.BadRequest) as error:
            return _response(msg.exception(str(error)))
        except ClientDisconnect:
            raise
        except StoreAway as away:
            return away_response(away)
        except Exception:
            # The end of the line for this request; the next one is served.
            log.exception("route failed")
            return _response(msg.exception("internal error"))
        return _page(answer) if isinstance(answer, Page) else _response(answer)

    async def _answer(self, asked: Asked) -> msg.Wire | Page:
        waits: list[Wait] = []

        def ask() -> Answer:
            answer = self._routes.answer(asked)
            if isinstance(answer, Hold):
                # Within the turn: nothing that happens after it may be missed.
                wait = answer.wait
                waits.append(self._polls.begin(wait.room_id, wait.user_id))
            return answer

        try:
            answer = await self._turns.turn(ask)
            if isinstance(answer, CloudCall):
                return answer.finish(await self._cloud(answer))
            if not isinstance(answer, Hold):
                return answer
            await waits[-1].over(answer.wait.hold_s)
        finally:
            for wait in waits:
                self._polls.end(wait)
        hold = answer
        return await self._turns.turn(lambda: self._routes.finish(hold))


def build_app(
    routes: Routes,
    polls: LongPolls,
    cloud: Cloud = no_cloud,
    turns: Turns | None = None,
) -> Starlette:
    """
    Return the ASGI application of a room server.

    Args:
        routes: Answer.
        polls: Where members wait.
        cloud: Asks Tencent's.
        turns: Who lets the routes be asked; by default they always may.

    """
    door = Door(routes, polls, cloud, turns or ForgetfulLedger())
    return Starlette(routes=[Route("/healthz", _healthz), Mount("/", app=door)])


async def _healthz(_request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type=_JSON)


def _asked(request: Request, body: msg.Wire) -> Asked:
    query = _pairs(request.url.query)
    address = request.client.host if request.client else ""
    authorization = request.headers.get("authorization", "")
    path = request.url.path
    return Asked(request.method, path, query, body, address, authorization)


def _wire_of(request: Request, body: bytes) -> msg.Wire:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if not body:
        return {}
    if kind in _JSON_TYPES:
        return msg.parse_json(body)
    if kind == _FORM_TYPE:
        return {**_pairs(body.decode("utf-8", errors="replace"))}
    return {}


def _pairs(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, max_num_fields=_MAX_QUERY_FIELDS
        )
    except ValueError:
        raise msg.BadJson(f"more than {_MAX_QUERY_FIELDS} fields") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise msg.BadJson("a field appears twice")
    return fields


def away_response(away: StoreAway) -> Response:
    """Return what a client is told while nothing can be written or known."""
    body = msg.dump_json(msg.exception(str(away)))
    headers = dict(retry_after(_AWAY_RETRY_S))
    return Response(body, 503, headers, media_type=_JSON)


def _page(page: Page) -> Response:
    headers = dict(page.headers)
    return Response(page.body, page.status, headers, media_type=page.media_type)


def _response(wire: msg.Wire) -> Response:
    return Response(msg.dump_json(wire), media_type=_JSON)
