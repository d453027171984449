"""What one screen says, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScreenWords:
    """
    What one screen says.

    Attributes:
        title: The one thing to understand, in large type.
        lines: What to do, or what is so.
        hangup: What the red button does on this screen, where not to hang up.

    """

    title: str
    lines: tuple[str, ...] = ()
    hangup: str = ""
