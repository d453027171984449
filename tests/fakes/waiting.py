"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.fakes.patience import PATIENCE_S


def wait_until(is_true: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    """Return whether it became true in time; looks every two milliseconds."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
