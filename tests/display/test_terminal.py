"""The console below the display: silent while the kiosk runs, back when it is stopped."""

from __future__ import annotations

import errno
import os
import struct

from kiosk.display.terminal import (
    K_OFF,
    K_UNICODE,
    KD_GRAPHICS,
    KD_TEXT,
    KDGKBMODE,
    KDSETMODE,
    KDSKBMODE,
    Terminal,
)


K_XLATE = 1


class FakeConsole:
    """What the kernel keeps of a virtual terminal."""

    def __init__(self, *, keyboard: int = K_XLATE, is_ours: bool = True) -> None:
        self.mode = KD_TEXT
        self.keyboard = keyboard
        self.is_ours = is_ours

    def ioctl(self, fd: int, request: int, argument: int | bytes) -> int | bytes:
        if request == KDGKBMODE:
            return struct.pack("@i4x", self.keyboard)
        assert isinstance(argument, int)
        if not self.is_ours:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        if request == KDSETMODE:
            self.mode = argument
        elif request == KDSKBMODE:
            self.keyboard = argument
        return 0


def test_nothing_is_drawn_and_no_key_is_heard_while_it_is_taken() -> None:
    console = FakeConsole()
    terminal = Terminal(7, console.ioctl)

    assert terminal.take()
    taken = console.mode, console.keyboard
    terminal.give_back()

    assert taken == (KD_GRAPHICS, K_OFF)
    assert (console.mode, console.keyboard) == (KD_TEXT, K_XLATE)


def test_the_successor_of_a_killed_kiosk_gives_a_keyboard_back_that_works() -> None:
    console = FakeConsole()
    Terminal(7, console.ioctl).take()

    successor = Terminal(7, console.ioctl)
    assert successor.take()
    successor.give_back()

    assert (console.mode, console.keyboard) == (KD_TEXT, K_UNICODE)


def test_a_terminal_of_others_is_left_alone() -> None:
    console = FakeConsole(is_ours=False)
    terminal = Terminal(7, console.ioctl)

    assert not terminal.take()
    console.is_ours = True
    terminal.give_back()

    assert (console.mode, console.keyboard) == (KD_TEXT, K_XLATE)


def test_what_is_no_terminal_is_no_matter() -> None:
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 -- a descriptor is wanted
        terminal = Terminal(nothing.fileno())

        assert not terminal.take()
        terminal.give_back()
