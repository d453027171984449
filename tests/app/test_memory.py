"""The wishes about memory are taken, or nothing happens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from ctypes import CDLL
from typing import Any, cast

from kiosk.app.memory import give_back, give_back_after_calls, keep_memory_small
from tests.fakes.eventually import eventually


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


class Trimmed:
    """A C library that counts how often memory was given back."""

    def __init__(self) -> None:
        self.pads: list[int] = []

    def malloc_trim(self, pad: int) -> int:
        self.pads.append(pad)
        return 1


def test_free_memory_is_given_back_where_the_c_library_can() -> None:
    library = Trimmed()

    assert give_back(cast("CDLL", library))
    assert library.pads == [0]
    assert not give_back(cast("CDLL", OtherLibrary()))
    give_back()  # the real one


async def test_memory_is_given_back_after_calls_and_no_other_event() -> None:
    times: list[None] = []

    async def events() -> AsyncIterator[dict[str, Any]]:
        for name in ("state", "call_ended", "text", "call_ended"):
            await eventually(lambda: len(times) == len(expected))
            if name == "call_ended":
                expected.append(name)
            yield {"event": name}
        await eventually(lambda: len(times) == len(expected))

    def give() -> None:
        times.append(None)

    expected = ["loaded"]
    await give_back_after_calls(
        events(), give, settle=give, loaded_s=(0.0,), settle_s=0.0
    )

    assert len(times) == 3  # once loaded, and after two calls


async def test_calls_that_follow_each_other_quickly_are_one_to_it() -> None:
    times: list[None] = []

    async def events() -> AsyncIterator[dict[str, Any]]:
        for _ in range(5):
            yield {"event": "call_ended"}
        await eventually(lambda: bool(times))

    await give_back_after_calls(
        events(), lambda: times.append(None), loaded_s=(60.0,), settle_s=0.05
    )

    assert len(times) == 1
