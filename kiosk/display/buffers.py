"""
Memory that display and CPU share: dumb buffers and the framebuffers in them.

A buffer is written once and never read: a Raspberry Pi writes to such memory at
0.5 to 5 GB/s and reads from it at 0.2.  A framebuffer is removed only while nobody
fetches from it, since the kernel turns its plane off.  Standard library only.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

from kiosk.display import uapi
from kiosk.display.card import Card
from kiosk.display.layouts import BYTES_PER_PIXEL, Layout
from kiosk.display.uapi import Ioctl
from kiosk.display.uapi_numbers import Fourcc


VIDEO_BUFFERS: Final = 3
"""Shown, on its way to the display, being filled."""
PAGE_BUFFERS: Final = 2
"""Shown and on its way: a page that must wait is not copied before its turn."""


class Surface(Protocol):
    """A framebuffer that may be on the display, and what becomes of it after."""

    @property
    def framebuffer(self) -> int:
        """Its id."""
        ...

    @property
    def layout(self) -> Layout:
        """How it lies in memory."""
        ...

    def read(self) -> bytes:
        """Return a copy of its memory. Slow."""
        ...

    def free(self, later: list[Callable[[], None]]) -> None:
        """
        Nobody fetches from it any more.

        Args:
            later: Gets what is to be called once no lock is held.

        """
        ...


class _Memory:
    """A mapped dumb buffer. The mapping ends with the last reference to it."""

    def __init__(self, card: Card, layout: Layout) -> None:
        is_yuv = _is_yuv(layout)
        # A driver may make something of width and height, so RGB gets its own.
        width = layout.pitches[0] if is_yuv else layout.pitches[0] // BYTES_PER_PIXEL
        self._rgb_pitch = None if is_yuv else layout.pitches[0]
        rows = -(-layout.size // layout.pitches[0])
        dumb = uapi.ModeCreateDumb(width=width, height=rows, bpp=8 if is_yuv else 32)
        card.kernel.ioctl(Ioctl.MODE_CREATE_DUMB, dumb)
        self.handle = dumb.handle
        self.size = dumb.size
        try:
            asked = uapi.ModeMapDumb(handle=dumb.handle)
            card.kernel.ioctl(Ioctl.MODE_MAP_DUMB, asked)
            self.map: mmap.mmap = card.kernel.map(dumb.size, asked.offset)
        except OSError:
            self.destroy(card)
            raise
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.map))

    def has_room_for(self, layout: Layout) -> bool:
        """
        Whether a picture can lie in it.

        To virtio-gpu's host, RGB memory has the pitch it was made with, whatever the
        framebuffer says (``virtio_gpu_mode_dumb_create``).
        """
        pitch = None if _is_yuv(layout) else layout.pitches[0]
        return self.size >= layout.size and self._rgb_pitch == pitch

    def destroy(self, card: Card) -> None:
        with suppress(OSError):
            asked = uapi.ModeDestroyDumb(handle=self.handle)
            card.kernel.ioctl(Ioctl.MODE_DESTROY_DUMB, asked)


class Buffer:
    """
    Implements :class:`Surface` in a dumb buffer, shaped anew as pictures change.

    Args:
        pool: Takes it back.

    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._memory: _Memory | None = None
        self._layout: Layout | None = None
        self._framebuffer = 0
        self.is_in_use = False

    @property
    def framebuffer(self) -> int:
        """Its id."""
        return self._framebuffer

    @property
    def layout(self) -> Layout:
        """How it lies in memory."""
        assert self._layout is not None
        return self._layout

    def has(self, layout: Layout) -> bool:
        """Whether it has this layout already."""
        return self._layout == layout

    def shape(self, card: Card, layout: Layout) -> None:
        """
        Give it another layout; only while nobody fetches from it.

        Raises:
            OSError: If the driver has no memory or does not take the layout.

        """
        if self._layout == layout:
            return
        self._drop_framebuffer(card)
        if self._memory is None or not self._memory.has_room_for(layout):
            if self._memory is not None:
                self._memory.destroy(card)
                self._memory = None
            self._memory = _Memory(card, layout)
        handles = (self._memory.handle,) * len(layout.pitches)
        self._framebuffer = add_framebuffer(card, layout, handles)
        self._layout = layout

    def put(self, planes: Sequence[memoryview | bytes], pitches: Sequence[int]) -> None:
        """
        Copy a picture, one ``memmove`` per colour plane where the pitches agree.

        Whoever called may be the only one who knows this buffer; other threads run
        meanwhile.
        """
        memory, layout = self._memory, self.layout
        assert memory is not None
        for index, (plane, pitch) in enumerate(zip(planes, pitches, strict=True)):
            row_bytes, rows = layout.row_bytes[index], layout.rows[index]
            target = memory.address + layout.offsets[index]
            if pitch == layout.pitches[index]:
                length = min(len(plane), pitch * (rows - 1) + row_bytes)
                _copy(memory.map, target, plane, 0, length)
                continue
            for row in range(rows):
                at = target + row * layout.pitches[index]
                _copy(memory.map, at, plane, row * pitch, row_bytes)

    def read(self) -> bytes:
        """Return a copy of its memory."""
        assert self._memory is not None
        return self._memory.map[: self.layout.size]

    def free(self, later: list[Callable[[], None]]) -> None:
        """Nobody fetches from it any more."""
        self._pool.give_back(self)

    def destroy(self, card: Card) -> None:
        """Give the memory back; whoever still writes into it may end that."""
        self._drop_framebuffer(card)
        if self._memory is not None:
            self._memory.destroy(card)
        self._memory = None

    def _drop_framebuffer(self, card: Card) -> None:
        if self._framebuffer:
            card.drop_framebuffer(self._framebuffer)
        self._framebuffer, self._layout = 0, None


