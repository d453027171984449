"""
From the start of ``kiosk run`` to READY, as a service on the fake card paced at 60 Hz.

READY is what the supervisor is told: a screen was flipped, the buttons are heard and the
control socket answers.  Nobody answers as the room server, which READY does not wait for.
The codecs come after the first pixel: when they are in the process is told beside it.
Beside it an interpreter that does nothing, and one whose event loop begins and ends.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.report import Bar, Result, Table
from tests.bench.stage import cpu_s
from tests.fakes.supervisor import Supervisor


ROUNDS, ROUNDS_FULL = 5, 25
MOST_MS = 1500.0
_CODECS = "libavcodec"
_LOOK_S = 0.005
_TIMEOUT_S = 60.0
_PEERS = {
    "python -c pass": "pass",
    "python, an event loop that ends": "import asyncio; asyncio.run(asyncio.sleep(0))",
}


def run(*, full: bool) -> Result:
    rounds = ROUNDS_FULL if full else ROUNDS
    spent: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, took in (_kiosk() | _peers()).items():
            spent.setdefault(name, []).append(took)
    rows = [(name, statistics.median(ms), max(ms)) for name, ms in spent.items()]
    title = f"from the start of a process, ms ({rounds} each)"
    bar = Bar("READY, p50", rows[0][1], MOST_MS)
    table = Table(title, ("way", "p50", "max"), rows)
    return Result("ready", [table], [bar], numbers=dict(spent))


def _kiosk() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="kiosk-ready-") as name:
        folder = Path(name)
        config = folder / "kiosk.toml"
        config.write_text(
            '[room]\nserver = "http://127.0.0.1:9"\n'
            '[display]\ndevice = "fake-drm:vc4-gen5"\n'
            f'[control]\nsocket = "{folder / "control.sock"}"\n',
            "utf-8",
        )
        with Supervisor(folder) as supervisor:
            began = time.monotonic()
            supervisor.start("-m", "kiosk", "run", "--config", str(config))
            ready = _until(supervisor, lambda: "READY=1" in supervisor.heard)
            cpu = cpu_s(supervisor.pid)
            codecs = _until(supervisor, lambda: _has_codecs(supervisor.pid))
            return {
                "kiosk run: READY": (ready - began) * 1000,
                "kiosk run: processor until READY": cpu * 1000,
                "kiosk run: codecs loaded": (codecs - began) * 1000,
            }


def _until(supervisor: Supervisor, is_true: object) -> float:
    assert callable(is_true)
    deadline = time.monotonic() + _TIMEOUT_S
    while not is_true():
        supervisor.listen()
        assert time.monotonic() < deadline, supervisor.log
        time.sleep(_LOOK_S)
    return time.monotonic()


def _has_codecs(pid: int) -> bool:
    return _CODECS in Path(f"/proc/{pid}/maps").read_text("ascii", "replace")


def _peers() -> dict[str, float]:
    return {name: _ms(program) for name, program in _PEERS.items()}


def _ms(program: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, timeout=_TIMEOUT_S)
    return (time.monotonic() - began) * 1000
