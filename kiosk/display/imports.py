"""Dma-bufs of cameras and decoders on the display, imported once, never copied."""

from __future__ import annotations

import mmap
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kiosk.display import uapi
from kiosk.display.buffers import add_framebuffer
from kiosk.display.card import Card
from kiosk.display.layouts import Layout, foreign_layout
from kiosk.display.uapi import Ioctl
from kiosk.ports import DmabufFrame


MOST_IMPORTS: Final = 16
"""More dma-bufs than any producer has in turn for one layer."""


class Imported:
    """
    A framebuffer in a dma-buf.

    Attributes:
        users: Frames in it that may be on the display.

    """

    def __init__(self, framebuffer: int, layout: Layout, handle: int) -> None:
        self.framebuffer = framebuffer
        self.layout = layout
        self.handle = handle
        self.users = 0


@dataclass(slots=True)
class Lent:
    """Implements :class:`Surface`: one frame in an imported dma-buf."""

    imported: Imported
    frame: DmabufFrame

    @property
    def framebuffer(self) -> int:
        """Its id."""
        return self.imported.framebuffer

    @property
    def layout(self) -> Layout:
        """How it lies in memory."""
        return self.imported.layout

    def read(self) -> bytes:
        """Return a copy of its memory."""
        size = os.lseek(self.frame.fd, 0, os.SEEK_END)
        with mmap.mmap(self.frame.fd, size, prot=mmap.PROT_READ) as mapped:
            return mapped[:]

    def free(self, later: list[Callable[[], None]]) -> None:
        """Give the frame back to its producer."""
        self.imported.users -= 1
        later.append(self.frame.release)


class Imports:
    """
    Framebuffers of dma-bufs, each made once. One thread at a time.

    The kernel gives the same handle for the same dma-buf, and closing it once closes
    it for all; so handles are counted.  A file descriptor may be closed and its number
    used again: a dma-buf is known by its inode.
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self._known: OrderedDict[tuple[object, ...], Imported] = OrderedDict()
        self._handles: dict[int, int] = {}

    def lend(self, frame: DmabufFrame) -> Lent:
        """
        Return a frame as a surface.

        Raises:
            OSError: If the driver does not take it.

        """
        status = os.fstat(frame.fd)
        shape = (frame.fourcc, frame.width, frame.height, frame.offsets, frame.pitches)
        key = (status.st_dev, status.st_ino, *shape)
        imported = self._known.pop(key, None) or self._import(frame)
        self._known[key] = imported
        imported.users += 1
        self._trim()
        return Lent(imported, frame)

    def close(self) -> None:
        """Forget all; frames that are lent are their holders' to free."""
        while self._known:
            _, imported = self._known.popitem()
            self._forget(imported)

    def _import(self, frame: DmabufFrame) -> Imported:
        layout = foreign_layout(frame)
        asked = uapi.PrimeHandle(fd=frame.fd)
        self._card.kernel.ioctl(Ioctl.PRIME_FD_TO_HANDLE, asked)
        self._handles[asked.handle] = self._handles.get(asked.handle, 0) + 1
        try:
            handles = (asked.handle,) * len(layout.pitches)
            framebuffer = add_framebuffer(self._card, layout, handles)
        except OSError:
            self._let_go(asked.handle)
            raise
        return Imported(framebuffer, layout, asked.handle)

    def _trim(self) -> None:
        idle = [key for key, imported in self._known.items() if not imported.users]
        for key in idle[: max(0, len(self._known) - MOST_IMPORTS)]:
            self._forget(self._known.pop(key))

    def _forget(self, imported: Imported) -> None:
        self._card.drop_framebuffer(imported.framebuffer)
        self._let_go(imported.handle)

    def _let_go(self, handle: int) -> None:
        self._handles[handle] -= 1
        if not self._handles[handle]:
            del self._handles[handle]
            with suppress(OSError):
                asked = uapi.GemClose(handle=handle)
                self._card.kernel.ioctl(Ioctl.GEM_CLOSE, asked)
