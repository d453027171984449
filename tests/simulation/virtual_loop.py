"""
An event loop whose time passes only while nobody has anything to do.

A year of pauses takes no time, and nothing depends on how fast the machine is: the
same events come in the same order in every run.  There is nothing here to wait for
but time; work for threads is done at once, in the loop.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeVar

from typing_extensions import override


T = TypeVar("T")
START_S = 1_000.0


class Hourglass(selectors.BaseSelector):
    """Selects nothing, and lets pass the time that would have been waited."""

    def __init__(self) -> None:
        self.seconds = START_S

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits for somebody, and nobody for a time")
        self.seconds += max(timeout, 0.0)
        return []

    @override
    def register(
        self, fileobj: Any, events: int, data: object = None
    ) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, -1, events, data)

    @override
    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, -1, 0, None)

    @override
    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(fileobj)

    @override
    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class CountedTask(asyncio.Task[T]):
    """
    A task whose place in a set depends on when it was made.

    By default it depends on its address, and no run would be like another.
    """

    _numbers = count(1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._number = next(self._numbers)
        super().__init__(*args, **kwargs)

    @override
    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self._hourglass = Hourglass()
        super().__init__(self._hourglass)
        self.set_task_factory(_new_task)

    @override
    def time(self) -> float:
        return self._hourglass.seconds

    @override
    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 -- as a thread hands it over
            done.set_exception(error)
        return done

    @property
    def pending(self) -> list[asyncio.TimerHandle]:
        """What is still to happen by itself."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return [handle for handle in scheduled if not handle.cancelled()]


def _new_task(
    loop: asyncio.AbstractEventLoop, coro: Any, **kwargs: Any
) -> asyncio.Task[Any]:
    return CountedTask(coro, loop=loop, **kwargs)
