"""Something that is yet to come: what cannot be answered at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar


T_co = TypeVar("T_co", covariant=True)


class Pending(Generic[T_co]):
    """
    Awaited once, by a task of its own; nothing of it begins before that.

    A coroutine would complain of being forgotten where its task is cancelled in time.
    """

    __slots__ = ("_begin",)

    def __init__(self, begin: Callable[[], Awaitable[T_co]]) -> None:
        self._begin = begin

    def __await__(self) -> Generator[Any, None, T_co]:
        """Begin, and wait."""
        return self._begin().__await__()
