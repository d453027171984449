"""
An idle kiosk: what it holds and what it spends, ready and after many calls.

On the fake card in 1280x720 at 60 Hz, its page on the display (the card's own memory, 11
MB of two pages, is counted: here it is the process's).  Processor time is the kernel's.
What its memory is made of is told by the kernel's map of it: code and data of libraries,
the C library's heap and arenas, and what is mapped apart.  Beside it an interpreter with
nothing but an event loop.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections import defaultdict
from pathlib import Path

from tests.bench.processes import first_line, our_module, running
from tests.bench.report import Bar, Result, Table
from tests.bench.stage import cpu_s, open_stage, rss_mb
from tests.fakes.programs import Party


CALLS, CALLS_FULL = 20, 200
SECONDS, SECONDS_FULL = 10.0, 60.0
READY_MB, AFTER_MB, CPU_PERCENT = 90.0, 120.0, 1.0
_SETTLE_S = 5.0
_TALK_S = 0.3
_HEAD = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)")


def run(*, full: bool) -> Result:
    seconds = SECONDS_FULL if full else SECONDS
    calls = CALLS_FULL if full else CALLS
    with open_stage() as stage:
        stage.start_server()
        agent = stage.start_agent()
        stage.is_watched = False
        display = {"device": "fake-drm:vc4-gen5", "mode": "1280x720@60"}
        kiosk = stage.start_kiosk(display=display, call={"ended_s": 0.1})
        time.sleep(_SETTLE_S)
        ready_mb, ready_parts = rss_mb(kiosk.pid), parts_of(kiosk.pid)
        percent = _percent(kiosk.pid, seconds)
        for _ in range(calls):
            _call(kiosk, agent)
        time.sleep(_SETTLE_S)
        after_mb, after_parts = rss_mb(kiosk.pid), parts_of(kiosk.pid)
        after_percent = _percent(kiosk.pid, seconds)
    peer_mb, peer_percent = _peer(seconds)
    rows = [
        ("kiosk, ready", ready_mb, percent),
        (f"kiosk, after {calls} calls", after_mb, after_percent),
        ("python, an empty event loop", peer_mb, peer_percent),
    ]
    names = sorted(after_parts, key=lambda name: -after_parts[name])
    memory = [(one, ready_parts.get(one, 0.0), after_parts[one]) for one in names]
    return Result(
        "idle",
        [
            Table(f"Idle over {seconds:g} s", ("", "RSS MB", "CPU % of a core"), rows),
            Table("Of the kiosk's memory, MB", ("", "ready", "after calls"), memory),
        ],
        [
            Bar("ready and idle", ready_mb, READY_MB, unit="MB"),
            Bar(f"idle after {calls} calls", after_mb, AFTER_MB, unit="MB"),
            Bar("processor, ready", percent, CPU_PERCENT, unit="%"),
            Bar("processor, after calls", after_percent, CPU_PERCENT, unit="%"),
        ],
        numbers={"ready": ready_parts, "after": after_parts},
    )


def parts_of(pid: int) -> dict[str, float]:
    """Return what the resident memory of a process is, in MB, by kind."""
    parts: defaultdict[str, float] = defaultdict(float)
    kind = ""
    for line in Path(f"/proc/{pid}/smaps").read_text("utf-8", "replace").splitlines():
        if head := _HEAD.fullmatch(line):
            kind = _kind(head[1])
        elif line.startswith("Rss:"):
            parts[kind] += int(line.split()[1]) / 1024
    return parts


def _kind(path: str) -> str:
    if not path:
        return "mapped apart: arenas, stacks, large blocks"
    if path.startswith("["):
        return path.strip("[]")
    name = Path(path).name
    for known in ("libav", "libsw", "libx26", "numpy", "openblas", "PIL", "pydantic"):
        if known in path:
            return known.replace("libav", "av").replace("libsw", "av")
    return "fonts" if name.endswith((".ttc", ".otf", ".ttf")) else "other files"


def _call(kiosk: Party, agent: Party) -> None:
    agent.wait_for("WAITING", 15.0)
    kiosk.press("call")
    kiosk.wait_for("IN_CALL")
    time.sleep(_TALK_S)
    kiosk.press("hangup")
    kiosk.wait_for("IDLE")


def _percent(pid: int, seconds: float) -> float:
    before, began = cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_s(pid) - before) / (time.monotonic() - began)


def _peer(seconds: float) -> tuple[float, float]:
    with running(*our_module("empty_loop"), stdin=subprocess.PIPE) as process:
        first_line(process)
        return rss_mb(process.pid), _percent(process.pid, seconds)
