"""
``python -m tests.bench [--full] [NAME...]``: every promise measured, as tables.

Numbers are compared within one run only; the load of the machine is printed
with each.  Ends with 1 when a judged bar fails, and leaves
``bench-out/bench.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tests.bench.report import Result, show


NAMES = (
    "first_picture",
    "latency",
    "before_playout",
    "network",
    "matrix",
    "outage",
    "silent_server",
    "many_calls",
    "forgeries",
    "cpu_memory",
    "request_cost",
    "heartbeat_tls",
    "load_members",
    "idle_kiosks",
    "load_setups",
    "shared_setups",
    "relay_pairs",
    "storms",
    "server_stop",
    "room_news",
    "echo",
    "fuzz",
    "multi_room",
    "live_room",
    "screen_change",
    "desk_latency",
    "buttons",
    "camera_cost",
    "rotation_cost",
    "present_cost",
    "first_flip",
    "ready",
    "idle",
    "commands",
    "page_feed",
)
OUT = Path("bench-out")
EX_FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--full", action="store_true", help="the sizes promised")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    chosen = [name for name in NAMES if not options.names or name in options.names]
    runs = [_run(name, full=options.full) for name in chosen]
    _save(runs, full=options.full)
    return _verdict(runs)


class Run:
    """One benchmark, finished or broken."""

    def __init__(self, name: str, result: Result | None, seconds: float) -> None:
        self.name = name
        self.result = result
        self.seconds = seconds

    @property
    def passed(self) -> bool:
        return self.result is not None and self.result.passed


def _run(name: str, *, full: bool) -> Run:
    print(f"\n== {name}  (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
    began = time.monotonic()
    result: Result | None = None
    try:
        result = import_module(f"tests.bench.{name}").run(full=full)
        assert isinstance(result, Result)
        show(result)
    except Exception:  # noqa: BLE001 -- one broken benchmark must not hide the others
        traceback.print_exc()
        print(f"  BROKEN {name}")
    seconds = time.monotonic() - began
    print(f"  ({seconds:.0f} s, load now {os.getloadavg()[0]:.1f})", flush=True)
    return Run(name, result, seconds)


def _save(runs: Sequence[Run], *, full: bool) -> None:
    OUT.mkdir(exist_ok=True)
    told = {
        "full": full,
        "benches": {
            run.name: {
                "seconds": round(run.seconds, 1),
                "passed": run.passed,
                "bars": [
                    {
                        "what": bar.what,
                        "value": bar.value,
                        "relation": bar.relation,
                        "bound": bar.bound,
                        "unit": bar.unit,
                        "verdict": bar.verdict,
                    }
                    for bar in (run.result.bars if run.result else ())
                ],
                "numbers": run.result.numbers if run.result else None,
            }
            for run in runs
        },
    }
    (OUT / "bench.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def _verdict(runs: Sequence[Run]) -> int:
    failed = [
        f"{run.name}: {bar.what}"
        for run in runs
        for bar in (run.result.bars if run.result else ())
        if bar.judged and not bar.passed
    ]
    failed += [f"{run.name}: broken" for run in runs if run.result is None]
    judged = sum(
        bar.judged for run in runs for bar in (run.result.bars if run.result else ())
    )
    print(f"\n{judged} bars, {len(failed)} failed")
    for line in failed:
        print(f"  FAIL {line}")
    return EX_FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main())
