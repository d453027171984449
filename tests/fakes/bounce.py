"""
What a worn push button does to its wire, from a stated model, and nothing of ours.

- A contact that is pressed or released bounces for 0.1 to 30 ms (log-uniform): it
  opens and closes at random moments, 0.05 to 5 ms apart, and ends where it should.
- A person presses for 80 ms to 1.5 s and waits for 120 ms to 1 s; one in a hurry
  does both within a quarter of a second.
- A glitch, of a spark or a long cable, is a pulse of 0.05 to 10 ms to the other
  level, alone, in the middle of a pause or of a press.
- A storm is a square wave of 1 kHz whose edges jitter by a tenth.

Times are microseconds.  A trace is a list of (time, closed), edges only, in order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


Edge = tuple[int, bool]

BOUNCE_US = (100, 30_000)
APART_US = (50, 5_000)
HELD_US = (80_000, 1_500_000)
PAUSE_US = (120_000, 1_000_000)
HURRIED_US = 250_000
GLITCH_US = (50, 10_000)
GLITCHES = 0.3
"""So many of the pauses, and of the longer presses, have one."""
STORM_HALF_US = 500


@dataclass(frozen=True)
class Push:
    """A press as the finger knows it: when it came down, and when it left."""

    down_us: int
    up_us: int


@dataclass(frozen=True)
class Trace:
    """What a finger did, and what the wire did."""

    pushes: list[Push]
    edges: list[Edge]


def worn_button(presses: int, seed: int, *, in_a_hurry: bool = False) -> Trace:
    """Return so many presses of a worn button."""
    chance = Random(seed)
    pushes: list[Push] = []
    edges: list[Edge] = []
    now = 1_000_000
    longest = (HURRIED_US, HURRIED_US) if in_a_hurry else (HELD_US[1], PAUSE_US[1])
    for _ in range(presses):
        held = chance.randint(HELD_US[0], longest[0])
        pause = chance.randint(PAUSE_US[0], longest[1])
        pushes.append(Push(now, now + held))
        edges += _change(chance, now, to_closed=True)
        edges += _glitch(chance, now, held, is_closed=True)
        now += held
        edges += _change(chance, now, to_closed=False)
        edges += _glitch(chance, now, pause, is_closed=False)
        now += pause
    return Trace(pushes, edges)


def storm(start_us: int, seconds: float, seed: int) -> list[Edge]:
    """Return a storm that leaves the contact open."""
    chance = Random(seed)
    edges: list[Edge] = []
    now, closed = start_us, True
    while now < start_us + seconds * 1_000_000:
        edges.append((now, closed))
        now += round(STORM_HALF_US * chance.uniform(0.9, 1.1))
        closed = not closed
    if edges and edges[-1][1]:
        edges.append((now, False))
    return edges


def _change(chance: Random, at: int, *, to_closed: bool) -> Iterator[Edge]:
    shortest, longest = BOUNCE_US
    end = at + round(math.exp(chance.uniform(math.log(shortest), math.log(longest))))
    level, now = to_closed, at
    while now < end:
        yield now, level
        level = not level
        now += chance.randint(*APART_US)
    if level is to_closed:
        yield end, to_closed


def _glitch(chance: Random, at: int, lasts: int, *, is_closed: bool) -> Iterator[Edge]:
    room = lasts - 2 * (BOUNCE_US[1] + 30_000) - GLITCH_US[1]
    if room <= 0 or chance.random() >= GLITCHES:
        return
    begin = at + BOUNCE_US[1] + 30_000 + chance.randrange(room)
    yield begin, not is_closed
    yield begin + chance.randint(*GLITCH_US), is_closed
