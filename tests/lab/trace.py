"""
A mobile network as a list of changes of the link.

The shape is that of the AT&T LTE recordings of a drive by Winstein et al.
("Stochastic Forecasts Achieve High Throughput and Low Delay over Cellular
Networks", NSDI 2013; published with mahimahi): uplink half of the time between
0.6 and 1.2 Mbit/s, another value each second; downlink several times that; and
holes of some seconds during which nothing passes.  In the recordings what was
sent into a hole waits; here it is lost, which is worse: TCP then falls silent
for longer than the hole lasts.  Rates are drawn with a seed, not copied.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.lab.network import Network


DELAY_MS, JITTER_MS = 30.0, 15.0
UP_KBPS, DOWN_KBPS = (600, 1200), (2500, 8000)
OUTAGE_S = 5.0


@dataclass(frozen=True, slots=True)
class Change:
    """
    What holds from a moment on.

    Attributes:
        at_s: Since the trace began.
        is_out: Nothing passes.

    """

    at_s: float
    up_kbps: int
    down_kbps: int
    is_out: bool = False


@dataclass(frozen=True, slots=True)
class Outage:
    """When nothing passed, in monotonic seconds."""

    began: float
    ended: float


def mobile(
    outages_at_s: Sequence[float],
    seconds: float,
    outage_s: float = OUTAGE_S,
    seed: int = 1,
) -> Iterator[Change]:
    """Yield a change a second, and the beginnings and ends of outages."""
    chance = random.Random(seed)
    edges = dict.fromkeys(outages_at_s, True)
    edges |= {at + outage_s: False for at in outages_at_s}
    is_out = False
    for at_s in sorted({*map(float, range(int(seconds))), *edges}):
        is_out = edges.get(at_s, is_out)
        yield Change(at_s, chance.randint(*UP_KBPS), chance.randint(*DOWN_KBPS), is_out)


def set_out(lab: Network) -> None:
    """Make the link of a lab a mobile one, before anybody uses it."""
    lab.change("up", rate_kbps=UP_KBPS[1], delay_ms=DELAY_MS, jitter_ms=JITTER_MS)
    lab.change("down", rate_kbps=DOWN_KBPS[1], delay_ms=DELAY_MS, jitter_ms=JITTER_MS)


def travel(lab: Network, trace: Iterator[Change]) -> list[Outage]:
    """Let the link of a lab change as a trace says, in real time."""
    begun = time.monotonic()
    out_since: float | None = None
    outages: list[Outage] = []
    for change in trace:
        time.sleep(max(0.0, begun + change.at_s - time.monotonic()))
        lost = 100 if change.is_out else 0
        lab.change("up", rate_kbps=change.up_kbps, loss_percent=lost)
        lab.change("down", rate_kbps=change.down_kbps, loss_percent=lost)
        if change.is_out and out_since is None:
            out_since = time.monotonic()
        elif not change.is_out and out_since is not None:
            outages.append(Outage(out_since, time.monotonic()))
            out_since = None
    return outages
