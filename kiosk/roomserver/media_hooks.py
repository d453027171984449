"""
The questions of foreign media servers: may this one push, may that one play?

nginx-rtmp posts forms, SRS and MediaMTX post JSON; the same gate answers all.  A
callback shows the shared secret in its query, which nothing logs.  A publisher
can put fields of his own beside those of nginx-rtmp, so a field that comes twice
is a refusal, whoever sent it.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.room.fields import MAX_URL_BYTES, BadRequest, Fields
from kiosk.room.stream_ticket import FIELDS
from kiosk.room.wire_json import BadJson, Wire, parse_json
from kiosk.roomserver.backend_remote import LiveStreams
from kiosk.roomserver.gate import StreamGate
from kiosk.roomserver.media_settings import MediaKind
from kiosk.roomserver.relay_terms import Authorize, Refusal
from kiosk.roomserver.store_ledger import StoreAway, Turns


log = logging.getLogger(__name__)

_MAX_FIELDS: Final = 32
_SIGNED: Final = (*FIELDS, "txSecret", "txTime")
_ALLOWED, _REFUSED, _NONSENSE = 200, 403, 400
_ASKS: Final = frozenset({"publish", "play"})


class HookRefused(Exception):
    """A callback that makes no sense; the text says why, without a secret."""


@dataclass(frozen=True, slots=True)
class Question:
    """One callback, whoever sent it; ``verb`` is ours."""

    verb: str
    app: str
    stream: str
    connection: str
    query: str


class MediaHooks:
    """
    Answers the callbacks of one kind of media server.

    Args:
        secret: What the media server has to show.
        turns: Who lets the gate be asked.

    """

    def __init__(
        self,
        kind: MediaKind,
        secret: bytes,
        gate: StreamGate,
        live: LiveStreams,
        turns: Turns,
    ) -> None:
        self._kind = kind
        self._secret = secret
        self._gate = gate
        self._live = live
        self._turns = turns
        # MediaMTX authenticates before there is media, and tells no player's end.
        self._tells_ends = kind is not MediaKind.MEDIAMTX

    def routes(self) -> list[Route]:
        """Return the one route: ``POST /media/KIND?secret=``."""
        return [Route(f"/media/{self._kind.value}", self._answer, methods=["POST"])]

    def judge(self, question: Question) -> str | None:
        """Return None, or why not; note what begins and ends."""
        stream, connection = question.stream, question.connection
        refusal = None
        match question.verb:
            case "publish":
                refusal = self._admit(question, self._gate.authorize_publish)
                if refusal is None and self._tells_ends:
                    self._live.published(stream, connection)
            case "play":
                refusal = self._admit(question, self._gate.authorize_play)
                if refusal is None and self._tells_ends:
                    self._live.played(stream, connection)
            case "ready":
                self._live.published(stream, connection)
            case "unpublish":
                self._live.unpublished(stream, connection)
            case "stop":
                self._live.stopped(stream, connection)
            case _:
                refusal = "nobody here answers that"
        return refusal

    def _admit(self, question: Question, authorize: Authorize) -> str | None:
        permit = authorize(question.app, question.stream, question.query)
        if isinstance(permit, Refusal):
            return permit.reason
        self._live.permitted(question.stream, question.connection, permit)
        return None

    async def _answer(self, request: Request) -> Response:
        shown = request.query_params.get("secret", "")
        if not hmac.compare_digest(shown.encode(), self._secret):
            return _said(_REFUSED)
        kind = request.headers.get("content-type", "").split(";")[0].strip()
        try:
            question = READERS[self._kind](await request.body(), kind)
        except ClientDisconnect:
            return _said(_NONSENSE)
        except (HookRefused, BadJson, BadRequest) as error:
            log.warning("callback not understood", extra={"reason": str(error)})
            return _said(_NONSENSE)
        refusal = await self._refusal(question)
        if refusal is not None:
            log.info(
                "stream refused",
                extra={"verb": question.verb, "reason": refusal},
            )
        return _said(_ALLOWED if refusal is None else _REFUSED)

    async def _refusal(self, question: Question) -> str | None:
        if question.verb not in _ASKS:  # it happened, whether there is a store or not
            return self.judge(question)
        try:
            return await self._turns.turn(lambda: self.judge(question))
        except StoreAway as away:
            return str(away)


def _said(status: int) -> Response:
    """Answer all three dialects at once: SRS reads the code, the others the status."""
    code = b"0" if status == _ALLOWED else str(status).encode()
    return Response(b'{"code":' + code + b"}", status, media_type="application/json")


def read_nginx(body: bytes, kind: str) -> Question:
    """
    Read nginx-rtmp's form: its fields, then those of the stream's URL.

    nginx-rtmp keeps 255 bytes of a stream's name with its query.

    Raises:
        HookRefused: It is none, or a field comes twice.

    """
    form = _form(body)
    verb = {
        "publish": "publish",
        "publish_done": "unpublish",
        "play": "play",
        "play_done": "stop",
    }.get(form.get("call", ""), "")
    signed = urlencode([(name, form[name]) for name in _SIGNED if name in form])
    return Question(
        verb,
        form.get("app", ""),
        form.get("name", ""),
        form.get("clientid", ""),
        signed,
    )


def read_srs(body: bytes, kind: str) -> Question:
    """Read SRS's JSON; ``param`` is the query with its question mark."""
    fields = Fields(parse_json(body))
    verb = {
        "on_publish": "publish",
        "on_unpublish": "unpublish",
        "on_play": "play",
        "on_stop": "stop",
    }.get(fields.text("action"), "")
    query = fields.optional_text("param", MAX_URL_BYTES).removeprefix("?")
    return Question(
        verb,
        fields.text("app"),
        fields.text("stream"),
        _connection_of(parse_json(body)),
        query,
    )


def read_mediamtx(body: bytes, kind: str) -> Question:
    """Read MediaMTX's authentication (JSON), or the form its samples' hooks post."""
    if kind != "application/json":
        form = _form(body)
        verb = {"ready": "ready", "notready": "unpublish"}.get(form.get("call", ""), "")
        app, _, stream = form.get("path", "").partition("/")
        return Question(verb, app, stream, "source", "")
    fields = Fields(parse_json(body))
    verb = {"publish": "publish", "read": "play"}.get(fields.text("action"), "")
    app, _, stream = fields.text("path").partition("/")
    query = fields.optional_text("query", MAX_URL_BYTES)
    return Question(verb, app, stream, fields.optional_text("id"), query)


READERS: Mapping[MediaKind, Callable[[bytes, str], Question]] = {
    MediaKind.NGINX: read_nginx,
    MediaKind.SRS: read_srs,
    MediaKind.MEDIAMTX: read_mediamtx,
}


def _connection_of(wire: Wire) -> str:
    """Return SRS's client_id: a text since SRS 4, a number before."""
    connection = wire.get("client_id")
    return str(connection) if isinstance(connection, str | int) else ""


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS
        )
    except ValueError:
        raise HookRefused("it is no form of plain ASCII, or too long") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise HookRefused("a field comes twice")
    return form
