"""
The room protocol as it passes, for people, without anything that opens a door.

Only what is on a list of names is written out, so that a secret which is new to the
protocol is not shown either: no header, no query, no key, no stream URL.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, cast

import httpx
from typing_extensions import override

from kiosk.config.values import is_loopback
from kiosk.ports import Clock
from kiosk.simulator.cable import HOST, Cable


SHOWN: Final = frozenset(
    {
        "afterSeq",
        "ahead",
        "audience",
        "cmd",
        "cnt",
        "code",
        "epoch",
        "event",
        "events",
        "health",
        "heartbeatS",
        "holdS",
        "index",
        "message",
        "position",
        "pushers",
        "reason",
        "resync",
        "retryMs",
        "roomCreator",
        "roomID",
        "roomInfo",
        "roomName",
        "rooms",
        "seq",
        "state",
        "stopping",
        "targets",
        "text",
        "type",
        "userID",
        "userName",
    }
)
"""Members of the protocol's objects that say who, where and what, and open nothing."""

LONGEST: Final = 20
_LARGEST = 65_536
_OK = 200
_WITHHELD = "…"

Tell = Callable[[Mapping[str, Any]], None]


class RoomLog(httpx.AsyncBaseTransport):
    """
    Carries requests as another transport does, by way of a cable, and tells of them.

    Args:
        transport: Carries them; closed with this one.
        cable: Leads to servers on this machine.
        clock: Stamps the lines.
        tell: Gets a line for each request, and one for how it ended.

    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        cable: Cable,
        clock: Clock,
        tell: Tell,
    ) -> None:
        self._transport = transport
        self._cable = cable
        self._clock = clock
        self._tell = tell

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, whose body is told as it is read."""
        route = request.url.path.rpartition("/")[2]
        self._say("→", route, readable(request.content))
        self._lead(request)
        try:
            answer = await self._transport.handle_async_request(request)
        except httpx.TransportError as error:
            self._say("←", route, type(error).__name__, bad=True)
            raise
        heard = _Heard(answer, lambda body: self._answered(route, answer, body))
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=heard,
            extensions=answer.extensions,
        )

    @override
    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    def _lead(self, request: httpx.Request) -> None:
        url = request.url
        if not is_loopback(url.host):
            return
        port = url.port or (443 if url.scheme == "https" else 80)
        request.extensions.setdefault("sni_hostname", url.host)
        cabled = self._cable.port_to(url.host, port)
        request.url = url.copy_with(host=HOST, port=cabled)

    def _answered(self, route: str, answer: httpx.Response, body: bytes) -> None:
        said = readable(body)
        refused = answer.status_code != _OK or '"code": 0' not in said
        status = f"HTTP {answer.status_code} " if refused else ""
        self._say("←", route, status + said, bad=refused)

    def _say(self, way: str, what: str, said: str, *, bad: bool = False) -> None:
        line = {"at_us": self._clock.now(), "way": way, "what": what, "said": said}
        self._tell({**line, "bad": bad})


class _Heard(httpx.AsyncByteStream):
    """An answer's body, told once it is read whole."""

    def __init__(
        self, answer: httpx.Response, on_whole: Callable[[bytes], None]
    ) -> None:
        self._stream = cast("httpx.AsyncByteStream", answer.stream)
        self._on_whole = on_whole

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        body = bytearray()
        async for chunk in self._stream:
            if len(body) <= _LARGEST:
                body += chunk
            yield chunk
        self._on_whole(bytes(body))

    @override
    async def aclose(self) -> None:
        await self._stream.aclose()


def readable(body: bytes) -> str:
    """Return what may be shown of a body; of one that is no JSON only its size."""
    if not body:
        return ""
    try:
        wire: object = json.loads(body[:_LARGEST])
    except (ValueError, RecursionError):
        return f"{len(body)} bytes"
    return json.dumps(_shown(wire), ensure_ascii=False)


def _shown(wire: object) -> object:
    match wire:
        case dict():
            members = cast("dict[str, object]", wire).items()
            return {
                name: _shown(value) if name in SHOWN else _WITHHELD
                for name, value in members
            }
        case list():
            return [_shown(each) for each in cast("list[object]", wire)]
        case str() if "://" in wire:
            return _WITHHELD
        case str() if len(wire) > LONGEST:
            return f"{wire[:LONGEST]}{_WITHHELD}"
        case _:
            return wire
