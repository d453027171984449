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
from kiosk.roomserver.asking import Asked, CloudCall, Hold, Page
from kiosk.roomserver.cloud import Cloud, no_cloud
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.routes import Routes


log = logging.getLogger(__name__)

_JSON = "application/json; charset=utf-8"
_MAX_QUERY_FIELDS = 32
_JSON_TYPES = frozenset({"application/json", "text/xml"})
_FORM_TYPE = "application/x-www-form-urlencoded"


class Door:
    """
    The ASGI application below ``/``: reads, asks the routes, answers.

    No exception of a route leaves it: that is code -1 and a traceback in the
    log, and the server goes on.
    """

    def __init__(
        self, routes: Routes, polls: LongPolls, cloud: Cloud = no_cloud
    ) -> None:
        self._routes = routes
        self._polls = polls
        self._cloud = cloud

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
        except Exception:
            # The end of the line for this request; the next one is served.
            log.exception("route failed")
            return _response(msg.exception("internal error"))
        return _page(answer) if isinstance(answer, Page) else _response(answer)

    async def _answer(self, asked: Asked) -> msg.Wire | Page:
        answer = self._routes.answer(asked)
        if isinstance(answer, CloudCall):
            return answer.finish(await self._cloud(answer))
        if not isinstance(answer, Hold):
            return answer
        wait = answer.wait
        await self._polls.wait(wait.room_id, wait.user_id, wait.hold_s)
        return self._routes.finish(answer)


def build_app(routes: Routes, polls: LongPolls, cloud: Cloud = no_cloud) -> Starlette:
    """Return the ASGI application of a room server; ``cloud`` asks Tencent's."""
    door = Door(routes, polls, cloud)
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


def _page(page: Page) -> Response:
    headers = dict(page.headers)
    return Response(page.body, page.status, headers, media_type=page.media_type)


def _response(wire: msg.Wire) -> Response:
    return Response(msg.dump_json(wire), media_type=_JSON)
