"""
Buttons that a text file presses: for demonstrations, tests and soak runs.

One press a line, in the order of time, in seconds after the start; a third word
says for how many seconds the button is held::

    # another language, then a call of twenty seconds
    0.1  call 2
    2.5  call
    8    mute
    10   mute
    20.5 hangup
    repeat 25 4     # begin again every 25 s, four rounds in all

``repeat`` is the last line; without a number of rounds it never ends.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count, islice
from pathlib import Path
from typing import Final

from kiosk.errors import ConfigError, DeviceError
from kiosk.ports import Button, ButtonEdge, ButtonFault, Clock, Micros, Probe


LARGEST_SCRIPT: Final = 65_536
"""Bytes."""
LONGEST_S: Final = 86_400.0
MOST_ROUNDS: Final = 1_000_000
MICROS: Final = 1_000_000
JOIN_S: Final = 2.0
PRESS_WORDS: Final = 2
LONGEST_HOLD_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class ScriptedPress:
    """
    A press.

    Attributes:
        after_s: When the button goes down, in seconds after the start of its round.
        held_s: For how long it stays there.

    """

    after_s: float
    button: Button
    held_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ButtonScript:
    """
    What a script file says.

    Attributes:
        name: The file, for messages.
        round_s: Length of a round in seconds.
        rounds: How many; ``None`` means without end.

    """

    name: str
    presses: tuple[ScriptedPress, ...]
    round_s: float = 0.0
    rounds: int | None = 1

    def all_presses(self) -> Iterator[ScriptedPress]:
        """Yield every press of every round, counted from the first start."""
        rounds = count() if self.rounds is None else range(self.rounds)
        for number in rounds:
            for press in self.presses:
                after_s = number * self.round_s + press.after_s
                yield replace(press, after_s=after_s)

    def all_edges(self) -> Iterator[tuple[float, Button, bool]]:
        """Yield when each button goes down or comes up, in the order of time."""
        ups: list[tuple[float, int, Button]] = []
        for number, press in enumerate(self.all_presses()):
            while ups and ups[0][0] <= press.after_s:
                lifted_s, _, button = heappop(ups)
                yield lifted_s, button, False
            yield press.after_s, press.button, True
            if press.held_s:
                up = (press.after_s + press.held_s, number, press.button)
                heappush(ups, up)
            else:
                yield press.after_s, press.button, False
        for lifted_s, _, button in sorted(ups):
            yield lifted_s, button, False


def read_script(path: Path) -> ButtonScript:
    """
    Read a script file.

    Raises:
        ConfigError: With every mistake in it, file and line, or why it cannot
            be read.

    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_SCRIPT + 1)
    except OSError as error:
        raise ConfigError((f"{path}: cannot be read: {error.strerror}",)) from error
    if len(raw) > LARGEST_SCRIPT:
        raise ConfigError((f"{path}: larger than {LARGEST_SCRIPT} bytes",))
    return parse_script(raw.decode("utf-8", "replace"), str(path))


def parse_script(text: str, name: str) -> ButtonScript:
    """
    Return what the text says.

    Raises:
        ConfigError: With every mistake in it, each with its line.

    """
    presses: list[ScriptedPress] = []
    repeat: tuple[float, int | None] | None = None
    mistakes: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        last_s = presses[-1].after_s if presses else 0.0
        try:
            if repeat is not None:
                _refuse_more(words)
            elif words[0] == "repeat":
                repeat = _repeat(words, last_s)
            else:
                presses.append(_press(words, last_s))
        except ValueError as error:
            mistakes.append(f"{name}, line {number}: {error}")
    if not presses and not mistakes:
        mistakes.append(f'{name}: no press in it; a line is like "2.5 call"')
    if mistakes:
        raise ConfigError(tuple(mistakes))
    round_s, rounds = repeat or (0.0, 1)
    return ButtonScript(name, tuple(presses), round_s, rounds)


class ScriptButtons:
    """
    Implements :class:`kiosk.ports.Buttons` with the presses of a script.

    Args:
        clock: Stamps the presses and counts from ``start`` on.
        script: What to press, from :func:`read_script`.

    """

    def __init__(self, clock: Clock, script: ButtonScript) -> None:
        self._clock = clock
        self._script = script
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def probe(self) -> Probe:
        """Say what the script holds."""
        return Probe(f"script {self._script.name}, {len(self._script.presses)} presses")

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """
        Begin to press, on a thread that ends with the script.

        Raises:
            DeviceError: If it was started before and not closed.

        """
        if self._thread is not None:
            raise DeviceError("buttons", self._script.name, "already started")
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._press_all,
            args=(self._clock.now(), on_edge),
            name="buttons",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Press nothing more."""
        thread, self._thread = self._thread, None
        self._stopping.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_S)

    def _press_all(
        self, started_at: Micros, on_edge: Callable[[ButtonEdge], None]
    ) -> None:
        for after_s, button, is_down in self._script.all_edges():
            due = started_at + after_s * MICROS
            wait_s = max(0.0, (due - self._clock.now()) / MICROS)
            if self._stopping.wait(wait_s):
                return
            on_edge(ButtonEdge(button, is_down, self._clock.now()))


def _refuse_more(words: list[str]) -> None:
    raise ValueError(f'"{_quoted(words)}" follows the line with repeat, the last one')


def _press(words: list[str], last_s: float) -> ScriptedPress:
    if not PRESS_WORDS <= len(words) <= PRESS_WORDS + 1:
        raise ValueError(f'"{_quoted(words)}" is not like "2.5 call" or "2.5 call 2"')
    after_s = _seconds(words[0])
    if after_s < last_s:
        raise ValueError(f"{after_s:g} s comes after {last_s:g} s; sort by time")
    try:
        button = Button(words[1].lower())
    except ValueError:
        known = ", ".join(button.value for button in Button)
        raise ValueError(
            f'"{_quoted(words[1:])}" is no button; there are {known}'
        ) from None
    held_s = _seconds(words[2]) if len(words) > PRESS_WORDS else 0.0
    if held_s > LONGEST_HOLD_S:
        raise ValueError(f"a button is held for at most {LONGEST_HOLD_S:g} s")
    return ScriptedPress(after_s, button, held_s)


def _repeat(words: list[str], last_s: float) -> tuple[float, int | None]:
    if not PRESS_WORDS <= len(words) <= PRESS_WORDS + 1:
        raise ValueError(f'"{_quoted(words)}" is not like "repeat 30" or "repeat 30 5"')
    round_s = _seconds(words[1])
    if round_s <= last_s:
        raise ValueError(f"a round of {round_s:g} s ends before its last press")
    if len(words) == PRESS_WORDS:
        return round_s, None
    if not (words[2].isascii() and words[2].isdigit() and len(words[2]) <= 7):  # noqa: PLR2004
        raise ValueError(f'"{_quoted(words[2:])}" is no number of rounds')
    rounds = int(words[2])
    if not 1 <= rounds <= MOST_ROUNDS:
        raise ValueError(f"rounds run from 1 to {MOST_ROUNDS}, not {rounds}")
    return round_s, rounds


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        raise ValueError(f'"{_quoted([word])}" is no number of seconds') from None
    if not math.isfinite(seconds) or not 0.0 <= seconds <= LONGEST_S:
        raise ValueError(f"seconds run from 0 to {LONGEST_S:g}, not {seconds:g}")
    return seconds


def _quoted(words: list[str]) -> str:
    return "".join(islice((c for c in " ".join(words) if c.isprintable()), 40))
