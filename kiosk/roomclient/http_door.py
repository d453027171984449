"""
A client's way to one HTTP server, within limits.

The other side is believed nothing: a total deadline over connecting, sending
and reading (httpx has none), no redirects, no compression (a bomb is refused,
not inflated), 64 headers, 256 KiB.  Every failure becomes one ``RoomError``
whose text names what was asked and the cause and quotes neither URL nor body.
Nothing is logged here, and httpx is kept from logging, of original
servers the query holds the token.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Final, cast
from urllib.parse import urlsplit

import httpx

from kiosk.errors import ConfigError, RoomProtocolError, RoomUnreachable
from kiosk.proxy import Proxy, ProxyRefused
from kiosk.room.messages import RouteUnknown
from kiosk.room.script import LinesBusy, ServerBusy
from kiosk.roomclient.cancelling import within
from kiosk.roomclient.connections import ONCE, RoomTransport
from kiosk.tls import trouble_of, trusting


MAX_BODY_BYTES: Final = 256 * 1024
MAX_HEADERS: Final = 64
_OK = 200
_UNKNOWN_HERE = frozenset({404, 405})
_TOO_MANY_REQUESTS = 429
_SERVER_TROUBLE = 500
_MAX_RETRY_AFTER_DIGITS = 5
_SIGN_IN = "does this network need a sign-in?"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """
    One request.

    Attributes:
        name: What errors call it.
        path: With its leading slash, below the server's address.
        query: May hold secrets, as the headers may.
        content: JSON, if there is a body.
        deadline_s: From the first byte sent to the last byte read.
        once: Its effect must come once, and nothing sees to that.

    """

    name: str
    method: str
    path: str
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    deadline_s: float
    once: bool = False


class HttpDoor:
    """
    Sends requests to one server.

    Args:
        server_url: ``http(s)://host:port``, with or without a path or a
            trailing slash.
        transport: Replaces the network.
        tls: Whom to trust; the system's authorities by default.
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
        self._base, self._host = _split(server_url)
        if proxy is not None and proxy.leads_to(urlsplit(server_url).hostname or ""):
            self._host += f" through {proxy.name}"
        _silence_httpx()
        self._client = httpx.AsyncClient(
            transport=transport or room_transport(self._base, tls, proxy),
            headers={"Accept-Encoding": "identity", "User-Agent": "kiosk"},
            follow_redirects=False,
            timeout=None,  # noqa: S113 - asyncio.timeout is total, httpx's is not
            trust_env=False,
        )

    async def send(self, request: Outgoing) -> bytes:
        """
        Send one request and read the body of its answer.

        Raises:
            RoomUnreachable: No whole answer before the deadline.
            ServerBusy: HTTP 429 or 5xx.
            RoomProtocolError: An answer that makes no sense.

        """
        name = request.name
        try:
            return await within(request.deadline_s, partial(self._exchange, request))
        except TimeoutError:
            raise RoomUnreachable(
                f"{name}: no whole answer from {self._host} within "
                f"{request.deadline_s:.1f} s"
            ) from None
        except httpx.TransportError as error:
            raise RoomUnreachable(
                f"{name}: {self._host} did not answer ({_cause(error)})"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RoomProtocolError(f"{name}: {type(error).__name__}") from None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _exchange(self, request: Outgoing) -> bytes:
        outgoing = self._client.build_request(
            request.method,
            self._base + request.path,
            params=dict(request.query) or None,
            content=request.content,
            headers=request.headers,
            extensions={ONCE: request.once},
        )
        response = await self._client.send(outgoing, stream=True)
        try:
            _judge_head(request.name, response)
            body = await _read(request.name, response)
        finally:
            await response.aclose()
        _refuse_web_page(request.name, response, body)
        return body


def _split(server_url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(server_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"} or parts.query:
        raise ConfigError(
            ("the room server's address must look like https://host:port",)
        )
    shown = f"[{host}]" if ":" in host else host
    return server_url.rstrip("/"), f"{shown}:{port}" if port else shown


def room_transport(
    server_url: str, tls: ssl.SSLContext | None = None, proxy: Proxy | None = None
) -> RoomTransport:
    """Return the network as the room client uses it; arguments of :class:`HttpDoor`."""
    return RoomTransport(tls or _trust(server_url), proxy=proxy)


def _trust(base: str) -> ssl.SSLContext:
    # Loading the authorities takes 20 ms and more; plain HTTP needs none.
    if base.startswith("https:"):
        return trusting()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _silence_httpx() -> None:
    # Both write whole URLs, tokens included, from INFO and DEBUG downwards.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _cause(error: httpx.TransportError) -> str:
    """Name what went wrong; a certificate that is not trusted above all."""
    if isinstance(error, httpx.RemoteProtocolError):
        return "what came is no HTTP; is the room server's address right?"
    under: BaseException | None = error
    while under is not None and not isinstance(under, OSError):
        under = under.__cause__ or under.__context__
    if isinstance(under, ProxyRefused):
        return str(under)
    return _words_for(under) or type(error).__name__


def _words_for(under: BaseException | None) -> str:
    match under:
        case ssl.SSLError():
            return trouble_of(under)
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number).lower()
        case OSError(strerror=str(words)):
            return words.lower()
        case _:
            return ""


def _judge_head(route: str, response: httpx.Response) -> None:
    status = response.status_code
    if len(response.headers.raw) > MAX_HEADERS:
        raise RoomProtocolError(f"{route}: more than {MAX_HEADERS} headers")
    if status in _UNKNOWN_HERE:
        raise RouteUnknown(
            f"{route}: HTTP {status}; is the room server's address right?"
        )
    if status == _TOO_MANY_REQUESTS or status >= _SERVER_TROUBLE:
        kind = LinesBusy if status == _TOO_MANY_REQUESTS else ServerBusy
        raise kind(f"{route}: HTTP {status}", _retry_after(response))
    if response.is_redirect:
        raise RoomProtocolError(f"{route}: HTTP {status} sends us away; {_SIGN_IN}")
    if status != _OK:
        raise RoomProtocolError(f"{route}: HTTP {status} is no answer")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise RoomProtocolError(f"{route}: compressed, though that was not asked for")
    length = response.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:12]) > MAX_BODY_BYTES:
        raise _too_long(route)


async def _read(route: str, response: httpx.Response) -> bytes:
    body = bytearray()
    # Closed here and now: one that is left half read is closed by the collector.
    async with aclosing(
        cast("AsyncGenerator[bytes, None]", response.aiter_raw())
    ) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise _too_long(route)
    return bytes(body)


def _refuse_web_page(route: str, response: httpx.Response, body: bytes) -> None:
    # Content types are not law here: originals and proxies disagree on them.
    html = "html" in response.headers.get("content-type", "").lower()
    if html or body.lstrip()[:1] == b"<":
        raise RoomProtocolError(f"{route}: a web page instead of JSON; {_SIGN_IN}")


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    short = text.isdecimal() and len(text) <= _MAX_RETRY_AFTER_DIGITS
    return float(text) if short else 0.0


def _too_long(route: str) -> RoomProtocolError:
    return RoomProtocolError(f"{route}: an answer of more than {MAX_BODY_BYTES} bytes")
