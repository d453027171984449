"""
One request to a room server, or to its IM gateway, and its answer.

How the wire is read is said in :mod:`kiosk.room`; here the two meet the network.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TypeVar

import httpx

from kiosk.proxy import Proxy
from kiosk.room.im_requests import (
    ImRequest,
    SayToGroup,
    gateway_path,
    read_gateway_answer,
)
from kiosk.room.messages import (
    REQUEST_ID,
    Bearer,
    Credentials,
    Request,
    RoomType,
    dump_json,
    path_of,
    read_answer,
)
from kiosk.room.requests import HAD_ONCE
from kiosk.room.still_requests import ROOM_IN_QUERY
from kiosk.roomclient.http_door import HttpDoor, Outgoing


T = TypeVar("T")


class HttpExchange:
    """
    Asks one room server.

    Args:
        server_url: As of :class:`HttpDoor`, like the two others.
        transport: Replaces the network in tests.
        tls: Whom to trust.
        proxy: Is gone through, if it leads there.

    Raises:
        ConfigError: If ``server_url`` is no such URL.

    """

    def __init__(
        self,
        server_url: str,
        transport: httpx.AsyncBaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self._door = HttpDoor(server_url, transport, tls, proxy)

    async def ask(
        self,
        request: Request[T],
        credentials: Credentials | Bearer | None,
        deadline_s: float,
        room_type: RoomType = RoomType.DOUBLE,
        *,
        request_id: str = "",
    ) -> T:
        """
        Send one request and read its answer.

        Raises:
            RoomUnreachable: No whole answer within ``deadline_s`` seconds.
            ServerBusy: HTTP 429 or 5xx.
            RoomProtocolError: An answer that makes no sense.
            RoomRefused: Its subclass for the answer's code.

        """
        wire = request.to_wire()
        query = credentials.to_query() if credentials else {}
        headers = credentials.to_headers() if credentials else {}
        if request_id:
            headers[REQUEST_ID] = request_id
        content = None
        if request.IN_QUERY:
            query |= {name: str(value) for name, value in wire.items()}
        else:
            content = dump_json(wire)
            headers["Content-Type"] = "application/json"
        if request.ROUTE in ROOM_IN_QUERY:
            query["roomID"] = str(wire["roomID"])
        path = path_of(request, room_type)
        outgoing = Outgoing(
            name=request.ROUTE,
            method=request.METHOD,
            path=path,
            query=query,
            headers=headers,
            content=content,
            deadline_s=deadline_s,
            once=request.ROUTE in HAD_ONCE and not request_id,
        )
        return read_answer(request, await self._door.send(outgoing))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._door.aclose()


class GatewayExchange:
    """
    Asks one IM gateway.

    Args:
        gateway_url: As of :class:`HttpDoor`, like the two others.
        unix: Wall time in seconds: each command carries it.
        transport: Replaces the network in tests.
        tls: Whom to trust.
        proxy: Is gone through, if it leads there.

    Raises:
        ConfigError: If ``gateway_url`` is no such URL.

    """

    def __init__(
        self,
        gateway_url: str,
        unix: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self._door = HttpDoor(gateway_url, transport, tls, proxy)
        self._unix = unix

    async def ask(
        self, request: ImRequest[T], query: Mapping[str, str], deadline_s: float
    ) -> T:
        """
        Send one command and read its answer.

        Raises:
            RoomUnreachable: No whole answer within ``deadline_s`` seconds.
            ServerBusy: HTTP 429 or 5xx.
            RoomProtocolError: An answer that makes no sense.
            ImRefused: A code other than 0.

        """
        outgoing = Outgoing(
            name=f"IM {request.ROUTE}",
            method="POST",
            path=gateway_path(request),
            query={**query, "reqtime": str(int(self._unix()))},
            headers={"Content-Type": "application/json"},
            content=dump_json(request.to_wire()),
            deadline_s=deadline_s,
            once=isinstance(request, SayToGroup),
        )
        return read_gateway_answer(request, await self._door.send(outgoing))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._door.aclose()
