"""
Fifty pairs at 600 kbit/s through our relay, beside nginx-rtmp: how much later it comes.

One process publishes a recorded clip (H.264 and AAC) in every pair and plays it
again; each relay has the other core to itself while it is its turn.  Half-way one
more subscriber stops reading, which must change nothing for the others.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.pinned import ASKING_CORE, SERVER_CORE, on_core, where
from tests.bench.processes import first_line, our_module, program, running
from tests.bench.report import SPREAD, Bar, Result, Table, percentile, spread
from tests.bench.stage import cpu_s


PAIRS, KBPS = 50, 600
SECONDS, SECONDS_FULL = 8.0, 60.0
ADDED_MS, LATER_MS = 10.0, 1.0
OURS, PEER = "our relay", "nginx-rtmp"
_CLIP_S, _SOUND_KBPS = 10, 48
_START_S = 5.0
_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
_NGINX_CONF = """\
load_module {module};
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 1024; }}
rtmp {{
  access_log off;
  server {{
    listen 127.0.0.1:{port};
    chunk_size 4096;
    application live {{ live on; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Played:
    """
    What one relay did.

    Attributes:
        calm: Before one subscriber stopped reading.
        stalled: After.
        cpu_percent: Of its core, before.

    """

    name: str
    calm: Mapping[str, Any]
    stalled: Mapping[str, Any]
    cpu_percent: float


def run(*, full: bool) -> Result:
    seconds = SECONDS_FULL if full else SECONDS
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as name:
        clip = _record(Path(name))
        played = [
            *(_through(OURS, relay, clip, seconds) for relay in (_our_relay(),)),
            *(_through(PEER, relay, clip, seconds) for relay in (_nginx(Path(name)),)),
        ]
    return _result(*played)


def _record(folder: Path) -> Path:
    """Have ffmpeg make the clip."""
    clip = folder / "clip.flv"
    video = KBPS - _SOUND_KBPS
    command = (
        *(program("ffmpeg"), "-v", "error", "-y", "-f", "lavfi"),
        *(
            "-i",
            f"testsrc2=size=640x360:rate=25:duration={_CLIP_S},noise=alls=8:allf=t",
        ),
        *("-f", "lavfi", "-i", f"aevalsrc=random(0)*0.2:d={_CLIP_S}:s=48000"),
        *("-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency"),
        *("-g", "25", "-b:v", f"{video}k", "-minrate", f"{video}k"),
        *("-maxrate", f"{video}k", "-bufsize", f"{video // 4}k", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", f"{_SOUND_KBPS}k", "-ac", "1", str(clip)),
    )
    subprocess.run(command, check=True, timeout=60)
    return clip


@contextlib.contextmanager
def _our_relay() -> Generator[tuple[int, str]]:
    with on_core(SERVER_CORE), running(*our_module("bare_relay")) as process:
        yield process.pid, str(first_line(process)["rtmp"])


@contextlib.contextmanager
def _nginx(folder: Path) -> Generator[tuple[int, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = folder / "nginx.conf"
    conf.write_text(_NGINX_CONF.format(module=_MODULE, folder=folder, port=port))
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    os.environ["PATH"] = path
    command = (program("nginx"), "-p", str(folder), "-c", str(conf))
    with on_core(SERVER_CORE), running(*command, keep=False) as process:
        _wait_for(port)
        yield process.pid, f"rtmp://127.0.0.1:{port}/live"


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _through(
    name: str,
    relay: contextlib.AbstractContextManager[tuple[int, str]],
    clip: Path,
    seconds: float,
) -> Played:
    with relay as (pid, url):
        order = {"url": url, "pairs": PAIRS, "clip": str(clip), "seconds": seconds}
        command = our_module("pairs", json.dumps(order))
        with on_core(ASKING_CORE), running(*command) as process:
            first_line(process)
            began, used = time.monotonic(), cpu_s(pid)
            calm = first_line(process)
            percent = 100 * (cpu_s(pid) - used) / (time.monotonic() - began)
            return Played(name, calm, first_line(process), percent)


def _result(ours: Played, peer: Played) -> Result:
    rows = [
        (f"{played.name}: {phase}", *spread(seen["delays"]), _share(seen))
        for played in (ours, peer)
        for phase, seen in (
            ("all read", played.calm),
            ("one stopped reading", played.stalled),
        )
    ]
    rows += [
        (f"(the clients late, {played.name})", *spread(played.calm["late"]), None)
        for played in (ours, peer)
    ]
    later = _p95(ours.stalled) - _p95(ours.calm)
    return Result(
        "relay_pairs",
        [
            Table(
                f"{PAIRS} pairs at {KBPS} kbit/s, from sent to received, ms ({where()})",
                ("", *SPREAD, "came, %"),
                rows,
            ),
            Table(
                "What it cost the relay",
                ("", "CPU % of a core"),
                [(played.name, played.cpu_percent) for played in (ours, peer)],
            ),
        ],
        [
            Bar("added delay, p95", _p95(ours.calm), ADDED_MS),
            Bar("added delay with one stalled, p95", _p95(ours.stalled), ADDED_MS),
            Bar("p95 later by the stalled one", later, LATER_MS),
            Bar(
                "came, least",
                min(map(_share, (ours.calm, ours.stalled))),
                99.0,
                "%",
                at_least=True,
            ),
        ],
        numbers={
            played.name: {
                "p95_ms": _p95(played.calm),
                "p95_stalled_ms": _p95(played.stalled),
                "cpu_percent": played.cpu_percent,
            }
            for played in (ours, peer)
        },
    )


def _p95(seen: Mapping[str, Any]) -> float:
    return percentile(seen["delays"], 95) or float("inf")


def _share(seen: Mapping[str, Any]) -> float:
    return 100 * len(seen["delays"]) / int(seen["sent"])