class Pool:
    """
    The buffers of one layer. One thread at a time.

    Args:
        card: Whose memory it is.
        spare: How many it keeps that nobody uses; see :meth:`keep`.

    """

    def __init__(self, card: Card, spare: int) -> None:
        self._card = card
        self._buffers: list[Buffer] = []
        self._spare = spare

    def take(self, layout: Layout, most: int) -> Buffer | None:
        """
        Return a buffer to fill, or ``None`` if all are in use.

        Args:
            layout: What it will hold.
            most: How many there may be.

        Raises:
            OSError: If the driver has no memory or does not take the layout.

        """
        free = [buffer for buffer in self._buffers if not buffer.is_in_use]
        if len(self._buffers) - len(free) >= most:
            return None
        alike = next((buffer for buffer in free if buffer.has(layout)), None)
        buffer = alike or (free[0] if free else Buffer(self))
        if buffer not in self._buffers:
            self._buffers.append(buffer)
        try:
            buffer.shape(self._card, layout)
        except OSError:
            self._buffers.remove(buffer)
            buffer.destroy(self._card)
            raise
        buffer.is_in_use = True
        return buffer

    def give_back(self, buffer: Buffer) -> None:
        """Let a buffer be taken again, if so many are kept."""
        buffer.is_in_use = False
        if buffer in self._buffers:
            self.keep(self._spare)
        else:  # closed meanwhile
            buffer.destroy(self._card)

    def keep(self, spare: int) -> None:
        """Keep so many of the buffers that nobody uses, now and from now on."""
        self._spare = spare
        free = [buffer for buffer in self._buffers if not buffer.is_in_use]
        for buffer in free[spare:]:
            self._buffers.remove(buffer)
            buffer.destroy(self._card)

    def close(self, *, everything: bool = False) -> None:
        """Destroy all buffers; those in use when they are given back, or at once."""
        buffers, self._buffers = self._buffers, []
        for buffer in buffers:
            if everything or not buffer.is_in_use:
                buffer.destroy(self._card)


def add_framebuffer(card: Card, layout: Layout, handles: Sequence[int]) -> int:
    """
    Return the id of a new framebuffer.

    Raises:
        OSError: If the driver does not take it.

    """
    asked = uapi.ModeFbCmd2(
        width=layout.width, height=layout.height, pixel_format=layout.fourcc
    )
    for index, handle in enumerate(handles):
        asked.handles[index] = handle
        asked.pitches[index] = layout.pitches[index]
        asked.offsets[index] = layout.offsets[index]
    card.kernel.ioctl(Ioctl.MODE_ADDFB2, asked)
    return asked.fb_id


def _is_yuv(layout: Layout) -> bool:
    return layout.fourcc in {Fourcc.YU12, Fourcc.NV12}


def _copy(
    target: mmap.mmap, address: int, source: memoryview | bytes, start: int, length: int
) -> None:
    """Copy bytes; without the GIL where the source's address can be had."""
    if isinstance(source, bytes) and not start:
        ctypes.memmove(address, source, length)
    elif isinstance(source, memoryview) and not source.readonly:
        first = ctypes.addressof(ctypes.c_char.from_buffer(source, start))
        ctypes.memmove(address, first, length)
    else:
        base = ctypes.addressof(ctypes.c_char.from_buffer(target))
        offset = address - base
        with memoryview(target) as view:
            view[offset : offset + length] = memoryview(source)[start : start + length]
