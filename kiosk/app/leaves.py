"""The single errors within an exception group, however deep they lie."""

from __future__ import annotations

from typing import TypeVar, cast


E = TypeVar("E", bound=Exception)


def leaves_of(group: ExceptionGroup[E]) -> list[E]:
    """Return them in order."""
    found: list[E] = []
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            found += leaves_of(cast("ExceptionGroup[E]", error))
        else:
            found.append(error)
    return found
