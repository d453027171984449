"""Colours of a terminal, where there is one and nobody said no (no-color.org)."""

from __future__ import annotations

import os
import sys
from typing import Final


_RED: Final = "\x1b[31m"
_YELLOW: Final = "\x1b[33m"
_PLAIN: Final = "\x1b[0m"
_ERROR: Final = 3
_WARNING: Final = 4


def has_colours() -> bool:
    """Say whether standard output is a terminal that may be coloured."""
    return not os.environ.get("NO_COLOR") and sys.stdout.isatty()


def painted(text: str, priority: int) -> str:
    """Return a line in the colour of its priority, as syslog counts them."""
    if priority > _WARNING or not has_colours():
        return text
    return f"{_RED if priority <= _ERROR else _YELLOW}{text}{_PLAIN}"
