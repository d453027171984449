"""
A dma-buf read by the processor, for displays that cannot scan it out themselves.

Reading is slow where the memory is uncached (0.2 to 0.5 GB/s on a Raspberry Pi):
a display that can import the buffer must not come here.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from contextlib import suppress
from types import TracebackType
from typing import Final

from kiosk.errors import DeviceError
from kiosk.ports import DmabufFrame, SoftFrame


_SYNC: Final = 0x40086200
"""``DMA_BUF_IOCTL_SYNC`` of ``linux/dma-buf.h``, and its flags."""
_SYNC_READ: Final = 1
_SYNC_START: Final = 0
_SYNC_END: Final = 4


class MappedFrame:
    """
    The planes of a dma-buf as ordinary memory, inside a ``with``.

    Args:
        frame: Stays the caller's: it is not released.

    """

    def __init__(self, frame: DmabufFrame) -> None:
        self._frame = frame
        self._views: list[memoryview] = []
        self._map: mmap.mmap | None = None

    def __enter__(self) -> SoftFrame:
        """
        Map it.

        Raises:
            DeviceError: If it cannot be read.

        """
        frame = self._frame
        if frame.fourcc != "YU12":
            reason = f"cannot show dma-bufs of format {frame.fourcc}; use YU12"
            raise DeviceError("display", "dma-buf", reason)
        try:
            size = os.lseek(frame.fd, 0, os.SEEK_END)
            self._map = mmap.mmap(frame.fd, size, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:
            reason = f"cannot read a dma-buf: {error}"
            raise DeviceError("display", "dma-buf", reason) from error
        self._sync(_SYNC_START)
        whole = memoryview(self._map)
        y, u, v = (whole[offset:] for offset in frame.offsets)
        self._views = [y, u, v, whole]
        luma, blue, red = frame.pitches
        return SoftFrame(
            frame.width,
            frame.height,
            (y, u, v),
            (luma, blue, red),
            frame.captured_at,
            mirrored=frame.mirrored,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for view in self._views:
            view.release()
        if self._map is not None:
            self._sync(_SYNC_END)
            self._map.close()

    def _sync(self, step: int) -> None:
        """
        Say where the processor's reading begins and ends (``linux/dma-buf.h``).

        On Arm the camera's pictures lie in cached memory: without it the cache's old
        rows are read. Memory that is no device's has nothing to be said.
        """
        asked = struct.pack("=Q", _SYNC_READ | step)
        with suppress(OSError):
            fcntl.ioctl(self._frame.fd, _SYNC, asked)
