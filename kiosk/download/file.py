"""
Fetching one file, in as many attempts as it takes and a deadline allows.

1. The deadline is total: over names, connecting, every attempt and the pauses between
   (httpx has none).  A link that brings nothing for a while is given up earlier.
2. Every byte is counted before it is kept.
3. What came is kept in ``NAME.part`` with the server's ETag, also from run to run; the
   next attempt asks for the rest only (``If-Range``), and takes the whole where the
   file changed meanwhile.  ``NAME`` itself appears whole or not at all.
4. What the medium has no room for is not begun, so that nobody else finds it full.
5. Neither URL nor body appears in a message: an address may hold a name or token.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import shutil
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx

from kiosk.download.answer import (
    MOST_REDIRECTS,
    Elsewhere,
    GaveUp,
    NotModified,
    Taken,
    TryAgain,
    Verdict,
    judge,
    strong,
)
from kiosk.download.way import Way
from kiosk.errors import ConfigError, DownloadFailed
from kiosk.proxy import Proxy, ProxyRefused
from kiosk.tls import trouble_of


_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_MODE: Final = 0o600
_MAX_ETAG = 256
_SPARE_BYTES: Final = 1 << 20
"""Whoever else writes there, records above all, finds so much room afterwards."""

_T = TypeVar("_T")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How much, and for how long.

    Attributes:
        most_bytes: Of the whole file.
        deadline_s: From the first attempt to the last byte.
        stall_s: After so long without a byte an attempt is over.
        attempts: At most.

    """

    most_bytes: int
    deadline_s: float
    stall_s: float = 20.0
    attempts: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is here now, whole; ``etag`` is what it is known by there."""

    etag: str
    size: int


class Download:
    """
    One file's way here.

    Args:
        url: ``https://``; a plain one only where ``insecure``.
        path: Where it goes; its folder is this process's alone.
        limits: How much, and for how long.
        tls: Whom to trust.
        insecure: Whether plain HTTP is allowed.
        proxy: Is gone through, if it leads there.
        sleep: Waits between attempts.
        chance: From 0 to 1, spreads those who wait for the same server.
        free_bytes: How much a folder's medium has room for.

    Raises:
        ConfigError: If ``url`` is no such URL.

    """

    def __init__(
        self,
        url: str,
        path: Path,
        limits: Limits,
        tls: ssl.SSLContext,
        *,
        insecure: bool = False,
        proxy: Proxy | None = None,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        free_bytes: Callable[[Path], int] = lambda folder: (
            shutil.disk_usage(folder).free
        ),
    ) -> None:
        self._url = url
        self._host = _host_of(url, insecure=insecure)
        if proxy is not None and proxy.leads_to(urlsplit(url).hostname or ""):
            self._host += f" through {proxy.name}"
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._mark = path.with_name(f"{path.name}.part.etag")
        self._limits = limits
        self._tls = tls
        self._proxy = proxy
        self._sleep = sleep
        self._chance = chance
        self._free_bytes = free_bytes

    def fetch(self, known: str = "") -> Fetched | None:
        """
        Fetch the file, or learn that the one with this ETag is still the newest.

        Raises:
            DownloadFailed: It did not come whole, in time, within the limits.

        """
        return asyncio.run(self.fetched(known))

    async def fetched(self, known: str = "") -> Fetched | None:
        """Do the same within a loop that runs."""
        # httpx and httpcore would log whole URLs.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            # anyio's, not asyncio's: httpcore closes its connections only within those
            with anyio.fail_after(self._limits.deadline_s):
                return await self._attempts(known)
        except TimeoutError:
            within = f"not whole within {self._limits.deadline_s:g} s"
            raise DownloadFailed(self._host, within) from None
        except GaveUp as error:
            self._forget()
            raise DownloadFailed(self._host, str(error)) from None
        except OSError as error:
            reason = f"cannot be kept: {error.strerror or error}"
            raise DownloadFailed(self._host, reason) from None

    async def _attempts(self, known: str) -> Fetched | None:
        async with httpx.AsyncClient(
            transport=Way(self._tls, self._proxy),
            headers={"Accept-Encoding": "identity", "User-Agent": "kiosk"},
            follow_redirects=False,
            timeout=None,  # noqa: S113 -- ours is total, httpx's is not
            trust_env=False,
        ) as client:
            for attempt in range(1, self._limits.attempts + 1):
                try:
                    return await self._once(client, known)
                except TryAgain as trouble:
                    if trouble.from_start:
                        self._forget()
                    if attempt == self._limits.attempts:
                        raise GaveUpForNow(self._host, attempt, str(trouble)) from None
                    await self._sleep(max(trouble.after_s, self._pause(attempt)))
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, client: httpx.AsyncClient, known: str) -> Fetched | None:
        url = self._url
        for _ in range(MOST_REDIRECTS + 1):
            try:
                verdict = await self._asked(client, url, known)
            except ProxyRefused as error:
                if error.passes:
                    raise TryAgain(str(error)) from None
                raise DownloadFailed(self._host, str(error)) from None
            except httpx.HTTPError as error:
                raise TryAgain(_cause(error)) from None
            match verdict:
                case Elsewhere():
                    url = verdict.url
                case NotModified():
                    return None
                case Taken():
                    return self._whole(verdict)
        raise GaveUp(f"sends us away more than {MOST_REDIRECTS} times")

    async def _asked(self, client: httpx.AsyncClient, url: str, known: str) -> Verdict:
        kept, mark = self._kept()
        headers = {"If-None-Match": known} if known else {}
        if kept:
            headers |= {"Range": f"bytes={kept}-", "If-Range": mark}
        request = client.build_request("GET", url, headers=headers)
        answer = await self._within(client.send(request, stream=True))
        try:
            heads = {name.lower(): text for name, text in answer.headers.items()}
            verdict = judge(
                url,
                answer.status_code,
                heads,
                kept=kept,
                most=self._limits.most_bytes,
            )
            if isinstance(verdict, Taken):
                await self._keep(answer, verdict)
            return verdict
        finally:
            await answer.aclose()

    async def _keep(self, answer: httpx.Response, taken: Taken) -> None:
        if not taken.begin:
            self._forget()
        free = self._free_bytes(self._path.parent)
        if taken.left + _SPARE_BYTES > free:
            room = f"{taken.left + _SPARE_BYTES} bytes to keep it, and has {free}"
            reason = f"this machine needs {room}; make room for it"
            raise DownloadFailed(self._host, reason)
        self._mark.write_text(strong(taken.etag), encoding="ascii")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        size = taken.begin
        with os.fdopen(os.open(self._part, flags, _MODE), "ab") as file:
            chunks = answer.aiter_raw()
            while chunk := await self._within(_next(chunks)):
                size += len(chunk)
                if size > self._limits.most_bytes:
                    raise GaveUp(f"larger than {self._limits.most_bytes} bytes")
                file.write(chunk)
            _on_the_medium(file)

    async def _within(self, answer: Awaitable[_T]) -> _T:
        try:
            with anyio.fail_after(self._limits.stall_s):
                return await answer
        except TimeoutError:
            silent = f"nothing came for {self._limits.stall_s:g} s"
            raise TryAgain(silent) from None

    def _whole(self, taken: Taken) -> Fetched:
        self._part.replace(self._path)
        self._forget()
        return Fetched(taken.etag, self._path.stat().st_size)

    def _kept(self) -> tuple[int, str]:
        """Return how much of which file is here from before."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            mark = strong(self._mark.read_text("ascii")[:_MAX_ETAG])
            size = self._part.stat().st_size
            if mark and size:
                return size, mark
        return 0, ""

    def _forget(self) -> None:
        for path in (self._part, self._mark):
            path.unlink(missing_ok=True)

    def _pause(self, attempt: int) -> float:
        longest = min(_FIRST_PAUSE_S * 2 ** (attempt - 1), _LONGEST_PAUSE_S)
        return float(longest * (0.5 + self._chance() / 2))


class GaveUpForNow(DownloadFailed):
    """Everything that was tried failed in a way that passes; what came is kept."""

    def __init__(self, host: str, attempts: int, reason: str) -> None:
        super().__init__(host, f"{reason}, {attempts} times")


def _host_of(url: str, *, insecure: bool) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    schemes = {"http", "https"} if insecure else {"https"}
    if not host or parts.scheme not in schemes or parts.username is not None:
        raise ConfigError(("an address to fetch from must look like https://host/...",))
    return f"{host}:{port}" if port else host


def _cause(error: httpx.HTTPError) -> str:
    """Name what went wrong; a certificate that is not trusted above all."""
    under: BaseException | None = error
    while under is not None and not isinstance(under, OSError):
        under = under.__cause__ or under.__context__
    match under:
        case ssl.SSLError():
            return trouble_of(under)
        case OSError(strerror=str(words)):
            return words.lower()
        case _:
            return "the connection broke off"


async def _next(chunks: AsyncIterator[bytes]) -> bytes:
    return await anext(chunks, b"")


def _on_the_medium(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
