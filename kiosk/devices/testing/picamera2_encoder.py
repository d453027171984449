"""
The hardware encoder of a fake Raspberry Pi, as picamera2's ``H264Encoder``.

It encodes for real, on a thread of its own, and keeps a camera's picture until it is
encoded; like the driver's, its controls belong to one descriptor.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import Any, ClassVar, Final

import numpy as np

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.devices.testing.picamera2_faults import Faults
from kiosk.ports import Bitrate, Micros
from kiosk.rtmp.avc import PPS, SPS, nal_type, split_annex_b, to_annex_b


_CEILING: Final = Bitrate(4_000_000)
_JOIN_S: Final = 2.0


class FakeOutput:
    """``picamera2.outputs.Output``: what an encoder calls."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""

    def outputframe(self, frame: Any, *about: Any) -> None:
        """Take a coded picture."""


class FakeH264Encoder:
    """
    ``picamera2.encoders.h264_encoder.H264Encoder``, of one board.

    Attributes:
        bitrate: What it aims at.
        firsttimestamp: The sensor's stamp of the first picture, in microseconds.

    """

    faults: ClassVar[Faults] = Faults()
    started_ones: ClassVar[list[Any]] = []

    def __init__(
        self,
        *,
        bitrate: int,
        repeat: bool,
        iperiod: int,
        framerate: float,
        enable_sps_framerate: bool,
        profile: str,
    ) -> None:
        self.bitrate = bitrate
        self.framerate = framerate
        self.iperiod = iperiod
        self.name = self.format = ""
        self.width = self.height = self.stride = 0
        self.output = FakeOutput()
        self.bufs: dict[int, Any] = {}
        self.vd: Any = None
        self.firsttimestamp: int | None = None
        self._idr = False
        self._thread: threading.Thread | None = None
        self._pictures: queue.SimpleQueue[tuple[Any, int] | None] = queue.SimpleQueue()

    def has(self, fd: int) -> bool:
        """Say whether it is the one with that descriptor."""
        return self.vd is not None and not self.vd.closed and self.vd.fileno() == fd

    def force_next(self) -> None:
        """Make the next picture an IDR, as the control does."""
        self._idr = True

    def start(self) -> None:
        """Begin to encode what is offered."""
        number = self.faults.encoder_errno
        if number:
            raise OSError(number, os.strerror(number))
        self.vd = open("/dev/null", "rb+", buffering=0)  # noqa: SIM115, PTH123
        self.started_ones[:] = [one for one in self.started_ones if not one.vd.closed]
        self.started_ones.append(self)
        self._thread = threading.Thread(
            target=self._run, name="fake-encoder", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End, and give back the pictures that are not encoded."""
        if self._thread is None:
            raise RuntimeError("Encoder already stopped")
        self._pictures.put(None)
        self._thread.join(_JOIN_S)
        self._thread = None
        self.vd.close()

    def encode(self, stream: str, request: Any) -> None:
        """Queue a picture; it is released once encoded."""
        stamp = int(request.get_metadata()["SensorTimestamp"] / 1000)
        if self.firsttimestamp is None:
            self.firsttimestamp = stamp
        request.acquire()
        self._pictures.put((request, stamp - self.firsttimestamp))

    def _run(self) -> None:
        encoder = H264Encoder(
            width=self.width,
            height=self.height,
            picture_rate=self.framerate,
            bitrate=Bitrate(self.bitrate),
            ceiling=_CEILING,
            gop_s=self.iperiod / self.framerate,
        )
        number = 0
        while (item := self._pictures.get()) is not None:
            request, stamp = item
            number += 1
            idr, self._idr = self._idr, False
            if encoder.bitrate != self.bitrate:
                encoder.set_bitrate(Bitrate(self.bitrate))
            try:
                raw = np.asarray(request.make_buffer("main"))
                picture = raw.reshape(self.height * 3 // 2, self.stride)
                for unit in encoder.encode(
                    picture[:, : self.width], Micros(stamp), idr=idr
                ):
                    self._give(unit.data, number, stamp, is_idr=unit.is_idr)
            finally:
                request.release()

    def _give(self, coded: bytes, number: int, stamp: int, *, is_idr: bool) -> None:
        if self.faults.gives_empty_units and (is_idr or number % 2):
            kinds = {SPS, PPS}
            units = split_annex_b(coded)
            sets = to_annex_b(unit for unit in units if nal_type(unit) in kinds)
            rest = to_annex_b(unit for unit in units if nal_type(unit) not in kinds)
            self.output.outputframe(sets, is_idr, stamp)
            coded = rest
        self.output.outputframe(coded, is_idr, stamp)
