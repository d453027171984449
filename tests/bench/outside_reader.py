"""
Looks at a kiosk's virtual framebuffer as a camera before its panel would.

A program of its own that imports nothing but the standard library: the format
of the file and of the painted clock are written down in the product, and read
here by other code.

``first FILE SECONDS``  waits for the first picture painted after it began
``watch FILE SECONDS``  looks every 33 ms and reports the age of what is shown
``trail FILE SECONDS``  looks every 20 ms and reports each look at a picture

Prints one JSON line when it is ready, and one with what it found.
"""

from __future__ import annotations

import json
import mmap
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path


HEADER = struct.Struct("<4sIIII4xQQQ")  # magic .. hidden; 16 zero bytes follow
PIXELS_AT = 64
I420 = 1
TICK_S = 0.033
POLL_S = 0.002
TRAIL_S = 0.02
BITS = 28
WHITE_OVER, BLACK_UNDER = 155, 95


@dataclass(frozen=True)
class Glance:
    """
    One look at the file.

    Attributes:
        age_ms: Of the painted clock; None where none could be read.
        counter: Pictures written so far.
        visible: Whether the layer was on with a picture of a peer.

    """

    at_us: int
    age_ms: float | None
    counter: int
    visible: bool


class Panel:
    """The framebuffer file, mapped for reading."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        if self._map[:4] != b"KFB1":
            raise SystemExit(f"{path} is no framebuffer")

    def look(self) -> Glance:
        """Look until what was seen is in one piece."""
        while True:
            _, before, width, height, kind, counter, _, hidden = self._header()
            visible = kind == I420 and not hidden
            if before % 2 == 0:
                levels = self._levels(width, height) if visible else []
                at_us = time.monotonic_ns() // 1000
                if self._header()[1] == before:
                    age = age_ms(levels, at_us) if visible else None
                    return Glance(at_us, age, counter, visible)
            time.sleep(0.0002)

    def _header(self) -> tuple[bytes, int, int, int, int, int, int, int]:
        found: tuple[bytes, int, int, int, int, int, int, int] = HEADER.unpack_from(
            self._map
        )
        return found

    def _levels(self, width: int, height: int) -> list[int]:
        """Return the luma in the middle of each of the 2 x 16 blocks."""
        side = width / 16
        levels: list[int] = []
        for row in range(2):
            y = int((row + 0.5) * side / 2)
            if y >= height:
                return []
            for column in range(16):
                x = int((column + 0.5) * side)
                start = PIXELS_AT + y * width + x
                levels.append(sum(self._map[start - 1 : start + 2]) // 3)
        return levels


def age_ms(levels: list[int], now_us: int) -> float | None:
    """Return how old the painted time is, or None where the paint is no clock."""
    if len(levels) != 32 or any(BLACK_UNDER <= level <= WHITE_OVER for level in levels):
        return None
    word = sum(1 << bit for bit, level in enumerate(levels) if level > WHITE_OVER)
    painted, check = word % (1 << BITS), word >> BITS
    for shift in range(0, BITS, 4):
        check ^= painted >> shift & 0xF
    if check != 0xA:
        return None
    age = (now_us // 100 - painted) % (1 << BITS)
    return (age if age < 1 << (BITS - 1) else age - (1 << BITS)) / 10


def first(panel: Panel, seconds: float) -> dict[str, object]:
    """Wait for a picture painted at most a second before now."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        glance = panel.look()
        if glance.age_ms is not None and glance.age_ms < 1000:
            return {"seen_us": glance.at_us, "age_ms": glance.age_ms}
        time.sleep(POLL_S)
    return {"seen_us": None, "age_ms": None}


def watch(panel: Panel, seconds: float) -> dict[str, object]:
    """Look at every tick; ages count repeats, as an eye does."""
    begun = time.monotonic()
    ages: list[float] = []
    painted: set[int] = set()
    unreadable = dark = ticks = 0
    opening = last = panel.look()
    while (due := begun + ticks * TICK_S) < begun + seconds:
        time.sleep(max(0.0, due - time.monotonic()))
        ticks += 1
        last = panel.look()
        if last.age_ms is not None:
            ages.append(last.age_ms)
            painted.add(round(last.at_us / 100 - last.age_ms * 10))
        elif last.visible:
            unreadable += 1
        else:
            dark += 1
    return {
        "ages_ms": ages,
        "ticks": ticks,
        "unreadable": unreadable,
        "dark": dark,
        "distinct": len(painted),
        "written": last.counter - opening.counter,
        "seconds": (last.at_us - opening.at_us) / 1e6,
    }


def trail(panel: Panel, seconds: float) -> dict[str, object]:
    """Note when a picture was looked at, and how old it was (s, ms)."""
    deadline = time.monotonic() + seconds
    looks: list[tuple[float, float]] = []
    while time.monotonic() < deadline:
        glance = panel.look()
        if glance.age_ms is not None:
            looks.append((glance.at_us / 1e6, glance.age_ms))
        time.sleep(TRAIL_S)
    return {"looks": looks}


def main(arguments: list[str]) -> int:
    mode, path, seconds = arguments
    panel = Panel(Path(path))
    print(json.dumps({"ready": True}), flush=True)
    looking = {"first": first, "watch": watch, "trail": trail}[mode]
    print(json.dumps(looking(panel, float(seconds))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
