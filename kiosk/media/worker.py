"""
Threads that are owned.

The owner starts a worker and stops it; stopping takes a bounded time, because
every blocking call inside a body has a deadline shorter than the join.  A
thread that outlives the join can only be cured by a new process: it raises
:class:`ZombieWorker`, which is no ``KioskError`` because nobody may handle it
but the composition root, which exits with status 75.

A body never touches the event loop.  Foreseen failures are its own business
(facts, results); what it raises is a mistake in the program: the loop's
exception handler hears of it at once, and :meth:`Worker.stop` raises it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Generic, Self, TypeVar


T = TypeVar("T")

_JOIN_WITHIN_S = 2.0
_LAST_INSTRUCTIONS_S = 0.2  # between telling the loop and the thread's real end


class ZombieWorker(RuntimeError):
    """A thread did not end in time; only a new process can help."""


class WorkerRegistry:
    """All workers of a session that run now, for the watchdog."""

    def __init__(self) -> None:
        self._running: dict[int, Worker] = {}
        self._started = 0

    def add(self, worker: Worker) -> int:
        """Remember a started worker; returns its ordinal."""
        self._started += 1
        self._running[self._started] = worker
        return self._started

    def remove(self, ordinal: int) -> None:
        """Forget a worker that ended."""
        self._running.pop(ordinal, None)

    def progress(self) -> Mapping[str, int]:
        """
        Return the progress counter of every worker that runs.

        A counter that has not moved between two watchdog pings belongs to a
        thread that hangs.  Keys are unique for the life of the process.
        """
        return {
            f"{worker.name}#{ordinal}": worker.progress
            for ordinal, worker in self._running.items()
            if worker.is_running
        }


class Worker:
    """
    Runs ``body(worker)`` on a named thread.

    The body returns soon after :attr:`stopping` is set or ``wake`` was called,
    and calls :meth:`beat` at least once a second.
    """

    def __init__(
        self,
        name: str,
        body: Callable[[Worker], None],
        *,
        registry: WorkerRegistry | None = None,
        wake: Callable[[], None] | None = None,
        join_within: float = _JOIN_WITHIN_S,
    ) -> None:
        self.name = name
        self.stopping = threading.Event()
        self.progress = 0
        self._body = body
        self._registry = registry
        self._wake = wake
        self._join_within = join_within
        self._ordinal = 0
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether the body has been started and has not returned."""
        return self._ordinal > 0 and not self._ended.done()

    def beat(self) -> None:
        """Count one step of progress; called by the body only."""
        self.progress += 1

    def start(self) -> None:
        """Start the thread; once only, on the event loop."""
        if self._registry is not None:
            self._ordinal = self._registry.add(self)
        else:
            self._ordinal = 1
        self._thread.start()

    async def ended(self) -> None:
        """Wait for the body to return; raise what it raised."""
        await asyncio.shield(self._ended)

    async def stop(self) -> None:
        """
        Make the body return and wait for it; safe to repeat.

        Raises:
            ZombieWorker: The thread did not end within the join deadline.
            Exception: What the body raised.

        """
        if self._ordinal == 0:
            return
        self.stopping.set()
        if self._wake is not None:
            self._wake()
        done, _ = await asyncio.wait({self._ended}, timeout=self._join_within)
        if not done:
            raise ZombieWorker(self.name)
        self._thread.join(_LAST_INSTRUCTIONS_S)
        await self._ended

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            await self.stop()
        except ZombieWorker:
            raise
        except Exception:
            if exc is None:
                raise

    def _run(self) -> None:
        error: BaseException | None = None
        # Mostly a method of whoever owns this worker: kept, the two would hold
        # each other, and the codecs of a call until the next full collection.
        body = self._body
        del self._body
        try:
            body(self)
        except BaseException as exc:  # noqa: BLE001 -- handed to the owner
            error = exc
        # A thread that outlived its owner finds the loop closed: nobody to tell.
        with contextlib.suppress(RuntimeError):
            self._ended.get_loop().call_soon_threadsafe(self._settle, error)

    def _settle(self, error: BaseException | None) -> None:
        self._wake = None
        if self._registry is not None:
            self._registry.remove(self._ordinal)
        if error is None:
            self._ended.set_result(None)
            return
        self._ended.set_exception(error)
        self._ended.exception()  # read here: an owner that stops late is no warning
        loop = self._ended.get_loop()
        loop.call_exception_handler(
            {"message": f"thread {self.name} ended by an error", "exception": error}
        )


class BlockingCall(Generic[T]):
    """
    One call that may block for long, such as opening a camera, on a thread.

    Unlike a thread pool it leaves nothing behind, and its end can be awaited
    even by somebody who gave up on the result.
    """

    def __init__(
        self, name: str, call: Callable[[], T], *, join_within: float = _JOIN_WITHIN_S
    ) -> None:
        self._name = name
        self._call = call
        self._result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._worker = Worker(name, self._run, join_within=join_within)
        self._worker.start()

    async def result(self) -> T:
        """Return what the call returned, or raise what it raised."""
        return await asyncio.shield(self._result)

    async def finished(self) -> None:
        """
        Wait until the thread is gone, whatever came of the call.

        Raises:
            ZombieWorker: It does not end.

        """
        await self._worker.stop()

    def _run(self, worker: Worker) -> None:
        try:
            value = self._call()
        except Exception as exc:  # noqa: BLE001 -- raised again by result()
            self._deliver(exc, None)
        else:
            self._deliver(None, value)

    def _deliver(self, error: Exception | None, value: T | None) -> None:
        def settle() -> None:
            if error is None:
                self._result.set_result(value)  # type: ignore[arg-type]
                return
            self._result.set_exception(error)
            self._result.exception()  # read: the owner may have given up

        with contextlib.suppress(RuntimeError):  # the loop is gone
            self._result.get_loop().call_soon_threadsafe(settle)
