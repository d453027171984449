"""
Carries a signed call to the cloud: the one place that asks somebody else's server.

Where to is fixed by the configuration, never by a client.  Redirects are not
followed, the answer is bounded in time and size, and whatever goes wrong is no
answer; the URL, which is signed, is never logged.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import cache
from typing import TypeAlias, cast

import httpx

from kiosk.roomserver.asking import CloudCall
from kiosk.tls import trusting


log = logging.getLogger(__name__)

DEADLINE_S = 5.0
MAX_BYTES = 64 * 1024
_OK = 200
_PLAIN = {"Accept-Encoding": "identity"}
_FORM = {**_PLAIN, "Content-Type": "application/x-www-form-urlencoded"}
"""What the original announces, though the body is JSON text (protocol section 6.1)."""

Cloud: TypeAlias = Callable[[CloudCall], Awaitable[bytes | None]]


async def no_cloud(_call: CloudCall) -> bytes | None:
    """Ask nobody."""
    return None


async def ask_cloud(
    call: CloudCall, transport: httpx.AsyncBaseTransport | None = None
) -> bytes | None:
    """Return the body of the cloud's answer, or None where there is none."""
    try:
        async with (
            asyncio.timeout(DEADLINE_S),
            httpx.AsyncClient(
                transport=transport,
                verify=_authorities(),
                trust_env=False,
                follow_redirects=False,
            ) as client,
        ):
            return await _exchange(client, call)
    except (TimeoutError, httpx.HTTPError) as error:
        log.warning("cloud not asked", extra={"reason": type(error).__name__})
        return None


@cache
def _authorities() -> ssl.SSLContext:
    """Load whom this machine trusts, once: that takes 20 ms of the event loop."""
    return trusting()


async def _exchange(client: httpx.AsyncClient, call: CloudCall) -> bytes | None:
    method, headers = ("POST", _FORM) if call.body else ("GET", _PLAIN)
    body = bytearray()
    async with client.stream(
        method, call.url, content=call.body, headers=headers
    ) as answer:
        if answer.status_code != _OK:
            log.warning("cloud refused", extra={"status": answer.status_code})
            return None
        async with aclosing(
            cast("AsyncGenerator[bytes, None]", answer.aiter_bytes())
        ) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > MAX_BYTES:
                    log.warning("cloud answer too long", extra={"bytes": len(body)})
                    return None
    return bytes(body)
