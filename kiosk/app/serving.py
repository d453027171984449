"""
A daemon with all that runs beside it, and when it may be called ready.

An error of any of them, or one that nobody waits for, ends them all: systemd starts
a new process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from kiosk.app.display_care import DisplayCare
from kiosk.control.listener import Listener
from kiosk.control.server import ControlServer
from kiosk.daemon.loop import Daemon


PREPARED_S: Final = 3.0
"""Who does not see or hear us by then will not, and we serve all the same."""

Beside = Callable[[], Coroutine[Any, Any, None]]


async def serve(
    listener: Listener,
    daemon: Daemon,
    others: Sequence[Beside],
    care: DisplayCare | None,
) -> None:
    """
    Run a daemon, its control socket and what is beside it, until it ends.

    Args:
        listener: The control socket, open.
        daemon: The daemon.
        others: What runs beside it.
        care: Looks after its display, where that is a card's.

    """
    loop = asyncio.get_running_loop()
    crash: asyncio.Future[None] = loop.create_future()
    loop.set_exception_handler(partial(_crashed, crash))
    control = ControlServer(listener.path, daemon, listener=listener)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(control.serve())
        beside = [group.create_task(_until(crash))]
        beside += [group.create_task(run()) for run in others]
        try:
            await daemon.run(partial(_prepared, control, care))
        finally:
            for task in beside:
                task.cancel()
            control.close()
            await asyncio.wait({serving}, timeout=1.0)


async def _prepared(control: ControlServer, care: DisplayCare | None) -> None:
    """Return once people see a screen, where there is a display, and we are heard."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PREPARED_S):
            await control.answers()
            if care is not None:
                await care.flipped()


def _crashed(
    crash: asyncio.Future[None], _: asyncio.AbstractEventLoop, context: dict[str, Any]
) -> None:
    """Let an error that nobody waits for, of a media thread say, end the process."""
    error = context.get("exception") or RuntimeError(context["message"])
    if not crash.done():
        crash.set_exception(error)


async def _until(crash: asyncio.Future[None]) -> None:
    await crash
