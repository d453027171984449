"""
What a call costs, beside ffmpeg doing the same encoding and decoding.

Processor time is the kernel's, over as many seconds for all.  The peer is one
ffmpeg that encodes our clip with a sine and pushes it, and one that pulls and
decodes picture and sound: what a kiosk does both of, without a screen.  Its
pictures get the bit rate that the kiosk's had; its sound is AAC, since its FLV
carries no Opus.  The clip is drawn by a process of its own, which is not counted,
whereas our camera draws and encodes on one thread.  Nobody watches the kiosk's
display: what it shows is copied once, as a panel takes it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.peers import PACED_SINE, ffmpeg_player, ffmpeg_push
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import Bar, Result, Table
from tests.bench.stage import cpu_s, open_stage, rss_mb


SECONDS, SECONDS_FULL = 10.0, 60.0
KIOSK_MB = 140.0
CPU_TIMES = 1.25
_WARM_UP_S = 3.0

PARTS = {
    "camera": "camera: draw, encode, self-view",
    "mic": "mic: read, echo, encode",
    "sender": "sender: to the relay",
    "receiver": "receiver: from the relay",
    "playout": "playout: decode, mix, play",
    "render": "render: decode, show",
    "screens": "screens: what lies over the picture",
    "MainThread": "main: the daemon",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """
    One process while it worked.

    Attributes:
        cpu_percent: Of one core.

    """

    name: str
    cpu_percent: float
    rss_mb: float


def run(*, full: bool) -> Result:
    seconds = SECONDS_FULL if full else SECONDS
    ours, idle_mb, parts, kbps = _a_call(seconds)
    peers = _the_peer(seconds, kbps)
    kiosk = ours[0]
    both = sum(cost.cpu_percent for cost in peers)
    rows = [(cost.name, cost.cpu_percent, cost.rss_mb) for cost in (*ours, *peers)]
    rows.append(("ffmpeg, both", both, sum(cost.rss_mb for cost in peers)))
    return Result(
        "cpu_memory",
        [
            Table(
                f"A call in 360p, {seconds:g} s",
                ("", "CPU % of a core", "RSS MB"),
                rows,
            ),
            Table(
                "Of the kiosk, by thread", ("", "CPU % of a core"), list(parts.items())
            ),
        ],
        [
            Bar(
                "kiosk's CPU to ffmpeg's, with display and sound",
                kiosk.cpu_percent / both if both else None,
                CPU_TIMES,
                unit="times",
            ),
            Bar("kiosk in a call", kiosk.rss_mb, KIOSK_MB, unit="MB"),
        ],
        [
            f"the kiosk before its first call: {idle_mb:.1f} MB",
            f"pictures of both at {kbps} kbit/s",
        ],
        {
            cost.name: {"cpu_percent": cost.cpu_percent, "rss_mb": cost.rss_mb}
            for cost in (*ours, *peers)
        },
    )


def _a_call(seconds: float) -> tuple[list[Cost], float, dict[str, float], int]:
    """Return the costs, the kiosk's size before, its threads' parts, and kbit/s."""
    with open_stage() as stage:
        server = stage.start_server()
        agent = stage.start_agent()
        stage.is_watched = False
        kiosk = stage.start_kiosk()
        idle_mb = rss_mb(kiosk.pid)
        kiosk.press("call")
        kiosk.wait_for("IN_CALL")
        time.sleep(_WARM_UP_S)
        pids = {"kiosk": kiosk.pid, "agent": agent.pid, "server": server.pid}
        before, began = kiosk.status()["threads_cpu_s"], time.monotonic()
        costs = list(_costs(pids, seconds))
        elapsed, now = time.monotonic() - began, kiosk.status()
        parts = _parts(before, now["threads_cpu_s"], elapsed)
        return costs, idle_mb, parts, int(now["push"]["bitrate"]) // 1000


def _parts(
    before: dict[str, float], after: dict[str, float], seconds: float
) -> dict[str, float]:
    """Return each thread's share of a core in percent, the largest first."""
    shares = {
        PARTS.get(name, name): 100 * (used - before.get(name, 0.0)) / seconds
        for name, used in after.items()
    }
    return dict(sorted(shares.items(), key=lambda part: -part[1]))


def _the_peer(seconds: float, kbps: int) -> list[Cost]:
    with running(*our_module("bare_relay")) as relay:
        url = f"{first_line(relay)['rtmp']}/clip"
        with ffmpeg_push(url, PACED_SINE, kbps=kbps) as push:
            time.sleep(_WARM_UP_S / 2)
            with ffmpeg_player(url) as player:
                time.sleep(_WARM_UP_S)
                pids = {"ffmpeg push": push.pid, "ffmpeg pull": player.pid}
                return list(_costs(pids, seconds))


def _costs(pids: dict[str, int], seconds: float) -> Iterator[Cost]:
    began = time.monotonic()
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    elapsed = time.monotonic() - began
    for name, pid in pids.items():
        used = cpu_s(pid) - before[name]
        yield Cost(name, 100 * used / elapsed, rss_mb(pid))
