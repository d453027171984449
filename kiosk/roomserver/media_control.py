"""
Orders to a media server: end this stream now.

nginx-rtmp by its control module, SRS and MediaMTX by their HTTP interfaces.  An
order is given from the event loop and carried out behind it, a few times at most.
One that fails costs nobody the right: the key is already void, so the publisher
cannot come back; it stays until it hangs up by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Never
from urllib.parse import quote

import httpx

from kiosk.room.stream_url import APP
from kiosk.room.wire_json import BadJson, Wire, parse_json
from kiosk.roomserver.media_settings import MediaKind


log = logging.getLogger(__name__)

MAX_ORDERS: Final = 1024
_TRIES: Final = 3
_PAUSE_S: Final = 0.5
_DEADLINE_S: Final = 3.0
_MAX_LIST_BYTES: Final = 1024 * 1024
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Order:
    """
    What is to end.

    Attributes:
        stream: Its name.
        connections: Of it, as the callbacks named them.
        whole: The stream ends with all its connections, known or not.

    """

    stream: str
    connections: tuple[str, ...]
    whole: bool = True


_Carry = Callable[[httpx.AsyncClient, str, Order], Awaitable[None]]


class MediaControl:
    """
    Carries out orders one after the other.

    Args:
        kind: Which media server.
        control_url: Its interface, without a slash at the end; empty: it has none,
            and every order is dropped.
        transport: Replaces the network in tests.

    """

    def __init__(
        self,
        kind: MediaKind,
        control_url: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._carry = _WAYS.get(kind)
        self._url = control_url.rstrip("/")
        self._transport = transport
        self._orders: asyncio.Queue[Order] = asyncio.Queue(MAX_ORDERS)

    def cut(
        self, stream: str, connections: tuple[str, ...], *, whole: bool = True
    ) -> None:
        """Order an end; returns at once and never raises."""
        if self._carry is None or not self._url:
            return
        try:
            self._orders.put_nowait(Order(stream, connections, whole))
        except asyncio.QueueFull:
            log.warning("stream not cut", extra={"stream": stream, "reason": "busy"})

    async def run(self) -> Never:
        """Carry orders out for ever."""
        async with httpx.AsyncClient(
            transport=self._transport,
            timeout=_DEADLINE_S,
            trust_env=False,
            follow_redirects=False,
        ) as client:
            while True:
                await self._carry_out(client, await self._orders.get())

    async def _carry_out(self, client: httpx.AsyncClient, order: Order) -> None:
        carry = self._carry
        if carry is None:
            return
        reason = ""
        for _ in range(_TRIES):
            try:
                async with asyncio.timeout(_DEADLINE_S):
                    await carry(client, self._url, order)
            except (httpx.HTTPError, BadJson, TimeoutError) as error:
                reason = type(error).__name__
                await asyncio.sleep(_PAUSE_S)
            else:
                log.info("stream cut", extra={"stream": order.stream})
                return
        log.warning("stream not cut", extra={"stream": order.stream, "reason": reason})


async def _nginx(client: httpx.AsyncClient, url: str, order: Order) -> None:
    """Drop by name: nginx-rtmp's control module, ``/drop/publisher``."""
    query = {"app": APP, "name": order.stream}
    one_by_one = [{**query, "clientid": known} for known in order.connections]
    for wanted in [query] if order.whole else one_by_one:
        for whom in ("publisher", "subscriber"):
            answer = await client.get(f"{url}/drop/{whom}", params=wanted)
            answer.raise_for_status()


async def _srs(client: httpx.AsyncClient, url: str, order: Order) -> None:
    """Kick every client the callbacks named: ``DELETE /api/v1/clients/ID``."""
    for connection in order.connections:
        path = f"{url}/api/v1/clients/{quote(connection, safe='')}"
        answer = await client.delete(path)
        answer.raise_for_status()


async def _mediamtx(client: httpx.AsyncClient, url: str, order: Order) -> None:
    """Look the stream's connections up, then kick them: ``/v3/rtmpconns``."""
    for kind in ("rtmpconns", "rtmpsconns"):
        listed = await client.get(
            f"{url}/v3/{kind}/list", params={"itemsPerPage": "1000"}
        )
        if listed.status_code == _NOT_FOUND:
            continue  # the server of that kind is switched off
        listed.raise_for_status()
        there = _connections_in(listed.content, f"{APP}/{order.stream}")
        for connection in there:
            if not order.whole and connection not in order.connections:
                continue
            path = f"{url}/v3/{kind}/kick/{quote(connection, safe='')}"
            kicked = await client.post(path)
            if kicked.status_code != _NOT_FOUND:  # it just left
                kicked.raise_for_status()


def _connections_in(body: bytes, path: str) -> list[str]:
    items = parse_json(body, _MAX_LIST_BYTES).get("items")
    if not isinstance(items, list):
        raise BadJson("a list of items is expected")
    found: list[str] = []
    for item in items:  # pyright: ignore[reportUnknownVariableType]
        if isinstance(item, dict):
            wire: Wire = item  # pyright: ignore[reportUnknownVariableType]
            if wire.get("path") == path and isinstance(wire.get("id"), str):
                found.append(str(wire["id"]))
    return found


_WAYS: Mapping[MediaKind, _Carry] = {
    MediaKind.NGINX: _nginx,
    MediaKind.SRS: _srs,
    MediaKind.MEDIAMTX: _mediamtx,
}
