"""
The way to Valkey or Redis: the scripts as coroutines, its news as they come.

The one module that knows the client library.  Every call has a deadline and is
tried once; whatever goes wrong is :exc:`LinkLost`, without a secret in its text.
Trying again is the ledger's business, which knows what is safe to repeat.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from redis.asyncio import Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from typing_extensions import override

from kiosk.roomserver import valkey_scripts as lua
from kiosk.roomserver.valkey_mirror import Batch
from kiosk.tls import trusting


_TLS_SCHEMES: Final = frozenset({"valkeys", "rediss"})
_MOST_BEHIND: Final = 2000
"""Batches; whoever is farther behind reads everything anew."""
_BATCHES_KEPT: Final = 16_384
"""A batch of one change is 150 to 700 bytes."""
_LISTEN_S: Final = 0.5


class LinkLost(Exception):
    """The memory cannot be reached, or does not do what it should."""


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """
    Deadlines; seconds.

    Attributes:
        call_s: Of one call.
        lease_s: After which a turn ends though nobody ended it.
        reserve_s: For which the turn is kept for the next in line.

    """

    call_s: float = 1.0
    lease_s: float = 1.5
    reserve_s: float = 0.2


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else has the turn."""

    for_s: float
    """At most."""


@dataclass(frozen=True, slots=True)
class News:
    """The batches of others since the version asked with."""

    batches: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherMemory:
    """What is there is not a later version of what one knows; read it whole."""


@dataclass(frozen=True, slots=True)
class LostMemory:
    """Nothing is there, or less than one knows."""

    is_empty: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that is there."""

    lineage: str
    version: int
    batches: tuple[bytes, ...] = field(repr=False)
    """The last ones."""
    fields: Mapping[bytes, bytes] = field(repr=False)


Told = News | OtherMemory | LostMemory


class OnNews(Protocol):
    """Told what the channel says."""

    def __call__(self, version: int, *, is_our_turn: bool) -> None:
        """Note a version (0: unknown), and whether the turn is kept for us."""
        ...


class ValkeyLink:
    """
    One process's connection; made by :func:`connected`.

    Args:
        me: Names the process.

    """

    def __init__(self, client: Redis, me: str, times: LinkTimes) -> None:
        self._client = client
        self._me = me.encode()
        self._lease_ms = round(times.lease_s * 1e3)
        self._reserve_ms = round(times.reserve_s * 1e3)
        self._scripts = {
            text: client.register_script(text)
            for text in (
                lua.NEWS,
                lua.TAKE,
                lua.RELEASE,
                lua.COMMIT,
                lua.WHOLE,
                lua.RESTORE,
            )
        }

    async def news(self, lineage: str, version: int) -> Told:
        """Return what happened since a version."""
        known = (lineage, version, _MOST_BEHIND)
        return _told(await self._call(lua.NEWS, *known, self._me))

    async def take(self, lineage: str, version: int) -> Busy | Told:
        """Take the turn; return the news with it, or for how long it is taken."""
        known = (lineage, version, _MOST_BEHIND)
        answer = await self._call(lua.TAKE, *known, self._me, self._lease_ms)
        if answer[0] == b"wait":
            return Busy(max(0.0, answer[1] / 1e3))
        return _told(answer)

    async def release(self, *, keep: bool) -> bool:
        """Give the turn back, changing nothing, and say whether it is still ours."""
        turn = (self._me, self._reserve_ms, self._lease_ms, int(keep))
        answer = await self._call(lua.RELEASE, *turn)
        return bool(answer == b"kept")

    async def commit(
        self, lineage: str, batch: Batch, name: str, *, keep: bool
    ) -> bool | None:
        """
        Write a batch; safe to repeat under the same name.

        Returns:
            Whether the turn is still ours; None: the batch was not taken.

        """
        turn = (self._me, self._reserve_ms, self._lease_ms, int(keep))
        what = (lineage, batch.version, _BATCHES_KEPT, name, batch.text)
        fields = (item for pair in batch.kept.items() for item in pair)
        answer = await self._call(
            lua.COMMIT, *turn, *what, len(batch.struck), *batch.struck, *fields
        )
        return None if answer == b"refused" else answer == b"kept"

    async def whole(self) -> Whole | None:
        """
        Return everything, or None where there is nothing.

        Raises:
            OSError: A later version of this program wrote it.

        """
        answer = await self._call(lua.WHOLE, _MOST_BEHIND)
        if not answer:
            return None
        if int(answer[0]) != lua.FORMAT:
            raise OSError("written by a later version: run that, or take another one")
        facts = 4 + int(answer[3])
        pairs = iter(answer[facts:])
        return Whole(
            answer[1].decode(),
            int(answer[2]),
            tuple(answer[4:facts]),
            dict(zip(pairs, pairs, strict=True)),
        )

    async def restore(
        self, known: tuple[str, int], lineage: str, fields: Mapping[bytes, bytes]
    ) -> bool:
        """Write everything anew, in a turn; say whether it was still lost."""
        what = (self._me, *known, lua.FORMAT, lineage)
        pairs = (item for pair in fields.items() for item in pair)
        return bool(await self._call(lua.RESTORE, *what, *pairs))

    async def listen(self, on_news: OnNews, is_over: Callable[[], bool]) -> None:
        """
        Tell of versions others made, and whether the turn is ours now.

        ``is_over`` is asked about once a second: the client library (6.1 to 8.1)
        forgets a cancellation that comes while it connects.

        Raises:
            LinkLost: Sooner or later.

        """
        with _mapped():
            async with cast("Any", self._client).pubsub() as channel:
                await channel.subscribe(lua.CHANNEL)
                on_news(0, is_our_turn=False)  # what was missed until now
                while not is_over():
                    message = await channel.get_message(timeout=_LISTEN_S)
                    if message is not None and message["type"] == "message":
                        version, _, following = message["data"].partition(b" ")
                        on_news(int(version), is_our_turn=following == self._me)

    async def _call(self, script: str, *arguments: str | bytes | int) -> Any:
        with _mapped():
            return await self._scripts[script](
                keys=cast("Any", lua.KEYS), args=cast("Any", arguments)
            )


class _Secured(SSLConnection):
    """A connection under our own terms, whatever the library's are."""

    def __init__(self, *, tls: ssl.SSLContext, **arguments: Any) -> None:
        cast("Any", super()).__init__(**arguments)
        self.ssl_context.context = tls

    @override
    async def disconnect(self, *arguments: Any, **more: Any) -> None:
        """End it at once: asyncio holds one half a minute for a TLS farewell."""
        writer: asyncio.StreamWriter | None = cast("Any", self)._writer  # noqa: SLF001 -- no other way to it
        if writer is not None:
            writer.transport.abort()
        await super().disconnect(*arguments, **more)


