"""Keys of a terminal as buttons."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator

import pytest

from kiosk.devices.buttons_keyboard import KeyboardButtons, edges
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import DeviceError
from kiosk.ports import Button, ButtonEdge
from tests.fakes.waiting import wait_until


LOCAL_MODES = 3
IN_BACKGROUND = """
import os, pty
from kiosk.devices.buttons_keyboard import KeyboardButtons
from kiosk.devices.clock_monotonic import MonotonicClock

pid, keyboard = pty.fork()
if pid == 0:  # leads a session with a terminal, and its foreground
    if os.fork() == 0:
        os.setpgid(0, 0)
        print(KeyboardButtons(MonotonicClock(), fd=0).probe().wrong, flush=True)
        os._exit(0)
    os.wait()
    os._exit(0)
print(os.read(keyboard, 1000).decode())
os.waitpid(pid, 0)
"""


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A pseudo-terminal in a session of nobody: (keyboard side, our side)."""
    keyboard, ours = pty.openpty()
    yield keyboard, ours
    os.close(keyboard)
    os.close(ours)


def downs(edges_seen: list[ButtonEdge]) -> list[Button]:
    return [edge.button for edge in edges_seen if edge.is_down]


def _reading() -> bool:
    return any(thread.name == "buttons" for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("typed", "buttons"),
    [
        (b"c", [Button.CALL]),
        (b"h\n", [Button.HANGUP]),
        (b"m\r\n", [Button.MUTE]),
        (b"+-d", [Button.VOLUME_UP, Button.VOLUME_DOWN, Button.DOOR]),
        (b"cmh", [Button.CALL, Button.MUTE, Button.HANGUP]),
        (b"xyz 123\n", []),
        (b"\x1b[C", []),
        (b"\x1b[1;5Hc", [Button.CALL]),
        (b"\x1bOM", []),
        (b"\x1bm", []),
        (b"\x1b", []),
        (b"\xff\xfe\x00h", [Button.HANGUP]),
        ("呼c".encode(), [Button.CALL]),
    ],
)
def test_typed_bytes_become_the_buttons_they_stand_for(
    typed: bytes, buttons: list[Button]
) -> None:
    presses = [(button, is_down) for button in buttons for is_down in (True, False)]

    assert list(edges(typed, set())) == presses


def test_a_capital_holds_the_button_until_its_next_letter_lifts_it() -> None:
    held: set[Button] = set()

    assert list(edges(b"M", held)) == [(Button.MUTE, True)]
    assert list(edges(b"H", held)) == [(Button.HANGUP, True)]
    assert held == {Button.MUTE, Button.HANGUP}
    assert list(edges(b"cm", held)) == [
        (Button.CALL, True),
        (Button.CALL, False),
        (Button.MUTE, False),
    ]
    assert list(edges(b"HH", held)) == [(Button.HANGUP, False), (Button.HANGUP, True)]


def test_a_pipe_is_read_until_it_ends() -> None:
    reader, writer = os.pipe()
    seen: list[ButtonEdge] = []
    buttons = KeyboardButtons(MonotonicClock(), fd=reader)
    buttons.start(seen.append)

    os.write(writer, b"c\nh\n")
    os.close(writer)

    assert wait_until(lambda: downs(seen) == [Button.CALL, Button.HANGUP])
    buttons.close()
    os.close(reader)


def test_a_closed_descriptor_is_a_device_error_that_names_the_keyboard() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    buttons = KeyboardButtons(MonotonicClock(), fd=reader)

    with pytest.raises(DeviceError, match="keyboard"):
        buttons.start(lambda _edge: None)

    assert "cannot read keys" in buttons.probe().wrong
    assert "foreground" in buttons.probe().cure


def test_a_terminal_in_whose_background_we_are_is_refused() -> None:
    """A read would stop the whole process there, by SIGTTIN."""
    done = subprocess.run(
        [sys.executable, "-c", IN_BACKGROUND],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert "in the background of its terminal" in done.stdout
    assert 'choose other buttons, "none" say' in done.stdout


def test_keys_of_a_terminal_count_without_enter(terminal: tuple[int, int]) -> None:
    keyboard, ours = terminal
    seen: list[ButtonEdge] = []
    buttons = KeyboardButtons(MonotonicClock(), fd=ours)
    buttons.start(seen.append)

    os.write(keyboard, b"m")

    assert wait_until(lambda: downs(seen) == [Button.MUTE])
    assert "(terminal)" in buttons.probe().found
    buttons.close()


def test_closing_puts_the_terminal_back_as_it_was(terminal: tuple[int, int]) -> None:
    _, ours = terminal
    before = termios.tcgetattr(ours)
    buttons = KeyboardButtons(MonotonicClock(), fd=ours)

    buttons.start(lambda _edge: None)
    during = termios.tcgetattr(ours)
    buttons.close()

    assert not during[LOCAL_MODES] & termios.ICANON
    assert termios.tcgetattr(ours) == before


def test_a_terminal_that_went_away_is_no_error_at_close(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keyboard, ours = pty.openpty()
    buttons = KeyboardButtons(MonotonicClock(), fd=ours)
    buttons.start(lambda _edge: None)

    os.close(keyboard)
    assert wait_until(lambda: not _reading())
    os.close(ours)
    buttons.close()

    assert "cannot be put back" in caplog.text


def test_standard_input_is_read_when_no_other_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    seen: list[ButtonEdge] = []
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        buttons = KeyboardButtons(MonotonicClock())
        buttons.start(seen.append)
        os.write(writer, b"c")
        assert wait_until(lambda: downs(seen) == [Button.CALL])
        buttons.close()
    os.close(writer)

    assert "standard input is closed" in buttons.probe().wrong
