"""
A server is stopped in a call, or killed, and started again: until both see each other.

Counted from the line with which the server says that it answers, by each
daemon's own count of pictures shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench.report import SPREAD, Bar, Result, Table, spread
from tests.bench.stage import Stage, open_stage
from tests.fakes.branch import wait_for_new_pictures
from tests.fakes.programs import Party, Server


ENDS, ENDS_FULL = 6, 30
BOUND_MS = 2000.0
_DOWN_S = (0.2, 1.0, 2.0, 3.0)
"""How long nobody answers, one after the other; beside the start itself."""
_PATIENCE_S = 15.0
_POLL_S = 0.01
_CALL = {"reconnect_s": 30.0}


@dataclass(slots=True)
class Returns:
    """Milliseconds until the first new picture, by how the server ended."""

    stopped: list[float] = field(default_factory=list)
    killed: list[float] = field(default_factory=list)
    calls: set[int] = field(default_factory=set)
    """The ordinals of the calls the parties were in: one, if none ended."""


def run(*, full: bool) -> Result:
    returns = Returns()
    with open_stage() as stage:
        server = stage.start_server()
        parties = _called(stage)
        ways: tuple[tuple[Callable[[Server], object], list[float]], ...] = (
            (Server.stop, returns.stopped),
            (Server.kill, returns.killed),
        )
        for number in range(ENDS_FULL if full else ENDS):
            end, found = ways[number % len(ways)]
            end(server)
            time.sleep(_DOWN_S[number // len(ways) % len(_DOWN_S)])
            server = stage.branch.start_again(server)
            found.extend(_until_seen(parties))
            returns.calls |= {int(party.status()["call"]) for party in parties}
    return _result(returns)


def _called(stage: Stage) -> tuple[Party, Party]:
    agent = stage.start_agent(call=_CALL)
    kiosk = stage.start_kiosk(call=_CALL)
    kiosk.press("call")
    for party in (agent, kiosk):
        party.wait_for("IN_CALL")
        wait_for_new_pictures(party)
    return agent, kiosk


def _until_seen(parties: Sequence[Party]) -> list[float]:
    """Return when each shows pictures of now, in milliseconds from now."""
    began = time.monotonic()
    least: dict[str, int] = {}
    seen: dict[str, float] = {}
    while len(seen) < len(parties):
        for party in parties:
            status = party.status()
            shown = status["play"][0]["pictures_shown"] if status["play"] else 0
            lowest = least[party.name] = min(least.get(party.name, shown), shown)
            if shown > lowest and status["state"] == "IN_CALL":
                seen.setdefault(party.name, (time.monotonic() - began) * 1000)
        if time.monotonic() - began > _PATIENCE_S:
            raise AssertionError(f"no picture again:\n{parties[0].said_by_all}")
        time.sleep(_POLL_S)
    return list(seen.values())


def _result(returns: Returns) -> Result:
    rows = {"stopped (SIGTERM)": returns.stopped, "killed": returns.killed}
    table = Table(
        "Server answers again to picture again, ms",
        ("", *SPREAD),
        [(name, *spread(values)) for name, values in rows.items()],
    )
    bars = [
        Bar(f"picture again, worst, {name}", max(values, default=None), BOUND_MS)
        for name, values in rows.items()
    ]
    bars.append(Bar("calls, of one", float(len(returns.calls)), 1.0, ""))
    return Result("server_stop", [table], bars, numbers={**rows})
