"""``python -m tests.bench.echo_cost NAME``: prints what loading a canceller costs."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module

import av  # noqa: F401 -- in a call it is there anyway
import numpy as np  # noqa: F401

from kiosk.daemon.status import resources


BLOCK = bytes(960)
ADAPTERS = {
    "livekit": ("LivekitEchoCanceller", {"noise_suppression": 1}),
    "speex": ("SpeexEchoCanceller", {"noise_suppression": 1}),
    "duck": ("DuckingEchoCanceller", {}),
}


def main(name: str) -> None:
    adapter, options = ADAPTERS[name]
    before, began = resources()["rss_mb"], time.perf_counter()
    canceller = getattr(import_module(f"kiosk.devices.echo_{name}"), adapter)(**options)
    for _ in range(100):
        canceller.cancel(BLOCK, BLOCK)
    seconds = time.perf_counter() - began
    grown = resources()["rss_mb"] - before
    print(json.dumps({"load_ms": 1_000 * seconds, "rss_mb": grown}))


if __name__ == "__main__":
    main(sys.argv[1])
