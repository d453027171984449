"""
Buttons on the pins of a Raspberry Pi's header, by gpiozero.

The pins' edges come on a thread of the pins, are judged at once
(:mod:`kiosk.contacts`), and what came of them is told on a thread of ours, which
also waits for what is due.  Five rules:

1. Nothing raised in the pins' callback may pass, it would be lost in a log.  It is
   told as a fault, and the pins are opened anew.
2. No edge is filtered before it is judged: chatter that nobody sees is a button that
   does nothing, and nobody knows why.
3. An edge may come late, or not at all: nothing is judged while a pin is at another
   level than its last edge says, for up to 20 ms; then the level counts.
4. A chip that is gone is looked for every two seconds.
5. A pin whose contact storms is left alone, and heard again now and then: a cable that
   is loose costs nobody the processor.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from kiosk.contacts import Front, Place, Rules
from kiosk.errors import DeviceError
from kiosk.ports import (
    Button,
    ButtonEdge,
    ButtonFault,
    ButtonTrouble,
    Clock,
    Micros,
    Probe,
)
from kiosk.wiring import Board, Header, Pace, Pin, ThreadPace, Unusable


LOOK_US: Final = 2_000_000
"""So often a chip that is gone, or may be, is looked for."""
OLDEST_US: Final = 5_000_000
"""A stamp of the kernel's that is older, or of the future, is no stamp."""
LATE_US: Final = 5_000
"""So long an edge that is under way is waited for, :data:`LATE_TIMES` at most."""
LATE_TIMES: Final = 4
NAP_US: Final = 400_000
"""So long a pin that storms is left alone; shorter than the rest that ends a storm."""
MICROS: Final = 1_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ButtonPin:
    """
    A button and its pin.

    Attributes:
        number: GPIO number (BCM).
        pull: ``up``, ``down`` or ``floating``.
        is_down_high: Whether the button is down while the pin is high.

    """

    number: int
    pull: str = "up"
    is_down_high: bool = False
    rules: Rules = field(default_factory=Rules)


