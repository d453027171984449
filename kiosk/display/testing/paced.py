"""
The fake kernel in real time: its vblanks come by themselves, as a panel's do.

For demonstrations and measurements on machines without a display.  As with a card, one
that nobody waits for costs the machine nothing.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from kiosk.display.testing.kernel import FakeKernel


JOIN_S: Final = 2.0


def paced_kernel(profile: str, refresh_hz: float = 60.0) -> FakeKernel:
    """Return a fake kernel with a thread named ``fake-vblank``, ended by its close."""
    kernel = FakeKernel(profile, watches_writes=False)
    wanted, ended = threading.Event(), threading.Event()
    period_s, began_s = 1 / refresh_hz, time.monotonic()

    def run() -> None:
        while wanted.wait() and not ended.is_set():
            wanted.clear()
            # The panel's own beat, whenever the flip was asked for; waited for in the
            # kernel, where it can be held up from outside.
            time.sleep(period_s - (time.monotonic() - began_s) % period_s)
            kernel.vblank()

    thread = threading.Thread(target=run, name="fake-vblank", daemon=True)

    def stop() -> None:
        ended.set()
        wanted.set()
        thread.join(JOIN_S)

    kernel.on_close, kernel.on_flip = stop, wanted.set
    thread.start()
    return kernel
