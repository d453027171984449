"""The wishes about memory are taken, or nothing happens."""

from __future__ import annotations

import subprocess
import sys
from ctypes import CDLL
from typing import cast

from kiosk.app.memory import keep_memory_small


class OtherLibrary:
    """A C library without ``mallopt``."""


class StubbornLibrary:
    """A C library that refuses."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def mallopt(self, name: int, value: int) -> int:
        self.asked.append((name, value))
        return 0


def test_the_c_library_takes_the_wishes() -> None:
    # In a process of its own: they cannot be taken back.
    code = "from kiosk.app.memory import keep_memory_small as k; print(k())"

    said = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert said.stdout.strip() == "True"


def test_another_c_library_is_left_alone() -> None:
    assert not keep_memory_small(cast("CDLL", OtherLibrary()))


def test_a_refusal_is_told_and_does_not_end_the_asking() -> None:
    library = StubbornLibrary()

    taken = keep_memory_small(cast("CDLL", library))

    assert not taken
    assert len(library.asked) == 3
