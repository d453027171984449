"""
Many short calls in one kiosk process: does it give everything back?

Threads and descriptors must be the same before and after.  Memory may go up
and down; its slope over the later calls is estimated by least squares, and the
upper end of the 95 % interval is what is judged.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.growth import Slope, slope
from tests.bench.report import Bar, Result, Table
from tests.bench.stage import open_stage, rss_mb
from tests.fakes.branch import wait_until
from tests.fakes.descriptors import descriptors, is_at_rest
from tests.fakes.programs import Party


CALLS, CALLS_FULL = 60, 200
WARM_CALLS = 50
SLOPE_KB = 10.0
_TALK_S = 0.3
_EACH = 10
_LET_GO_S = 30.0
_SETTLE_S, _LOOK_S, _STEADY_LOOKS = 3.0, 0.05, 5


@dataclass(frozen=True, slots=True)
class Idle:
    """A process between two calls."""

    threads: int
    fds: int
    rss_mb: float


def run(*, full: bool) -> Result:
    calls = CALLS_FULL if full else CALLS
    with open_stage() as stage:
        server = stage.start_server()
        agent = stage.start_agent()
        kiosk = stage.start_kiosk(call={"ended_s": 0.1})
        _call(kiosk, agent)  # imports, codecs and sockets of the first call
        before = _at_rest(kiosk)
        memory = [before.rss_mb]
        servers = [rss_mb(server.pid)]
        for _ in range(calls):
            _call(kiosk, agent)
            memory.append(_idle(kiosk).rss_mb)
            servers.append(rss_mb(server.pid))
        after = _at_rest(kiosk)
        notes = descriptors(kiosk.pid) if after.fds != before.fds else []
    return _result(memory, servers, before, after, notes, full=full)


def _call(kiosk: Party, agent: Party) -> None:
    agent.wait_for("WAITING", 15.0)
    kiosk.press("call")
    kiosk.wait_for("IN_CALL")
    time.sleep(_TALK_S)
    kiosk.press("hangup")
    kiosk.wait_for("IDLE")


def _idle(kiosk: Party) -> Idle:
    """Look at an idle kiosk once nothing about it changes any more."""
    deadline = time.monotonic() + _SETTLE_S
    looks: list[Idle] = []
    while time.monotonic() < deadline:
        status = kiosk.status()
        now = Idle(status["threads"], status["fds"], status["rss_mb"])
        if looks and (now.threads, now.fds) != (looks[-1].threads, looks[-1].fds):
            looks.clear()
        looks.append(now)
        if len(looks) == _STEADY_LOOKS:
            break
        time.sleep(_LOOK_S)
    return looks[-1]


def _at_rest(kiosk: Party) -> Idle:
    """Look at an idle kiosk that has let go of its call's connections."""
    while True:
        wait_until(lambda: is_at_rest(kiosk.pid), "unconnected", _LET_GO_S)
        now = _idle(kiosk)
        if is_at_rest(kiosk.pid):
            return now


def _slope(values_mb: Sequence[float]) -> Slope | None:
    return slope(list(enumerate(values_mb)))


def _result(
    memory: Sequence[float],
    servers: Sequence[float],
    before: Idle,
    after: Idle,
    notes: Sequence[str],
    *,
    full: bool,
) -> Result:
    warm = min(WARM_CALLS, len(memory) // 2)
    late = _slope(memory[warm:])
    rows = [
        (f"after call {number}", memory[number], servers[number])
        for number in range(0, len(memory), max(_EACH, len(memory) // 12))
    ]
    grown = Table(
        "Resident memory of the idle kiosk, MB", ("", "kiosk", "server"), rows
    )
    slopes = Table(
        f"Growth a call over calls {warm} to {len(memory) - 1}, kB",
        ("", "estimate", "lower 95 %", "upper 95 %"),
        [
            (name, found.estimate, found.lower, found.upper)
            for name, found in (("kiosk", late), ("server", _slope(servers[warm:])))
            if found is not None
        ],
    )
    held = Table(
        "What an idle kiosk holds",
        ("", "before", "after"),
        [
            ("threads", before.threads, after.threads),
            ("descriptors", before.fds, after.fds),
        ],
    )
    return Result(
        "many_calls",
        [grown, slopes, held],
        [
            Bar("threads more or fewer", *_change(before.threads, after.threads)),
            Bar("descriptors more or fewer", *_change(before.fds, after.fds)),
            Bar(
                "memory a call, upper 95 %",
                late.upper if late else None,
                SLOPE_KB,
                unit="kB",
                judged=full,
            ),
        ],
        notes,
        {"rss_mb": list(memory), "server_rss_mb": list(servers)},
    )


def _change(before: int, after: int) -> tuple[float, float, str]:
    return float(abs(after - before)), 0.0, ""
