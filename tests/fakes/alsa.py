"""The real ALSA loopback card, where this machine has one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest


LOOPBACK_PLAYS = "hw:CARD=Loopback,DEV=0"
LOOPBACK_HEARS = "hw:CARD=Loopback,DEV=1"
NO_LOOPBACK = "needs the kernel's snd-aloop, loaded with id=Loopback"
NO_LIBRARY = "needs python3-alsaaudio"


def loopback() -> None:
    """Skip the test where there is no such card, or nothing to open it with."""
    ids = Path("/sys/class/sound").glob("card*/id")
    if not any(one.read_text("ascii").strip() == "Loopback" for one in ids):
        pytest.skip(NO_LOOPBACK)
    library()


def library() -> None:
    """Skip the test where pyalsaaudio is not installed."""
    if find_spec("alsaaudio") is None:
        pytest.skip(NO_LIBRARY)