class GpiozeroButtons:
    """
    Implements :class:`kiosk.ports.Buttons` with pins.

    Args:
        clock: Says what is due; stamps edges that the kernel did not stamp.
        pins: Where each button is.
        header: Opens them.
        pace: When steps are taken; a thread of its own if not given.

    """

    def __init__(
        self,
        clock: Clock,
        pins: Mapping[Button, ButtonPin],
        header: Header,
        *,
        pace: Pace | None = None,
    ) -> None:
        self._clock = clock
        self._pins = pins
        self._header = header
        self._pace = pace or ThreadPace(clock)
        self._places = {
            button: Place(f"GPIO {pin.number}", pin.rules)
            for button, pin in pins.items()
        }
        self._lock = threading.RLock()
        self._lines: _Lines | None = None
        self._untold: list[ButtonEdge | ButtonFault] = []
        self._tell: Callable[[ButtonEdge | ButtonFault], None] | None = None
        self._look_at = Micros(0)
        self._planned = Micros(0)
        self._is_gone = False
        self._waited = 0

    def probe(self) -> Probe:
        """Say whether the chip and the libraries are there; claims nothing."""
        numbers = ", ".join(str(pin.number) for pin in self._pins.values())
        found = f"GPIO {numbers}"
        try:
            return Probe(f"{found} of {self._header.look()}")
        except Unusable as error:
            return error.probed(found)

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """
        Begin to listen.

        Raises:
            DeviceError: No chip, no library, no right, a pin that is in use.

        """
        if self._tell is not None:
            raise DeviceError("buttons", "GPIO", "already started")

        def tell(news: ButtonEdge | ButtonFault) -> None:
            if isinstance(news, ButtonEdge):
                on_edge(news)
            elif on_fault is not None:
                on_fault(news)

        try:
            self._lines = self._open()
        except Unusable as error:
            raise error.of("buttons") from error
        self._tell = tell
        self._pace.start(self._step)

    def close(self) -> None:
        """Tell nothing more and give the pins back."""
        if self._tell is None:
            return
        self._tell = None
        self._pace.stop()
        self._close_lines()
        with self._lock:
            self._untold.clear()
            self._is_gone = False

    # -- on the thread of the pins ---------------------------------------------

    def _moved(self, button: Button, stamp_s: float, level: int) -> None:
        try:
            self._turn(button, stamp_s, level=bool(level))
            self._leave_alone(button)
        except Exception as error:
            log.exception("an edge of button %s could not be judged", button.value)
            self._lose(f"a fault of this program: {error!r}")
        if self._is_sooner():
            self._pace.wake()

    def _turn(self, button: Button, stamp_s: float, *, level: bool) -> None:
        now = self._clock.now()
        stamp = Micros(round(stamp_s * MICROS))
        at = stamp if 0 <= now - stamp < OLDEST_US else now
        with self._lock:
            if self._lines is not None and not self._is_gone:
                is_closed = level is self._pins[button].is_down_high
                front = self._lines.front
                self._untold += front.turn(button, is_closed=is_closed, at=at)

    def _leave_alone(self, button: Button) -> None:
        """Hear no more of a pin that storms, for now; its own thread may do that."""
        with self._lock:
            lines = self._lines
            if lines is None or not lines.front.storms(button):
                return
        # First silenced, then noted: what is noted may be heard again at any time.
        lines.pins[button].when_changed = None
        with self._lock:
            lines.naps[button] = Micros(self._clock.now() + NAP_US)

    def _is_sooner(self) -> bool:
        with self._lock:
            due = self._lines.due if self._lines is not None else None
            return bool(self._untold) or (due is not None and due < self._planned)

    # -- on our own thread -----------------------------------------------------

    def _step(self) -> Micros:
        """Tell what is due, look for the chip, and say when to come again."""
        now = self._clock.now()
        if now >= self._look_at:
            self._look_at = Micros(now + LOOK_US)
            self._look()
        if self._lines is not None and not self._is_gone:
            self._hear_again(self._lines, now)
        with self._lock:
            if self._lines is not None and not self._is_gone:
                if self._is_behind(self._lines, now):
                    self._planned = Micros(now + LATE_US)
                    return self._planned
                self._untold += self._lines.front.pass_time(now)
            news, self._untold = self._untold, []
        for each in news:
            tell = self._tell
            if tell is not None:
                tell(each)
        if self._is_gone:
            self._close_lines()
        with self._lock:
            due = self._lines.due if self._lines is not None else None
            self._planned = min(self._look_at, due or self._look_at)
            return now if self._untold else self._planned

    def _hear_again(self, lines: _Lines, now: Micros) -> None:
        """Hear pins that were left alone; they have to rest from now on to be well."""
        with self._lock:
            rested = {one: until for one, until in lines.naps.items() if until <= now}
        for button, until in rested.items():
            number, pin = self._pins[button].number, lines.pins[button]
            try:
                with lines.board.translating(number):
                    pin.when_changed = lines.heard[button]
                    with self._lock:
                        is_closed = bool(pin.state) is self._pins[button].is_down_high
                        self._untold += lines.front.turn(
                            button, is_closed=is_closed, at=now
                        )
                        if lines.naps.get(button) == until:  # else it storms again
                            del lines.naps[button]
            except Unusable:
                # The vendor has it noted, and would not ask the kernel a second time.
                pin.when_changed = None
                with self._lock:
                    lines.naps[button] = Micros(now + NAP_US)

    def _is_behind(self, lines: _Lines, now: Micros) -> bool:
        """Whether an edge is under way; one that does not come is made up for."""
        moved: frozenset[Button] = frozenset()
        with contextlib.suppress(Unusable):
            moved = lines.front.closed ^ set(self._closed(lines.board, lines.pins))
            moved -= lines.naps.keys()
        if moved and self._waited < LATE_TIMES:
            self._waited += 1
            return True
        self._waited = 0
        for button in moved:
            is_closed = button not in lines.front.closed
            self._untold += lines.front.turn(button, is_closed=is_closed, at=now)
        return False

    def _look(self) -> None:
        if self._lines is None:
            with contextlib.suppress(Unusable):
                self._find_again()
        elif not self._lines.board.is_there():
            self._lose("the GPIO chip is gone")

    def _find_again(self) -> None:
        lines = self._open()
        now = self._clock.now()
        words = "the buttons are there again"
        with self._lock:
            self._lines = lines
            self._is_gone = False
            fault = ButtonFault(None, ButtonTrouble.GONE, words, is_over=True, at=now)
            self._untold.append(fault)

    def _lose(self, why: str) -> None:
        now = self._clock.now()
        with self._lock:
            lines = self._lines
            if lines is None or self._is_gone:
                return
            self._is_gone = True
            self._untold += lines.front.lift(now)
            words = f"all buttons (GPIO): {why}; they are looked for"
            fault = ButtonFault(None, ButtonTrouble.GONE, words, is_over=False, at=now)
            self._untold.append(fault)

    # -- pins ------------------------------------------------------------------

    def _open(self) -> _Lines:
        board = self._header.open()
        try:
            return self._listen(board)
        except BaseException:
            board.close()
            raise

    def _listen(self, board: Board) -> _Lines:
        opened = {
            button: _opened(board, pin.number, pin.pull)
            for button, pin in self._pins.items()
        }
        with self._lock:
            closed = set(self._closed(board, opened))
            front = Front(self._places, closed, self._clock.now())
            # The vendor keeps weak references only.
            heard = {button: partial(self._moved, button) for button in opened}
            lines = _Lines(board, opened, front, heard)
            for button, pin in opened.items():
                with board.translating(self._pins[button].number):
                    pin.when_changed = heard[button]
            now_closed = set(self._closed(board, opened))
            for button in closed ^ now_closed:  # moved meanwhile
                level = button not in closed
                front.turn(button, is_closed=level, at=self._clock.now())
            return lines

    def _closed(self, board: Board, opened: Mapping[Button, Pin]) -> Iterator[Button]:
        for button, pin in opened.items():
            with board.translating(self._pins[button].number):
                is_high = bool(pin.state)
            if is_high is self._pins[button].is_down_high:
                yield button

    def _close_lines(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, None
        if lines is not None:
            lines.board.close()


@dataclass(slots=True)
class _Lines:
    """
    Pins that are open.

    Attributes:
        naps: The pins that are left alone because they storm, and until when.

    """

    board: Board
    pins: Mapping[Button, Pin]
    front: Front
    heard: Mapping[Button, partial[None]]
    naps: dict[Button, Micros] = field(default_factory=dict[Button, Micros])

    @property
    def due(self) -> Micros | None:
        """When something is to be done, if nothing happens before."""
        dues = [self.front.due, *self.naps.values()]
        return min((due for due in dues if due is not None), default=None)


def _opened(board: Board, number: int, pull: str) -> Pin:
    pin = board.pin(number)
    with board.translating(number):
        pin.function = "input"
        pin.pull = pull
        pin.edges = "both"
    return pin
