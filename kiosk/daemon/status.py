"""
What the daemon says about itself: one JSON-able dictionary.

Counters of the operating system are read here and nowhere else; no name, key
or URL of a customer's stream appears in it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES
from kiosk.daemon.face import Face
from kiosk.daemon.faults import FLASHES
from kiosk.daemon.health import Health
from kiosk.daemon.outside import Outside
from kiosk.daemon.peers import Peers
from kiosk.daemon.scope import CallScope
from kiosk.daemon.service_watch import ServiceWatch
from kiosk.daemon.stall import StallMeter
from kiosk.daemon.timings import Timings


_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1_048_576


def resources() -> dict[str, float | int]:
    """Return memory (MB), CPU time (s), threads and descriptors of this process."""
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "rss_mb": round(resident * _PAGE_MB, 2),
        "cpu_s": round(time.process_time(), 3),
        "threads": threading.active_count(),
        "fds": sum(1 for _ in Path("/proc/self/fd").iterdir()),
    }


def cpu_of_threads() -> dict[str, float]:
    """Return what each thread that runs now has used, in seconds, by its name."""
    used: Counter[str] = Counter()
    for thread in threading.enumerate():
        spent = Path(f"/proc/self/task/{thread.native_id}/schedstat")
        with contextlib.suppress(OSError):  # it ended meanwhile
            nanoseconds = int(spent.read_text(encoding="ascii").split()[0])
            used[thread.name] += nanoseconds
    return {name: round(used[name] / 1e9, 3) for name in sorted(used)}


def describe(
    machine: CallMachine,
    face: Face,
    *,
    watch: ServiceWatch,
    scope: CallScope | None,
    outside: Outside,
    health: Health,
    door_open: bool | None,
    stall: StallMeter,
    calls_ended: int,
    synthetic: Sequence[str],
) -> dict[str, Any]:
    """Return the status; see :mod:`kiosk.control` for the meaning of each key."""
    open_devices = outside.observe()
    television = outside.television
    pusher = scope.pusher if scope else None
    player = scope.player if scope else None
    here = scope if machine.state in CALL_STATES else None
    return {
        "schema_version": 1,
        "state": machine.state.name,
        "screen": face.shown.value,
        "user_id": watch.user_id,
        "health": {
            "now_us": outside.clock.now(),
            "ready_us": health.ready_at,
            "served_us": watch.served_at,
        },
        "room_id": here.room_id if here else "",
        "call": machine.call,
        "muted": machine.muted,
        "insecure": face.facts.insecure,
        "since_us": face.facts.since,
        "reason": face.facts.reason,
        "position": face.facts.position,
        "still": face.facts.still.value,
        "volume_db": outside.volume.decibels,
        "peers": _peers(here.peers) if here else [],
        "push": asdict(pusher.stats) if pusher else None,
        "television": [asdict(one) for one in television.stats] if television else None,
        "play": [asdict(stats) for stats in player.stats] if player else [],
        "live": scope.keeper.live() if here and scope else None,
        "timings": {
            step: at or None
            for step, at in asdict(scope.timings if scope else Timings()).items()
        },
        "devices": {
            "camera_open": open_devices.camera,
            "microphone_open": open_devices.microphone,
            "speaker_open": open_devices.speaker,
        },
        "synthetic": list(synthetic),
        "display": asdict(health.display.facts),
        "clock": asdict(health.clock.facts),
        "faults": [
            {"fault": fault.value, "flashes": FLASHES[fault], "reason": reason}
            for fault, reason in health.faults.known.items()
        ],
        "door_open": door_open,
        "lamps_wrong": health.lamps.wrong,
        "machine": dict(outside.look_at_machine()),
        **resources(),
        "threads_cpu_s": cpu_of_threads(),
        "loop_stall_ms": stall.snapshot(),
        "calls_ended": calls_ended,
    }


def _peers(peers: Peers) -> list[dict[str, object]]:
    return [
        {
            "user_id": user_id,
            "name": peer.name,
            "received": peers.received(user_id).value,
            "loudest": peers.is_loudest(user_id),
        }
        for user_id, peer in peers.known.items()
    ]
