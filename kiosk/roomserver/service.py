"""
A whole room server in one process: rooms, HTTP, relay and the sweep.

Starts in order, stops in reverse: members waiting for events are answered
first, then HTTP closes, then the relay, and last the store.  The sweep survives
whatever happens in it (``reliability.md`` finding 4).
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Never, Protocol, cast

from kiosk.roomserver.activation import Listeners
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.boot_header import BootHeader
from kiosk.roomserver.cloud import ask_cloud
from kiosk.roomserver.console_service import OperatorSide
from kiosk.roomserver.core import ServerCore
from kiosk.roomserver.enrolment_file import EnrolmentFile
from kiosk.roomserver.http import Door
from kiosk.roomserver.http_server import listen, serving
from kiosk.roomserver.inside import Beside, Inside
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.media_service import media_side
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import (
    ForgetfulLedger,
    Ledger,
    StoreAway,
    Turns,
)
from kiosk.roomserver.store_sqlite import open_ledger
from kiosk.roomserver.tls import server_context


log = logging.getLogger(__name__)

_NAME_BYTES = 8
_AWAY_S = 0.1
"""So soon the sweep asks again for a turn that the store did not give."""
_NONE_GIVEN = Listeners()
_CLOCK = ServerClock(time.monotonic, lambda: time.time_ns() / 1e9)


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """Where a server listens, port numbers as bound."""

    http: tuple[str, int]
    rtmp: tuple[str, int]
    secure: bool = False
    beside: str = ""
    """Where a neighbour of the server is found, if there is one."""

    @property
    def http_url(self) -> str:
        """The address a client is configured with."""
        return _url("https" if self.secure else "http", self.http)

    @property
    def rtmp_url(self) -> str:
        """Where the relay listens."""
        return _url("rtmps" if self.secure else "rtmp", self.rtmp)


async def serve(
    settings: ServerSettings,
    on_ready: Callable[[ServerAddresses], None],
    clock: ServerClock = _CLOCK,
    listeners: Listeners = _NONE_GIVEN,
    beside: Beside | None = None,
) -> Never:
    """
    Serve until cancelled; ``on_ready`` is called once, when both ports answer.

    Sockets in ``listeners`` listen already: no address is opened for them.  What runs
    ``beside`` the server begins after it and ends before.

    Raises:
        OSError: If an address, the certificate, the store or the enrolments cannot be
            had; the text names it.

    """
    context = server_context(settings.tls) if settings.tls else None
    polls = LongPolls()
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(_ledger(settings))
        later = asyncio.get_running_loop().call_later
        core = await ledger.turn(
            lambda: ServerCore(
                settings, clock, secrets.token_bytes, polls.ring, ledger, later=later
            )
        )
        enrolments = await _enrolments(settings.enrolment_path, core)
        listener = stack.enter_context(
            listeners.http or listen("http", settings.http_host, settings.http_port)
        )
        media = await stack.enter_async_context(
            media_side(settings, core, context, listeners.rtmp)
        )
        operators = OperatorSide(
            settings,
            core,
            clock,
            streams=media.streams,
            tees=media.tees,
            polls=lambda: len(polls),
        )
        routes = await ledger.turn(lambda: core.routes(media.backend))
        app = BootHeader(Door(routes, polls, ask_cloud, ledger), ledger)
        whole = operators.around(app, media.routes)
        http = await stack.enter_async_context(
            serving(whole, listener, settings.border, tls=context)
        )
        stack.callback(polls.release_all)
        stack.callback(operators.readiness.end)
        near = Inside(app, core, operators.count)
        neighbour = await stack.enter_async_context(beside(near)) if beside else ""
        operators.readiness.begin()
        at = ServerAddresses(
            listener.getsockname()[:2], media.address, context is not None, neighbour
        )
        on_ready(at)
        async with asyncio.TaskGroup() as tasks:
            sweeps = (*core.sweeps, *operators.sweeps)
            sweeping = sweep_forever(sweeps, settings.sweep_s, ledger)
            tasks.create_task(sweeping, name="sweep")
            if enrolments is not None:
                tasks.create_task(enrolments.watch(core.enrol), name="enrolments")
            if core.im_groups is not None:
                telling = core.im_groups.tell_forever(ask_cloud)
                tasks.create_task(telling, name="im cloud")
            await outlive(http)


@asynccontextmanager
async def _ledger(settings: ServerSettings) -> AsyncGenerator[Ledger]:
    """Open the store, or do without; closed last, when nobody changes anything."""
    era = _new_name()
    if settings.store_url:
        async with _shared_module().shared_ledger(
            settings.store_url, era, _new_name, ca_file=settings.store_ca_file
        ) as shared:
            yield shared
    elif settings.store_path:
        path = Path(settings.store_path)
        kept = await asyncio.to_thread(open_ledger, path, lambda: era)
        async with kept.writing():
            yield kept
    else:
        yield ForgetfulLedger(era)


def _new_name() -> str:
    return secrets.token_hex(_NAME_BYTES)


class _SharedModule(Protocol):
    """The module that needs the extra; loaded only where a store is shared."""

    def shared_ledger(
        self,
        url: str,
        era: str,
        new_name: Callable[[], str],
        *,
        ca_file: str | None,
    ) -> AbstractAsyncContextManager[Ledger]:
        """Share a memory."""
        ...


def _shared_module() -> _SharedModule:
    try:
        name = "kiosk.roomserver.store_valkey"
        return cast("_SharedModule", importlib.import_module(name))
    except ModuleNotFoundError as error:
        reason = f"store: needs {error.name}: pip install '.[valkey]'"
        raise OSError(errno.EINVAL, reason) from None


async def _enrolments(path: str, core: ServerCore) -> EnrolmentFile | None:
    """Let the core know who is enrolled, where somebody has to be."""
    if not path:
        return None
    enrolments = EnrolmentFile(Path(path))
    await enrolments.look(core.enrol)
    return enrolments


def _url(scheme: str, address: tuple[str, int]) -> str:
    host, port = address
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def outlive(http: asyncio.Task[None]) -> Never:
    """
    Wait for what should never come, leaving the task alone when cancelled.

    Raises:
        RuntimeError: The HTTP server ended by itself.

    """
    await asyncio.wait({http})
    raise RuntimeError("the HTTP server ended by itself")


async def sweep_forever(
    sweeps: Sequence[Callable[[], None]],
    period_s: float,
    turns: Turns,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Never:
    """
    Sweep for ever; a sweep that fails is logged and the next one comes.

    The next begins a period after this one began, however long its turns took, and
    soon where there were none to be had: attendance gives every member what a sweep
    is late by, so a rest too long would keep ghosts that nothing excuses.
    """
    due = now() + period_s
    while True:
        await sleep(max(0.0, due - now()))
        due = now() + period_s
        for sweep in sweeps:
            try:
                await turns.turn(sweep)
            except StoreAway:
                due = min(due, now() + _AWAY_S)
                break
            except Exception:
                # The end of this sweep's line: ghosts must not live for ever.
                log.exception("sweep failed")
