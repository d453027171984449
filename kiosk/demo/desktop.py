"""Whether somebody is there, and a page in the browser of this machine's own desktop."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable, Mapping


_DESKTOPS = ("DISPLAY", "WAYLAND_DISPLAY")


def is_at_terminal() -> bool:
    """Whether somebody sits at a terminal; started with its input closed there is none."""
    return sys.stdin is not None and sys.stdin.isatty()


def open_in_browser(
    address: str,
    *,
    environment: Mapping[str, str] = os.environ,
    is_watched: Callable[[], bool] = is_at_terminal,
    open_page: Callable[[str], bool] = webbrowser.open,
) -> bool:
    """
    Open a page where there is a desktop and somebody before it.

    Over SSH, in CI and on a plain console there is none, and a browser for terminals
    would take the terminal.

    Returns:
        Whether it was opened.

    """
    if not is_watched() or not any(environment.get(name) for name in _DESKTOPS):
        return False
    return open_page(address)
