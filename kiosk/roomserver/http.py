"""
HTTP as the originals understood it, and not a byte more than that.

Bodies: JSON, ``text/xml`` that holds JSON, forms; anything else is seen as empty.
Sizes and deadlines were enforced before, by :mod:`kiosk.roomserver.border`.  Every
domain outcome is 200 with a code.  No CORS headers, and no query in any log: queries
carry tokens.  Deciding is for :mod:`kiosk.roomserver.routes`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TypeAlias
from urllib.parse import unquote_plus

from kiosk.room import messages as msg
from kiosk.roomserver.admission import RouteClass, class_of
from kiosk.roomserver.asking import Asked, CloudCall, Hold, Page, Written, retry_after
from kiosk.roomserver.cloud import Cloud, no_cloud
from kiosk.roomserver.http_message import (
    JSON,
    Answered,
    HttpAnswer,
    HttpRequest,
    json_answer,
)
from kiosk.roomserver.long_polls import LongPolls, Wait
from kiosk.roomserver.pending import Pending
from kiosk.roomserver.routes import Answer, Routes
from kiosk.roomserver.store_ledger import ForgetfulLedger, StoreAway, Turns


log = logging.getLogger(__name__)

_MAX_QUERY_FIELDS = 32
_AWAY, _AWAY_RETRY_S = 503, 2
_JSON_TYPES = frozenset({"application/json", "text/xml"})
_FORM_TYPE = "application/x-www-form-urlencoded"
_HEALTHY = json_answer({"status": "ok"})

_Whole: TypeAlias = msg.Wire | Written | Page


class Door:
    """
    Everything below ``/``: reads, asks the routes in a turn, answers.

    No exception of a route leaves it: that is code -1 and a traceback in the
    log, and the server goes on.  Without a turn the answer is HTTP 503.

    Args:
        routes: Answer.
        polls: Where members wait.
        cloud: Asks Tencent's.
        turns: Who lets the routes be asked; by default they always may.

    """

    def __init__(
        self,
        routes: Routes,
        polls: LongPolls,
        cloud: Cloud = no_cloud,
        turns: Turns | None = None,
    ) -> None:
        self._routes = routes
        self._polls = polls
        self._cloud = cloud
        self._turns = turns or ForgetfulLedger()

    def __call__(self, request: HttpRequest) -> Answered:
        """Answer one request, at once if nothing has to be waited for."""
        if request.path == "/healthz":
            return _HEALTHY
        try:
            asked = _asked(request)
            if self._waits(asked):
                return Pending(lambda: _sent(self._in_order(asked)))
            answer = self._turns.at_once(lambda: self._routes.answer(asked))
        except Exception as error:  # noqa: BLE001 -- the end of the line for this request
            return _failure(error)
        if isinstance(answer, Pending | CloudCall | Hold):
            return Pending(lambda: _sent(self._over(asked, answer)))
        return _answer_of(answer)

    def _waits(self, asked: Asked) -> bool:
        """Say whether a request may wait for an event, or for its own repetition."""
        route = asked.path.rpartition("/")[2]
        return class_of(route) is RouteClass.POLL or self._routes.repeats.counts(asked)

    async def _over(
        self, asked: Asked, begun: Pending[Answer] | CloudCall | Hold
    ) -> _Whole:
        """Wait for what a request began with."""
        answer = await begun if isinstance(begun, Pending) else begun
        if isinstance(answer, CloudCall):
            return await self._by_cloud(answer)
        if isinstance(answer, Hold):  # its path was written oddly
            return await self._in_order(asked)
        return answer

    async def _in_order(self, asked: Asked) -> _Whole:
        if not self._routes.repeats.counts(asked):
            return await self._answer(asked)
        async with self._routes.repeats.in_order(asked):
            return await self._answer(asked)

    async def _answer(self, asked: Asked) -> _Whole:
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
                return await self._by_cloud(answer)
            if not isinstance(answer, Hold):
                return answer
            await waits[-1].over(answer.wait.hold_s)
        finally:
            for wait in waits:
                self._polls.end(wait)
        hold, retry_ms = answer, self._polls.retry_ms()
        return await self._turns.turn(lambda: self._routes.finish(hold, retry_ms))

    async def _by_cloud(self, call: CloudCall) -> msg.Wire:
        whole = call.finish(await self._cloud(call))
        await self._turns.turn(lambda: call.settle(whole))
        return whole


async def _sent(coming: Awaitable[_Whole]) -> HttpAnswer:
    try:
        return _answer_of(await coming)
    except Exception as error:  # noqa: BLE001 -- the end of the line for this request
        return _failure(error)


def _failure(error: Exception) -> HttpAnswer:
    """Return what is answered in place of an answer; the next request is served."""
    if isinstance(error, msg.BadJson | msg.BadRequest):
        return json_answer(msg.exception(str(error)))
    if isinstance(error, StoreAway):
        return _answer_of(away_page(error))
    log.error("route failed", exc_info=error)
    return json_answer(msg.exception("internal error"))


def _asked(request: HttpRequest) -> Asked:
    return Asked(
        request.method,
        request.path,
        _pairs(request.query),
        _wire_of(request),
        request.address,
        request.authorization,
        request.request_id,
        from_page=b"\r\norigin:" in request.fields.lower(),
    )


def _wire_of(request: HttpRequest) -> msg.Wire:
    if not request.body:
        return {}
    kind = request.content_type
    if kind not in _JSON_TYPES:  # as most write it
        kind = kind.partition(";")[0].strip().lower()
    if kind in _JSON_TYPES:
        return msg.parse_json(request.body)
    if kind == _FORM_TYPE:
        return {**_pairs(request.body.decode("utf-8", errors="replace"))}
    return {}


def _pairs(text: str) -> dict[str, str]:
    if not text:
        return {}
    pairs = [part for part in text.split("&") if part]
    if len(pairs) > _MAX_QUERY_FIELDS:
        raise msg.BadJson(f"more than {_MAX_QUERY_FIELDS} fields")
    fields: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        fields[name] = value
    if len(fields) != len(pairs):
        raise msg.BadJson("a field appears twice")
    return fields


def away_page(away: StoreAway) -> Page:
    """Return what a client is told while nothing can be written or known."""
    body = msg.dump_json(msg.exception(str(away)))
    return Page(body, JSON, _AWAY, retry_after(_AWAY_RETRY_S))


def _answer_of(answer: _Whole) -> HttpAnswer:
    if isinstance(answer, Written):
        return HttpAnswer(answer.body)
    if isinstance(answer, Page):
        body, media_type = answer.body, answer.media_type
        return HttpAnswer(body, media_type, answer.status, answer.headers)
    return json_answer(answer)
