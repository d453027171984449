"""
What libraries import for commands of their own, which a kiosk never runs.

httpx looks for the parts of its command line, and where those happen to be installed it
loads them: rich, pygments and click, 40 ms and 5.7 MB.
"""

from __future__ import annotations

import sys
from typing import Final, cast


_UNWANTED: Final = ("httpx._main",)


def leave_commands_out() -> None:
    """Have them not imported; before the libraries are, and safe to repeat."""
    modules = cast("dict[str, object]", sys.modules)
    for name in _UNWANTED:
        modules.setdefault(name, None)  # importing it is an ImportError, as if absent
