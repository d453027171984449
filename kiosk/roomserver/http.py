"""
HTTP as the originals understood it, and not a byte more than that.

Bodies: JSON, ``text/xml`` that holds JSON, forms; anything else is seen as empty.
Sizes and deadlines were enforced before, by :mod:`kiosk.roomserver.border`.  Every
domain outcome is 200 with a code.  No CORS headers, and no query in any log: queries
carry tokens.  Deciding is for :mod:`kiosk.roomserver.routes`.
"""

from __future__ import annotations

import logging
from urllib.parse import unquote_plus

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Asked, CloudCall, Hold, Page, Written, retry_after
from kiosk.roomserver.cloud import Cloud, no_cloud
from kiosk.roomserver.http_message import JSON, HttpAnswer, HttpRequest, json_answer
from kiosk.roomserver.long_polls import LongPolls, Wait
from kiosk.roomserver.routes import Answer, Routes
from kiosk.roomserver.store_ledger import ForgetfulLedger, StoreAway, Turns


log = logging.getLogger(__name__)

_MAX_QUERY_FIELDS = 32
_AWAY, _AWAY_RETRY_S = 503, 2
_JSON_TYPES = frozenset({"application/json", "text/xml"})
_FORM_TYPE = "application/x-www-form-urlencoded"
_HEALTHY = json_answer({"status": "ok"})


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

    async def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request."""
        if request.path == "/healthz":
            return _HEALTHY
        try:
            answer = await self._answer_in_order(_asked(request))
        except (msg.BadJson, msg.BadRequest) as error:
            return json_answer(msg.exception(str(error)))
        except StoreAway as away:
            return _answer_of(away_page(away))
        except Exception:
            # The end of the line for this request; the next one is served.
            log.exception("route failed")
            return json_answer(msg.exception("internal error"))
        if isinstance(answer, Written):
            return HttpAnswer(answer.body)
        return _answer_of(answer) if isinstance(answer, Page) else json_answer(answer)

    async def _answer_in_order(self, asked: Asked) -> msg.Wire | Written | Page:
        if not self._routes.repeats.counts(asked):  # as most: nothing to wait for
            return await self._answer(asked)
        async with self._routes.repeats.in_order(asked):
            return await self._answer(asked)

    async def _answer(self, asked: Asked) -> msg.Wire | Written | Page:
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
                call, whole = answer, answer.finish(await self._cloud(answer))
                await self._turns.turn(lambda: call.settle(whole))
                return whole
            if not isinstance(answer, Hold):
                return answer
            await waits[-1].over(answer.wait.hold_s)
        finally:
            for wait in waits:
                self._polls.end(wait)
        hold, retry_ms = answer, self._polls.retry_ms()
        return await self._turns.turn(lambda: self._routes.finish(hold, retry_ms))


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
    kind = request.content_type.partition(";")[0].strip().lower()
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


def _answer_of(page: Page) -> HttpAnswer:
    return HttpAnswer(page.body, page.media_type, page.status, page.headers)
