"""
The virtual terminal below the kiosk's display: no console on it, and no keyboard.

Whoever drives a card does not own the terminal: the kernel's console draws when the card
is free for a moment, and a keyboard that somebody plugs in switches terminals or ends in
a login.  So the terminal is put into graphics mode, in which nothing is drawn, and its
keyboard is off (``KD_GRAPHICS``, ``K_OFF`` of linux/kd.h; ioctl_console(2)).

1. Only the service does so, on the terminal that is its standard input: a developer's
   own terminal stays as it is.
2. A process that dies leaves both as they are, for its successor; one that is stopped
   gives the terminal back.
3. It is no matter if there is none: displays work without.
"""

from __future__ import annotations

import fcntl
import logging
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from kiosk.errors import words_of


KDSETMODE: Final = 0x4B3A
KDGKBMODE: Final = 0x4B44
KDSKBMODE: Final = 0x4B45
KD_TEXT: Final = 0
KD_GRAPHICS: Final = 1
K_OFF: Final = 4
K_UNICODE: Final = 3
"""What systemd sets, and what is put back where a predecessor had the keyboard off."""

_STANDARD_INPUT = 0
_LONG = struct.Struct("@i4x")

Ioctl = Callable[[int, int, int | bytes], int | bytes]

log = logging.getLogger(__name__)


def _of_the_kernel(fd: int, request: int, argument: int | bytes) -> int | bytes:
    if isinstance(argument, int):
        return fcntl.ioctl(fd, request, argument)
    return fcntl.ioctl(fd, request, argument)


class Terminal:
    """
    Args:
        fd: The terminal, or what is none.
        ioctl: Asks the kernel.

    """

    def __init__(
        self, fd: int = _STANDARD_INPUT, ioctl: Ioctl = _of_the_kernel
    ) -> None:
        self._fd = fd
        self._ioctl = ioctl
        self._keyboard: int | None = None

    def take(self) -> bool:
        """Put it into graphics mode, keyboard off; False where it is no such terminal."""
        try:
            found = self._ioctl(self._fd, KDGKBMODE, bytes(_LONG.size))
            assert isinstance(found, bytes)
            (mode,) = _LONG.unpack(found)
            self._ioctl(self._fd, KDSETMODE, KD_GRAPHICS)
            self._keyboard = K_UNICODE if mode == K_OFF else mode
            self._ioctl(self._fd, KDSKBMODE, K_OFF)
        except OSError as error:
            log.info("the console is not ours", extra={"reason": words_of(error)})
            return False
        return True

    def give_back(self) -> None:
        """Put it back to text, keyboard on, if it was taken; safe to repeat."""
        keyboard, self._keyboard = self._keyboard, None
        if keyboard is not None:
            with suppress(OSError):
                self._ioctl(self._fd, KDSKBMODE, keyboard)
                self._ioctl(self._fd, KDSETMODE, KD_TEXT)
