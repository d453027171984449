"""
Buttons on the keyboard of a terminal: c is call, h hang-up, m mute, d the door.

Plus and minus are the volume's.

A terminal does not tell when a key is let go. So a small letter is a short press,
and a capital one puts the finger on the button and leaves it there: the next
letter of that button, of either size, lifts it.

A terminal is put into cbreak mode, so that a key counts at once, and is put
back as it was on close.  Anything else that can be read (a pipe, a file) works
too; Enter and unknown keys mean nothing.  Keys that terminals send as escape
sequences (arrows, F1) mean nothing either, although they contain letters.
"""

from __future__ import annotations

import logging
import os
import re
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from typing import Final

from kiosk.errors import DeviceError
from kiosk.ports import Button, ButtonEdge, ButtonFault, Clock, Probe


KEYS: Final = {
    "c": Button.CALL,
    "h": Button.HANGUP,
    "m": Button.MUTE,
    "+": Button.VOLUME_UP,
    "-": Button.VOLUME_DOWN,
    "d": Button.DOOR,
}
CURE: Final = 'run in the foreground of a terminal or choose other buttons, "none" say'
# ECMA-48 section 5.4 (CSI), and SS3 with its one letter.
ESCAPE_SEQUENCE: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]?|O.?|.)?", re.DOTALL)
CHUNK: Final = 256
JOIN_S: Final = 2.0

log = logging.getLogger(__name__)

TerminalMode = list[int | list[bytes | int]]


class KeyboardButtons:
    """
    Implements :class:`kiosk.ports.Buttons` with the keys c, h, m, +, - and d.

    Args:
        clock: Stamps the presses.
        fd: Where keys are read; standard input if not given. Stays open.

    """

    def __init__(self, clock: Clock, *, fd: int | None = None) -> None:
        self._clock = clock
        self._fd = fd
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None
        self._terminal: tuple[int, TerminalMode] | None = None
        self._stopping = threading.Event()

    def probe(self) -> Probe:
        """Say whether keys can be read, without reading any."""
        try:
            fd = self._readable_fd()
        except DeviceError as error:
            return Probe("keyboard", str(error), CURE)
        kind = "terminal" if os.isatty(fd) else "no terminal, read as it comes"
        return Probe(f"keyboard c/h/m/+/-/d ({kind})")

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """
        Begin to read keys on a thread of their own.

        Raises:
            DeviceError: If there is nothing to read from, or this process is in
                the background of its terminal.

        """
        if self._thread is not None:
            raise DeviceError("buttons", "keyboard", "already started")
        fd = self._readable_fd()
        mode = _enter_cbreak(fd)
        self._terminal = None if mode is None else (fd, mode)
        self._stopping.clear()
        self._wake = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(
            target=self._read,
            args=(fd, self._wake[0], on_edge),
            name="buttons",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop reading and put the terminal back as it was."""
        thread, self._thread = self._thread, None
        wake, self._wake = self._wake, None
        if thread is None or wake is None:
            return
        self._stopping.set()
        os.write(wake[1], b"x")
        if thread is not threading.current_thread():
            thread.join(JOIN_S)
        for end in wake:
            os.close(end)
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            _restore(*terminal)

    def _readable_fd(self) -> int:
        if self._fd is not None:
            fd = self._fd
        else:
            try:
                fd = sys.stdin.fileno()
            except (AttributeError, ValueError, OSError) as error:
                reason = "standard input is closed"
                raise DeviceError("buttons", "keyboard", reason) from error
        try:
            os.fstat(fd)
        except OSError as error:
            reason = f"cannot read keys: {error}"
            raise DeviceError("buttons", "keyboard", reason) from error
        if _in_background(fd):
            # The kernel would stop the whole process at its first read.
            reason = f"this process is in the background of its terminal; {CURE}"
            raise DeviceError("buttons", "keyboard", reason)
        return fd

    def _read(self, fd: int, wake: int, on_edge: Callable[[ButtonEdge], None]) -> None:
        held: set[Button] = set()
        while not self._stopping.is_set():
            try:
                ready, _, _ = select.select([fd, wake], [], [])
                chunk = b"" if wake in ready else os.read(fd, CHUNK)
            except (OSError, ValueError):
                return  # the terminal went away: there are no keys any more
            if not chunk:
                return
            now = self._clock.now()
            for button, is_down in edges(chunk, held):
                if self._stopping.is_set():
                    return
                on_edge(ButtonEdge(button, is_down, now))


def edges(chunk: bytes, held: set[Button]) -> Iterator[tuple[Button, bool]]:
    """
    Yield what was read as edges, in order: the button and whether it goes down.

    Args:
        chunk: As the terminal gave it.
        held: The buttons that are down; kept up to date.

    """
    for key in ESCAPE_SEQUENCE.sub("", chunk.decode("utf-8", "replace")):
        button = KEYS.get(key.lower())
        if button is None:
            continue
        if button in held:
            held.discard(button)
            yield button, False
            continue
        yield button, True
        if key.isupper():
            held.add(button)
        else:
            yield button, False


def _in_background(fd: int) -> bool:
    try:
        return os.tcgetpgrp(fd) != os.getpgrp()
    except OSError:
        return False  # no terminal, or not the one that controls our process


def _enter_cbreak(fd: int) -> TerminalMode | None:
    if not os.isatty(fd):
        return None
    try:
        mode = termios.tcgetattr(fd)
        tty.setcbreak(fd, termios.TCSANOW)
    except termios.error as error:
        reason = f"cannot read single keys: {error}"
        raise DeviceError("buttons", "keyboard", reason) from error
    return mode


def _restore(fd: int, mode: TerminalMode) -> None:
    # Sent to the background meanwhile, we would be stopped by SIGTTOU here.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        termios.tcsetattr(fd, termios.TCSANOW, mode)
    except termios.error as error:
        log.warning("the terminal's mode cannot be put back: %s", error)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
