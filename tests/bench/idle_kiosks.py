"""
2000 idle kiosks that look whether their room server is there: what it costs one core.

A kiosk asks every 4 s or a little oftener, so that a dead network is told within 10 s;
it was 20 s before, each time over a new connection.  On each store, beside an empty route
of starlette asked as often, and beside itself at the old rate.  A hundred calls are under way meanwhile, so the list is not empty.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.bench.pinned import ASKING_CORE, SERVER_CORE, on_core, where
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import SPREAD, Bar, Result, Table, percentile, spread
from tests.bench.stage import cpu_s, open_stage
from tests.fakes.redis_process import RedisProcess


KIOSKS, ROOMS = 2000, 100
PERIOD_S, OLD_PERIOD_S = 4.0, 20.0
SECONDS, SECONDS_FULL = 20.0, 60.0
ANSWER_MS, CORE_PERCENT = 50.0, 50.0
STORES = ("memory", "sqlite", "redis")
EMPTY = "empty starlette route"
_SETTINGS = {"heartbeat_timeout_s": 3600}
_LIMITS = {"requests_per_identity": 1000}


@dataclass(frozen=True, slots=True)
class Cost:
    """What was seen at one rate; ``us_a_request`` is of the server's processor."""

    name: str
    period_s: float
    waits_ms: list[float]
    refused: int
    why: Mapping[str, int]
    """What was said of those that failed, and how often: the three that were most."""
    cpu_percent: float
    us_a_request: float
    store_percent: float | None = None
    """Of a core, by the store's own process."""


def run(*, full: bool) -> Result:
    seconds = SECONDS_FULL if full else SECONDS
    costs = [cost for store in STORES for cost in _ours(store, seconds)]
    return _result([*costs, *_peer(seconds)])


def _ours(store: str, seconds: float) -> list[Cost]:
    with ExitStack() as stack:
        stage = stack.enter_context(open_stage())
        section: dict[str, object] = {"path": "off"}
        pids: dict[str, int] = {}
        with on_core(SERVER_CORE):
            if store == "redis":
                redis = stack.enter_context(RedisProcess(durable=True))
                section, pids["store"] = {"url": redis.url}, redis.pid
            elif store == "sqlite":
                section = {"path": str(stage.branch.folder / "rooms.db")}
            more: Mapping[str, Any] = {"store": section, "limits": _LIMITS}
            server = stage.branch.start_server(more, **_SETTINGS)
        port = int(server.url.rpartition(":")[2])
        return _asked(store, {"server": server.pid, **pids}, port, seconds)


def _peer(seconds: float) -> list[Cost]:
    command = our_module("bare_members")
    with on_core(SERVER_CORE), running(*command) as process:
        port = int(first_line(process)["port"])
        return _asked(EMPTY, {"server": process.pid}, port, seconds)


def _asked(name: str, pids: Mapping[str, int], port: int, seconds: float) -> list[Cost]:
    wanted = {"port": port, "kiosks": KIOSKS, "rooms": ROOMS, "is_bare": name == EMPTY}
    with _crowd(wanted) as crowd:
        return [
            _at_rate(crowd, name, pids, period_s, seconds)
            for period_s in (PERIOD_S, OLD_PERIOD_S)
        ]


@contextmanager
def _crowd(wanted: Mapping[str, object]) -> Generator[subprocess.Popen[bytes]]:
    command = our_module("idle_crowd", json.dumps(wanted))
    with (
        on_core(ASKING_CORE),
        running(*command, stdin=subprocess.PIPE) as process,
    ):
        first_line(process)
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _at_rate(
    crowd: subprocess.Popen[bytes],
    name: str,
    pids: Mapping[str, int],
    period_s: float,
    seconds: float,
) -> Cost:
    assert crowd.stdin is not None
    began, before = time.monotonic(), {one: cpu_s(pid) for one, pid in pids.items()}
    crowd.stdin.write(json.dumps({"period_s": period_s, "seconds": seconds}).encode())
    crowd.stdin.write(b"\n")
    crowd.stdin.flush()
    seen = first_line(crowd)
    took = time.monotonic() - began
    used = {one: 100 * (cpu_s(pid) - before[one]) / took for one, pid in pids.items()}
    return Cost(
        name,
        period_s,
        seen["waits_ms"],
        seen["refused"],
        seen["why"],
        used["server"],
        used["server"] / 100 * took / len(seen["waits_ms"]) * 1e6,
        used.get("store"),
    )


def _result(costs: list[Cost]) -> Result:
    rows = [
        (
            f"{one.name}, every {one.period_s:g} s",
            one.cpu_percent,
            one.us_a_request,
            one.store_percent,
            one.refused,
        )
        for one in costs
    ]
    waits = [
        (f"{one.name}, every {one.period_s:g} s", *spread(one.waits_ms))
        for one in costs
    ]
    failures = [
        (f"{one.name}, every {one.period_s:g} s", said, times)
        for one in costs
        for said, times in one.why.items()
    ]
    judged = [one for one in costs if one.period_s == PERIOD_S and one.name != EMPTY]
    bars = [
        bar
        for one in judged
        for bar in (
            Bar(f"{one.name}: CPU of the core", one.cpu_percent, CORE_PERCENT, "%"),
            Bar(f"{one.name}: p99", percentile(one.waits_ms, 99), ANSWER_MS),
            Bar(f"{one.name}: refused or failed", float(one.refused), 0.0, ""),
        )
    ]
    header = ("", "CPU % of a core", "us a request", "store's CPU %", "failures")
    return Result(
        "idle_kiosks",
        [
            Table(f"{KIOSKS} idle kiosks ({where()})", header, rows),
            Table("Answers, ms", ("", *SPREAD), waits),
            Table("Why some failed", ("", "what was said", "times"), failures),
        ],
        bars,
        numbers={
            f"{one.name}, every {one.period_s:g} s": {
                "cpu_percent": one.cpu_percent,
                "us_a_request": one.us_a_request,
            }
            for one in costs
        },
    )
