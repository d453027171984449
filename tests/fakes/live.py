"""Listeners and threads for tests of devices that run in real time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kiosk.codec.h264_decoder import H264Decoder
from kiosk.ports import AccessUnit, DmabufFrame, SoftFrame
from tests.fakes.h264_wire import avcc_of, payload_of
from tests.fakes.waiting import wait_until


class Viewer:
    """Takes what a camera delivers, and gives back at once what it only lends."""

    def __init__(self) -> None:
        self.units: list[AccessUnit] = []
        self.previews: list[SoftFrame | DmabufFrame] = []
        self.threads: set[str] = set()

    def on_unit(self, unit: AccessUnit) -> None:
        self.threads.add(threading.current_thread().name)
        self.units.append(unit)

    def on_preview(self, frame: SoftFrame | DmabufFrame) -> None:
        self.threads.add(threading.current_thread().name)
        self.previews.append(frame)
        if isinstance(frame, DmabufFrame):
            frame.release()

    def has(self, n_units: int) -> bool:
        """Return whether so many units came in time."""
        return wait_until(lambda: len(self.units) >= n_units)

    def frames(self) -> list[SoftFrame]:
        """Return all pictures, decoded."""
        decoder = H264Decoder(avcc_of(self.units[0].data))
        return [
            frame
            for unit in self.units
            for frame in decoder.decode(payload_of(unit.data), unit.captured_at)
        ]


@contextmanager
def running(body: Callable[[], None]) -> Iterator[threading.Thread]:
    """Run ``body`` on a thread; it must have ended two seconds after the block."""
    thread = threading.Thread(target=body, name="body under test", daemon=True)
    thread.start()
    yield thread
    thread.join(2.0)
    assert not thread.is_alive(), "still blocked"
