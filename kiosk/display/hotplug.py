"""
News from the kernel about displays: plugged, unplugged, or a card that came or went.

The kernel multicasts uevents over netlink, one datagram each: a line
``ACTION@DEVPATH`` and ``KEY=VALUE`` fields, all ended by NUL
(lib/kobject_uevent.c, netlink(7)).  What udev
sends on is for others: we listen to the kernel itself, so nothing else has to run.

1. Only the kernel is believed: a datagram of any other sender is dropped.
2. News that were lost (ENOBUFS) count as news: whoever listens looks again.
3. Nothing is decided here; whoever listens asks the card what is so now.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from kiosk.errors import DeviceError, words_of


NETLINK_KOBJECT_UEVENT: Final = 15
"""linux/netlink.h; Python's socket has no name for it."""
KERNEL_GROUP: Final = 1
"""Multicast group of the kernel's own messages; 2 is udev's."""
LONGEST_MESSAGE: Final = 8192
"""Bytes; the kernel's UEVENT_BUFFER_SIZE is 2048, and its header comes on top."""

_KERNEL_PORT: Final = 0
_DRM: Final = "drm"
_CARD: Final = "dri/card"


def fields_of(message: bytes) -> Mapping[str, str]:
    """Return the fields of a uevent; none of what is no uevent of the kernel."""
    head, *pieces = message.split(b"\0")
    if b"@" not in head or message[-1:] != b"\0":
        return {}
    texts = (piece.decode("utf-8", "replace") for piece in pieces if piece)
    return {
        key: value for key, equals, value in (t.partition("=") for t in texts) if equals
    }


def concerns_displays(fields: Mapping[str, str]) -> bool:
    """
    Say whether a uevent may change what is connected.

    A plug is a change with ``HOTPLUG=1`` (drm_sysfs_hotplug_event in
    drivers/gpu/drm/drm_sysfs.c); a driver that is loaded or unbound adds or
    removes its card.
    """
    if fields.get("SUBSYSTEM") != _DRM:
        return False
    if fields.get("ACTION") == "change":
        return fields.get("HOTPLUG") == "1"
    return fields.get("DEVNAME", "").startswith(_CARD)


class DisplayNews:
    """
    Hears of displays from the kernel.

    Args:
        is_news: Which uevents are told, by their fields.

    """

    def __init__(
        self, is_news: Callable[[Mapping[str, str]], bool] = concerns_displays
    ) -> None:
        self._is_news = is_news
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """
        Begin to listen; what happens from now on is not missed.

        Raises:
            DeviceError: The kernel has no such socket, or we may not open it.

        """
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        try:
            listener = socket.socket(socket.AF_NETLINK, kind, NETLINK_KOBJECT_UEVENT)
            try:
                listener.bind((0, KERNEL_GROUP))
            except OSError:
                listener.close()
                raise
        except OSError as error:
            reason = f"no news of what is plugged in: {words_of(error)}"
            raise DeviceError("display", "netlink", reason) from error
        self._socket = listener

    def fileno(self) -> int:
        """Return the descriptor; -1 once closed."""
        return -1 if self._socket is None else self._socket.fileno()

    def heard(self) -> bool:
        """Take all that has come, and say whether any of it is about a display."""
        assert self._socket is not None, "not open"
        is_news = False
        with suppress(BlockingIOError):
            while True:
                try:
                    message, sender = self._socket.recvfrom(LONGEST_MESSAGE)
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise
                    is_news = True
                    continue
                if sender[0] == _KERNEL_PORT and self._is_news(fields_of(message)):
                    is_news = True
        return is_news

    async def come(self) -> None:
        """Wait for news; many that came together are one."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        descriptor = self.fileno()
        loop.add_reader(descriptor, ready.set)
        try:
            while not self.heard():
                ready.clear()
                await ready.wait()
        finally:
            loop.remove_reader(descriptor)

    def close(self) -> None:
        """Hear no more; safe to repeat."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
