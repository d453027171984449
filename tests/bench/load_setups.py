"""
Call set-ups, with all their requests and every change synced to a disk.

One is sixteen requests of two parties on fresh connections, from the login to the
empty room.  First the rate that is promised, then upward until one fails or waits:
that is the breaking point.  Then twice as many: who is refused is told so, when to
come back, and bystanders' heartbeats are answered all the same.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench.pinned import ASKING_CORE, SERVER_CORE, on_core, where
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import Bar, Result, Table, percentile
from tests.bench.stage import cpu_s, open_stage


RATE = 60.0
SECONDS, SECONDS_FULL = 20.0, 300.0
SETUP_MS, BEAT_MS = 200.0, 50.0
_STEP_S, _GROWTH, _MOST = 6.0, 1.3, 1200.0
BYSTANDERS = 200
LIMITS = {"requests_per_identity": 1000}


@dataclass(frozen=True, slots=True)
class Step:
    """One rate, and what it cost the servers."""

    rate: float
    seen: Mapping[str, Any]
    cpu_percent: float

    @property
    def was_clean(self) -> bool:
        """Nothing refused, failed or late."""
        slowest = percentile(self.seen["setups"], 95)
        troubled = self.seen["busy"] or self.seen["failures"]
        return not troubled and slowest is not None and slowest <= SETUP_MS


class Caller:
    """The process that calls, told one rate after the other."""

    def __init__(self, process: subprocess.Popen[bytes], *server_pids: int) -> None:
        self._process = process
        self._pids = server_pids

    def at(self, rate: float, seconds: float) -> Step:
        """Let it call at a rate for so long."""
        assert self._process.stdin is not None
        order = json.dumps({"rate": rate, "seconds": seconds})
        used, began = sum(map(cpu_s, self._pids)), time.monotonic()
        self._process.stdin.write(order.encode() + b"\n")
        self._process.stdin.flush()
        seen = first_line(self._process)
        spent = (sum(map(cpu_s, self._pids)) - used) / (time.monotonic() - began)
        return Step(rate, seen, 100 * spent)


def run(*, full: bool) -> Result:
    with open_stage() as stage:
        store = {"path": str(stage.branch.folder / "rooms.db")}
        with on_core(SERVER_CORE):
            server = stage.branch.start_server({"store": store, "limits": LIMITS})
        port = int(server.url.rpartition(":")[2])
        order = json.dumps({"ports": [port], "bystanders": BYSTANDERS})
        command = our_module("setups_crowd", order)
        calling = running(*command, stdin=subprocess.PIPE)
        with on_core(ASKING_CORE), calling as process:
            first_line(process)
            caller = Caller(process, server.pid)
            promised = caller.at(RATE, SECONDS_FULL if full else SECONDS)
            climb = climb_from(caller)
            above = caller.at(2 * climb[-1].rate, _STEP_S)
            assert process.stdin is not None
            process.stdin.close()
    return _result(promised, climb, above)


def climb_from(caller: Caller) -> list[Step]:
    """Return steps up to the first that was not clean."""
    steps: list[Step] = []
    rate = RATE
    while rate < _MOST:
        rate = round(rate * _GROWTH)
        steps.append(caller.at(rate, _STEP_S))
        if not steps[-1].was_clean:
            break
    return steps


def _result(promised: Step, climb: list[Step], above: Step) -> Result:
    rows = [
        (
            f"{step.rate:g}",
            step.seen["begun"],
            len(step.seen["setups"]),
            percentile(step.seen["setups"], 50),
            percentile(step.seen["setups"], 95),
            len(step.seen["busy"]),
            step.seen["failures"],
            percentile(step.seen["beats"], 99),
            len(step.seen["beats_refused"]),
            step.cpu_percent,
        )
        for step in (promised, *climb, above)
    ]
    clean = [step.rate for step in (promised, *climb) if step.was_clean]
    beats = [one for step in (promised, *climb, above) for one in step.seen["beats"]]
    refused = sum(len(s.seen["beats_refused"]) for s in (promised, *climb, above))
    return Result(
        "load_setups",
        [
            Table(
                f"Call set-ups a second, SQLite ({where()}); times in ms",
                (
                    *("rate", "begun", "done", "p50", "p95", "503", "failed"),
                    *("beats p99", "beats refused", "CPU %"),
                ),
                rows,
            )
        ],
        [
            Bar(
                f"set-ups refused or failed at {RATE:g}/s",
                float(promised.seen["failures"] + len(promised.seen["busy"])),
                0.0,
                "",
            ),
            Bar(
                f"set-up at {RATE:g}/s, p95",
                percentile(promised.seen["setups"], 95),
                SETUP_MS,
            ),
            Bar(
                f"heartbeat at {RATE:g}/s, p99",
                percentile(promised.seen["beats"], 99),
                BEAT_MS,
            ),
            Bar(
                "most a second, clean", max(clean, default=0.0), RATE, "", at_least=True
            ),
            Bar(
                "above it: failed other than by 503",
                float(above.seen["failures"]),
                0.0,
                "",
            ),
            Bar("heartbeats refused at any rate", float(refused), 0.0, ""),
        ],
        [
            f"{len(beats)} heartbeats of {BYSTANDERS} bystanders meanwhile",
            *(str(one) for step in (*climb, above) for one in step.seen["failed"]),
        ],
        {
            "clean": clean,
            "cpu_percent": {f"{s.rate:g}": s.cpu_percent for s in (promised, *climb)},
        },
    )