@asynccontextmanager
async def connected(
    url: str, me: str, times: LinkTimes, ca_file: str | None = None
) -> AsyncGenerator[ValkeyLink]:
    """
    Yield a link; it connects when it is first used, and again when lost.

    Args:
        url: Where the memory is.
        me: Names the process.
        times: Deadlines.
        ca_file: Whom to trust for TLS in place of the system's authorities.

    Raises:
        OSError: The authorities cannot be read.

    """
    scheme, mark, rest = url.partition("://")
    secured: dict[str, object] = {}
    if scheme in _TLS_SCHEMES:
        tls = trusting(ca_file)
        secured = {"connection_class": _Secured, "tls": tls}
    client: Redis = cast("Any", Redis).from_url(
        f"redis{mark}{rest}",
        **secured,
        socket_timeout=times.call_s,
        socket_connect_timeout=times.call_s,
        retry=Retry(NoBackoff(), 0),
        client_name="kiosk",
    )
    try:
        yield ValkeyLink(client, me, times)
    finally:
        with contextlib.suppress(RedisError, OSError):
            await client.aclose()


def place_of(url: str) -> str:
    """Return the address in a URL, without what is secret in it."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}"


def _told(answer: list[bytes]) -> Told:
    match answer[0]:
        case b"same":
            return News(tuple(answer[1:]))
        case b"other":
            return OtherMemory()
        case _:
            return LostMemory(is_empty=answer[0] == b"empty")


@contextmanager
def _mapped() -> Generator[None]:
    try:
        yield
    except (RedisError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # Forgotten by the library while it connected; a deadline comes but once.
            raise asyncio.CancelledError from None
        # The library's texts name addresses and commands, never what was sent.
        raise LinkLost(str(error) or type(error).__name__) from None
