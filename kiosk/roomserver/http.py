"""
HTTP as the originals understood it, and not a byte more than that.

Bodies: JSON, ``text/xml`` that holds JSON, forms; anything else is seen as empty.
A body is counted while it is read and has to be whole in time.  Every domain
outcome is 200 with a code.  No CORS headers, no access log: queries carry
tokens.  Deciding is for :mod:`kiosk.roomserver.routes`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Asked, Hold
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.routes import Routes


log = logging.getLogger(__name__)

_JSON = "application/json; charset=utf-8"
_OK, _TOO_SLOW, _TOO_BIG = 200, 408, 413
_MAX_QUERY_FIELDS = 32
_JSON_TYPES = frozenset({"application/json", "text/xml"})
_FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What a request may cost."""

    body_bytes: int = msg.MAX_REQUEST_BYTES
    read_s: float = 10.0


class _BodyRefused(Exception):
    """A body is too big or too slow; the connection is closed after this."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Door:
    """
    The ASGI application below ``/``: reads, asks the routes, answers.

    No exception of a route leaves it: that is code -1 and a traceback in the
    log, and the server goes on.
    """

    def __init__(self, routes: Routes, polls: LongPolls, limits: HttpLimits) -> None:
        self._routes = routes
        self._polls = polls
        self._limits = limits

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
            body = _wire_of(request, await self._read(request))
            wire = await self._answer(_asked(request, body))
        except _BodyRefused as refused:
            return _response(msg.exception(str(refused)), refused.status)
        except (msg.BadJson, msg.BadRequest) as error:
            return _response(msg.exception(str(error)))
        except ClientDisconnect:
            raise
        except Exception:
            # The end of the line for this request; the next one is served.
            log.exception("route failed")
            return _response(msg.exception("internal error"))
        return _response(wire)

    async def _answer(self, asked: Asked) -> msg.Wire:
        answer = self._routes.answer(asked)
        if not isinstance(answer, Hold):
            return answer
        wait = answer.wait
        await self._polls.wait(wait.room_id, wait.user_id, wait.hold_s)
        return self._routes.finish(answer)

    async def _read(self, request: Request) -> bytes:
        limit = self._limits.body_bytes
        announced = request.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            raise _BodyRefused(_TOO_BIG, f"at most {limit} bytes are read")
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.read_s):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > limit:
                        raise _BodyRefused(_TOO_BIG, f"at most {limit} bytes are read")
        except TimeoutError:
            raise _BodyRefused(_TOO_SLOW, "the body came too slowly") from None
        return bytes(body)


def build_app(
    routes: Routes, polls: LongPolls, limits: HttpLimits | None = None
) -> Starlette:
    """Return the ASGI application of a room server."""
    door = Door(routes, polls, limits or HttpLimits())
    return Starlette(routes=[Route("/healthz", _healthz), Mount("/", app=door)])


async def _healthz(_request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type=_JSON)


def _asked(request: Request, body: msg.Wire) -> Asked:
    query = _pairs(request.url.query)
    address = request.client.host if request.client else ""
    return Asked(request.method, request.url.path, query, body, address)


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


def _response(wire: msg.Wire, status: int = _OK) -> Response:
    headers = {"connection": "close"} if status != _OK else None
    return Response(msg.dump_json(wire), status, headers, media_type=_JSON)
