"""
Call set-ups on a store that several servers share, beside one server's own file.

The same sixteen requests as in :mod:`tests.bench.load_setups`; where there are two
servers the parties of a call are at different ones.  Servers, Redis and the crowd
share this machine, so two servers here show what sharing costs, not what it brings.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

from tests.bench.load_setups import (
    BYSTANDERS,
    LIMITS,
    RATE,
    SETUP_MS,
    Caller,
    Step,
    climb_from,
)
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import Bar, Result, Table, percentile
from tests.bench.stage import open_stage
from tests.fakes.redis_process import RedisProcess


SECONDS, SECONDS_FULL = 10.0, 60.0
TWO = "Redis, two servers"


def run(*, full: bool) -> Result:
    seconds = SECONDS_FULL if full else SECONDS
    steps: dict[str, list[Step]] = {}
    with RedisProcess(durable=True, fsync="everysec") as redis:
        steps[TWO] = _measure({"url": redis.url}, 2, seconds)
    with RedisProcess(durable=True, fsync="everysec") as redis:
        steps["Redis, one server"] = _measure({"url": redis.url}, 1, seconds)
    steps["SQLite, one server"] = _measure({}, 1, seconds)
    return _result(steps)


def _measure(store: Mapping[str, str], count: int, seconds: float) -> list[Step]:
    with open_stage() as stage:
        kept = store or {"path": str(stage.branch.folder / "rooms.db")}
        sections = {"store": kept, "limits": LIMITS}
        servers = [
            stage.branch.start_named_server(f"server{number}", sections)
            for number in range(count)
        ]
        ports = [int(server.url.rpartition(":")[2]) for server in servers]
        order = json.dumps({"ports": ports, "bystanders": BYSTANDERS})
        command = our_module("setups_crowd", order)
        with running(*command, stdin=subprocess.PIPE) as process:
            first_line(process)
            caller = Caller(process, *(server.pid for server in servers))
            steps = [caller.at(RATE, seconds), *climb_from(caller)]
            assert process.stdin is not None
            process.stdin.close()
        return steps


def _result(steps: Mapping[str, list[Step]]) -> Result:
    rows = [
        (
            name,
            percentile(some[0].seen["setups"], 50),
            percentile(some[0].seen["setups"], 95),
            some[0].cpu_percent,
            max((step.rate for step in some if step.was_clean), default=0.0),
        )
        for name, some in steps.items()
    ]
    promised = steps[TWO][0]
    return Result(
        "shared_setups",
        [
            Table(
                f"Call set-ups, {RATE:g} a second and as many as go (all on two cores)",
                ("store", "p50 ms", "p95 ms", "CPU % of servers", "most a second"),
                rows,
            )
        ],
        [
            Bar(
                f"{TWO}: refused or failed at {RATE:g}/s",
                float(promised.seen["failures"] + len(promised.seen["busy"])),
                0.0,
                "",
            ),
            Bar(
                f"{TWO}: set-up at {RATE:g}/s, p95",
                percentile(promised.seen["setups"], 95),
                SETUP_MS,
                judged=False,  # promised of SQLite, with a core for the server
            ),
        ],
        [],
        {
            name: [step.rate for step in some if step.was_clean]
            for name, some in steps.items()
        },
    )
