"""
picamera2 on cameras that are not on a Raspberry Pi's connector.

libcamera drives others too; its ``virtual`` one, which draws, is what a machine
without a camera has, such as the virtual appliance.  picamera2 (0.3.38) fails on
these (libcamera 0.4) in three places, and only there it is bridged:

1. It takes the sensor's modes from a raw stream, which they do not have.
2. Its memory comes from a dma heap in one piece, while their pictures have planes of
   their own; libcamera's own allocator suits both.
3. It maps as many bytes as the picture says it used, which they leave at 0.

They keep to no picture rate either: whoever serves one looks when a picture is due.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any


def bridged(camera_class: type[Any]) -> type[Any]:
    """Return the class ``Picamera2``, made fit for such cameras."""
    libcamera = import_module("libcamera")
    allocators = import_module("picamera2.allocators")

    class BridgedCamera(camera_class):  # type: ignore[misc]
        """A ``Picamera2`` of a camera without a raw stream."""

        def __init__(self, number: int) -> None:
            begin: Callable[..., None] = camera_class.__init__
            begin(self, number, allocator=_Later())
            self.allocator = allocators.LibcameraAllocator(self.camera)
            self.allocator.sync = WholeBuffer

        def _get_raw_modes(self) -> list[dict[str, Any]]:
            role = libcamera.StreamRole.VideoRecording
            formats = self.camera.generate_configuration([role]).at(0).formats
            return [
                {"format": str(pixels), "size": (size.width, size.height)}
                for pixels in formats.pixel_formats
                for size in formats.sizes(pixels)
            ]

    return BridgedCamera


class _Later:
    """Stands in until the camera is open, which the allocator needs to know."""

    needs_sync = True


class WholeBuffer:
    """A frame buffer mapped by the length of its planes, inside a ``with``."""

    def __init__(self, allocator: Any, frame_buffer: Any, write: Any) -> None:
        self._planes = frame_buffer.planes
        self._map: mmap.mmap | None = None

    def __enter__(self) -> mmap.mmap:
        """Map it."""
        length = max(plane.offset + plane.length for plane in self._planes)
        self._map = mmap.mmap(
            self._planes[0].fd,
            length,
            mmap.MAP_SHARED,
            mmap.PROT_READ | mmap.PROT_WRITE,
        )
        return self._map

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """Unmap it."""
        mapped, self._map = self._map, None
        if mapped is not None:
            mapped.close()
