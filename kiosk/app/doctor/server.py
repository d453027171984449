"""
The room server, as a stranger sees it: reachable, trusted, and of one time with us.

No login is spent on it: one under the kiosk's name would void the kiosk's own.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx

from kiosk.app.doctor.check import Check, failure, good, skipped, warning
from kiosk.app.network_truth import NetworkTruth
from kiosk.app.trust import client_context
from kiosk.config.schema import KioskConfig
from kiosk.errors import ConfigError
from kiosk.proxy import Proxy
from kiosk.roomclient.connections import RoomTransport


PATIENCE_S: Final = 5.0
WRONG_CLOCK_S: Final = 120.0
SOON_S: Final = 14 * 86_400.0
_HELLO: Final = b"\x03" + bytes(1536)
"""C0 and C1 of an RTMP handshake, version 3 (Adobe, RTMP 1.0, section 5.2)."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an answer's head says: when its certificate ends, and the time there."""

    ends: float | None
    date: str


def look_at_server(
    config: KioskConfig, now_s: float, patience_s: float = PATIENCE_S
) -> Iterator[Check]:
    """
    Look at the way to the server, ask it anything at all, judge how it answers.

    Args:
        config: Of the kiosk.
        now_s: Wall time in seconds since 1970.
        patience_s: For all of it: httpx knows a deadline for each read only, and one
            byte a second would hold the examination for ever.

    """
    url = config.room.server
    truth = NetworkTruth(url, proxy=config.network.way)
    way = asyncio.run(truth.look()).probe()
    if way.wrong:
        yield failure("network", f"{way.found}: {way.wrong}", way.cure)
    else:
        yield good("network", way.found)
    if config.network.proxy_user and not config.network.proxy_password:
        # A proxy counts wrong passwords, and so would it none at all.
        told = "not asked: the password of the proxy is root's; sudo kiosk doctor"
        yield skipped("room server", told)
        return
    try:
        answer = asyncio.run(_ask(config, patience_s))
    except ConfigError as error:
        yield failure("certificates", str(error), "mend [network]: nobody is asked")
    except TimeoutError:
        told = f"no whole answer in {patience_s:g} s"
        yield failure("room server", f"{url}: {told}", _cure(told))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ssl.SSLError) as error:
        told = str(error) or type(error).__name__
        yield failure("room server", f"{url}: {told}", _cure(told))
    else:
        yield good("room server", f"{url} answers")
        yield _trust(url, answer.ends, now_s)
        yield _time(answer.date, now_s)


async def _ask(config: KioskConfig, patience_s: float) -> _Answer:
    """Read the head of an answer, and nothing of its body."""
    tls = client_context(config.network)
    way = RoomTransport(tls, proxy=config.network.way)
    async with (
        asyncio.timeout(patience_s),
        httpx.AsyncClient(transport=way, timeout=None, trust_env=False) as client,  # noqa: S113 -- ours is total
        client.stream("GET", config.room.server) as answer,
    ):
        return _Answer(_ends(answer), answer.headers.get("date", ""))


def _cure(told: str) -> str:
    if "the proxy " in told:
        return "see to [network] proxy, or to the proxy itself, as it says"
    if "CERTIFICATE" in told.upper():
        return "see to [network] ca_file and to the clock of this machine"
    return "see to the cable, the address of [room] server and the site's firewall"


def _trust(url: str, ends: float | None, now_s: float) -> Check:
    if ends is None:
        if url.startswith("https:"):
            return skipped("certificate", "the server's is not told")
        cure = "use https:// beyond this machine"
        return warning("certificate", "none: the connection is not encrypted", cure)
    days = (ends - now_s) / 86_400
    if ends - now_s < SOON_S:
        cure = "renew the server's certificate: no kiosk can call after that"
        return warning("certificate", f"ends in {days:.0f} days", cure)
    return good("certificate", f"trusted, ends in {days:.0f} days")


def _ends(answer: httpx.Response) -> float | None:
    stream = answer.extensions.get("network_stream")
    socket = stream.get_extra_info("ssl_object") if stream is not None else None
    if socket is None:
        return None
    told = cast("dict[str, Any]", socket.getpeercert() or {}).get("notAfter")
    return None if told is None else ssl.cert_time_to_seconds(str(told))


def _time(told: str, now_s: float) -> Check:
    if not told:
        return skipped("server's clock", "the server does not tell the time")
    try:
        ahead = now_s - parsedate_to_datetime(told).timestamp()
    except ValueError:
        return skipped("server's clock", f"no time: {told}")
    if abs(ahead) > WRONG_CLOCK_S:
        cure = "set the clock that is wrong: keys of streams live for minutes"
        return failure("server's clock", f"ours is {ahead:+.0f} s apart", cure)
    return good("server's clock", f"ours is {ahead:+.0f} s apart")


def look_at_relay(
    url: str,
    port: int = 1935,
    patience_s: float = PATIENCE_S,
    proxy: Proxy | None = None,
) -> Check:
    """
    Say hello to the relay where our own server has it.

    Where media really go is told at login, which is not spent on this.

    Args:
        url: Of the room server.
        port: Of RTMP there.
        patience_s: For all of it.
        proxy: Is gone through, if it leads there; then nobody is asked.

    """
    host = urlsplit(url).hostname or ""
    if proxy is not None and proxy.leads_to(host):
        told = f"behind {proxy.name}; login tells where it is: `kiosk test-call`"
        return skipped("relay", f"{told} tries it")
    try:
        with socket.create_connection((host, port), timeout=patience_s) as connection:
            connection.sendall(_HELLO)
            speaks = connection.recv(1) == _HELLO[:1]
    except OSError:
        speaks = False
    if speaks:
        return good("relay", f"{host}:{port} speaks RTMP")
    told = f"none at {host}:{port}; login tells where it is: `kiosk test-call` tries it"
    return skipped("relay", told)
