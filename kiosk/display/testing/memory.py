"""
Dumb buffers, imported dma-bufs and framebuffers of the fake kernel.

Handles count from 1 and the lowest free one is given next; the same dma-buf gives
the same handle, and closing it once closes it for all; a framebuffer keeps its
memory when the handle is closed.  As ``drm_gem.c``, ``drm_prime.c`` and
``drm_framebuffer.c`` have it.
"""

from __future__ import annotations

import errno
import itertools
import mmap
import os
from dataclasses import dataclass
from typing import NoReturn

from kiosk.display import uapi
from kiosk.display.uapi_numbers import Fourcc


PAGE = 4096
_OFFSET_SHIFT = 32  # the offset of a mapping is its handle, as high as mmap takes it
_PIXEL_BYTES = {Fourcc.XR24: 4, Fourcc.AR24: 4}


def refuse(number: int, why: str) -> NoReturn:
    """
    Say no, as the kernel does to its log.

    Raises:
        OSError: Always.

    """
    raise OSError(number, f"{os.strerror(number)} ({why})")


class Memory:
    """Bytes that CPU and display share."""

    def __init__(
        self, fd: int, size: int, *, is_imported: bool, pitch: int = 0
    ) -> None:
        self.fd = fd
        self.size = size
        self.pitch = pitch
        self.is_imported = is_imported
        self.bytes = mmap.mmap(fd, size)

    def __del__(self) -> None:
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


@dataclass(frozen=True, slots=True)
class Framebuffer:
    """
    Memory as a picture.

    Attributes:
        planes: Memory, pitch and offset of each colour plane.

    """

    width: int
    height: int
    fourcc: Fourcc
    planes: tuple[tuple[Memory, int, int], ...]


def colour_planes(fourcc: Fourcc, width: int, height: int) -> list[tuple[int, int]]:
    """Return bytes per row and rows of each colour plane."""
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    if fourcc is Fourcc.YU12:
        return [(width, height), (half_width, half_height), (half_width, half_height)]
    if fourcc is Fourcc.NV12:
        return [(width, height), (2 * half_width, half_height)]
    return [(width * _PIXEL_BYTES[fourcc], height)]


class Memories:
    """
    All that one descriptor holds.

    Args:
        dumb_bpp: Bits per pixel that dumb buffers may have; empty takes any.

    """

    def __init__(self, dumb_bpp: tuple[int, ...]) -> None:
        self._dumb_bpp = dumb_bpp
        self.handles: dict[int, Memory] = {}
        self.framebuffers: dict[int, Framebuffer] = {}
        self._fb_ids = itertools.count(200)

    def create_dumb(self, asked: uapi.ModeCreateDumb) -> None:
        """MODE_CREATE_DUMB."""
        if not (asked.width and asked.height and asked.bpp):
            refuse(errno.EINVAL, "an empty buffer")
        if self._dumb_bpp and asked.bpp not in self._dumb_bpp:
            refuse(errno.EINVAL, f"no dumb buffers of {asked.bpp} bits")
        # virtio-gpu, which alone is particular about bits, aligns nothing.
        unit = 1 if self._dumb_bpp else 64
        asked.pitch = -(-asked.width * asked.bpp // 8 // unit) * unit
        asked.size = -(-asked.pitch * asked.height // PAGE) * PAGE
        fd = os.memfd_create("dumb", os.MFD_CLOEXEC)
        os.ftruncate(fd, asked.size)
        memory = Memory(fd, asked.size, is_imported=False, pitch=asked.pitch)
        asked.handle = self._hold(memory)

    def map_dumb(self, asked: uapi.ModeMapDumb) -> None:
        """MODE_MAP_DUMB."""
        if self._memory(asked.handle).is_imported:
            refuse(errno.EINVAL, "an imported buffer is not mapped here")
        asked.offset = asked.handle << _OFFSET_SHIFT

    def map(self, size: int, offset: int) -> mmap.mmap:
        """Mmap of the device."""
        memory = self._memory(offset >> _OFFSET_SHIFT)
        return mmap.mmap(memory.fd, size)

    def close(self, handle: int, missing: int) -> None:
        """GEM_CLOSE and MODE_DESTROY_DUMB, which differ in what they say."""
        if self.handles.pop(handle, None) is None:
            refuse(missing, f"no handle {handle}")

    def import_dmabuf(self, asked: uapi.PrimeHandle) -> None:
        """PRIME_FD_TO_HANDLE."""
        identity = os.fstat(asked.fd)
        for handle, memory in self.handles.items():
            if memory.is_imported and os.path.samestat(os.fstat(memory.fd), identity):
                asked.handle = handle
                return
        size = os.lseek(asked.fd, 0, os.SEEK_END)
        if not size:
            refuse(errno.EINVAL, "no dma-buf")
        asked.handle = self._hold(Memory(os.dup(asked.fd), size, is_imported=True))

    def add_framebuffer(
        self, asked: uapi.ModeFbCmd2, formats: frozenset[Fourcc], largest: int
    ) -> None:
        """MODE_ADDFB2."""
        if asked.pixel_format not in formats:
            refuse(errno.EINVAL, f"no format {asked.pixel_format:#x}")
        fourcc = Fourcc(asked.pixel_format)
        if not (0 < asked.width <= largest and 0 < asked.height <= largest):
            refuse(errno.EINVAL, f"a framebuffer of {asked.width}x{asked.height}")
        planes: list[tuple[Memory, int, int]] = []
        rows_of = colour_planes(fourcc, asked.width, asked.height)
        for index, (row_bytes, rows) in enumerate(rows_of):
            memory = self._memory(asked.handles[index])
            pitch, offset = asked.pitches[index], asked.offsets[index]
            if pitch < row_bytes:
                refuse(errno.EINVAL, f"a pitch of {pitch} for {row_bytes} bytes a row")
            if offset + pitch * (rows - 1) + row_bytes > memory.size:
                refuse(errno.EINVAL, "a framebuffer larger than its memory")
            planes.append((memory, pitch, offset))
        asked.fb_id = next(self._fb_ids)
        self.framebuffers[asked.fb_id] = Framebuffer(
            asked.width, asked.height, fourcc, tuple(planes)
        )

    def _hold(self, memory: Memory) -> int:
        handle = next(n for n in itertools.count(1) if n not in self.handles)
        self.handles[handle] = memory
        return handle

    def _memory(self, handle: int) -> Memory:
        memory = self.handles.get(handle)
        if memory is None:
            refuse(errno.ENOENT, f"no handle {handle}")
        return memory
