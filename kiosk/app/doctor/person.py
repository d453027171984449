"""
Whoever sits before the doctor, if anybody does: asked, and never waited for in vain.

Without a terminal on both ends there is nobody, and nothing is asked.
"""

from __future__ import annotations

import select
from typing import Final, Protocol, TextIO

from kiosk.app.doctor.check import Check, failure, good


ANSWER_S: Final = 10.0


class Person(Protocol):
    """Somebody who can press, look and listen."""

    @property
    def is_here(self) -> bool:
        """Whether there is anybody to ask."""
        ...

    def tell(self, text: str) -> None:
        """Say what is to be done."""
        ...

    def typed(self, within_s: float) -> str | None:
        """Return the line that was typed in time; None: none was."""
        ...


class AtTerminal:
    """
    Implements :class:`Person` on a terminal.

    Args:
        keyboard: Lines are read from it.
        paper: Questions are written on it; not where the result goes.

    """

    def __init__(self, keyboard: TextIO, paper: TextIO) -> None:
        self._keyboard = keyboard
        self._paper = paper

    @property
    def is_here(self) -> bool:
        """Whether both are a terminal."""
        return self._keyboard.isatty() and self._paper.isatty()

    def tell(self, text: str) -> None:
        """Write a line at once."""
        print(text, file=self._paper, flush=True)

    def typed(self, within_s: float) -> str | None:
        """Return the line that was typed in time; None: none was."""
        if not self.is_here:
            return None
        ready, _, _ = select.select([self._keyboard], [], [], within_s)
        return self._keyboard.readline().strip() if ready else None


def judged_by(
    person: Person, what: str, evidence: str, question: str, cure: str
) -> Check:
    """Have somebody say whether it was so; nobody there: only what was done."""
    if not person.is_here:
        return good(what, f"{evidence}; nobody was asked")
    person.tell(f"{question} [y, n, or Enter to skip]")
    answer = person.typed(ANSWER_S)
    if answer and answer.lower().startswith("n"):
        return failure(what, f"{evidence}, and not noticed", cure)
    noticed = "noticed" if answer and answer.lower().startswith("y") else "not judged"
    return good(what, f"{evidence}, {noticed}")
