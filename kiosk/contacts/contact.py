"""
One contact: raw edges in, and what a finger meant by them out.

1. A contact that closes or opens bounces for up to 30 ms, and a spark or a cable
   makes glitches of some 10 ms.  So time is added up while it is closed and taken
   off while it is open, between nothing and ``settle_us``; the contact counts as
   closed when the sum is full and as open when it is empty.  No glitch shorter
   than ``settle_us`` counts, and no bouncing shorter than twice that is two presses.
2. What was closed at the start, or when a fault ends, is no press: it has to open
   first.  (A door is different: ``is_state``.)
3. A contact that stays closed for ``stuck_us`` is stuck, one that cannot come to
   rest for :data:`RESTLESS_US`, or that is pressed more often than any finger can,
   is a storm.  Each is told once, and the contact is deaf until it heals: by
   opening, or after :data:`CALM_US` of rest.
4. Time is given, never taken, and only runs forward.  Nothing here grows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kiosk.ports import ButtonTrouble, Micros


RESTLESS_US: Final = 300_000
"""Bouncing ends after 30 ms, that of two quick presses after 60."""
CALM_US: Final = 1_000_000
MOST_PRESSES: Final = 12
"""In a second; a quick finger makes eight."""
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """
    How a contact is judged; times in microseconds.

    Attributes:
        settle_us: Shorter changes are none.
        hold_us: A press counts once the contact is closed for so long.
        stuck_us: Held for longer it is stuck; ``None``: never.
        is_state: Whether it tells a state, as a door does, instead of a press: then
            being closed at the start counts as well.

    """

    settle_us: int = 20_000
    hold_us: int = 0
    stuck_us: int | None = 60_000_000
    is_state: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """The finger came down, or left; ``at`` is when it did, not when it counted."""

    is_down: bool
    at: Micros


@dataclass(frozen=True, slots=True)
class Ailed:
    """A fault began, or is over."""

    trouble: ButtonTrouble
    is_over: bool
    at: Micros


Said = Moved | Ailed


class Contact:
    """
    Judges one contact.

    Args:
        rules: How.
        is_closed: As it is found.
        at: When.

    """

    def __init__(self, rules: Rules, *, is_closed: bool, at: Micros) -> None:
        self._rules = rules
        self._at = at
        self._is_closed = is_closed
        self._counts_as_closed = is_closed
        self._sum = rules.settle_us if is_closed else 0
        self._counted_at = at
        self._down_at = self._up_at = at
        self._is_press = rules.is_state
        self._is_told = False
        self._trouble: ButtonTrouble | None = None
        self._moved_at = at
        self._restless_since = at
        self._presses: deque[Micros] = deque(maxlen=MOST_PRESSES)

    @property
    def is_closed(self) -> bool:
        """Whether its last edge closed it."""
        return self._is_closed

    @property
    def is_storming(self) -> bool:
        """Whether its edges are of no use to anybody."""
        return self._trouble is ButtonTrouble.STORM

    @property
    def due(self) -> Micros | None:
        """When :meth:`pass_time` has something to do, if nothing happens before."""
        if self.is_storming:
            return Micros(self._moved_at + CALM_US)
        if not self._is_closed and not self._counts_as_closed:
            return None
        return min(self._dues(), default=None)

    def turn(self, is_closed: bool, at: Micros) -> Iterable[Said]:  # noqa: FBT001 -- an edge is that and a time
        """Take an edge; one to what is so already says that two were missed."""
        if self.is_storming and at < self._moved_at + CALM_US:
            # Two thousand come in a second: all they say is that it is not over.
            self._at = self._moved_at = max(self._at, at)
            self._is_closed = is_closed
            return ()
        return self._turn(is_closed, at)

    def _turn(self, is_closed: bool, at: Micros) -> Iterator[Said]:  # noqa: FBT001 -- as above
        yield from self.pass_time(at)
        at = self._at
        if at - self._moved_at > self._rules.settle_us:
            self._restless_since = at
        self._moved_at = at
        self._is_closed = is_closed
        if is_closed and self._sum == 0:
            self._down_at = at
        elif not is_closed and self._sum == self._rules.settle_us:
            self._up_at = at
        if self._trouble is None and at - self._restless_since > RESTLESS_US:
            yield from self._fall_ill(ButtonTrouble.STORM)

    def pass_time(self, now: Micros) -> Iterator[Said]:
        """Say what became of the contact up to ``now``; again and again."""
        while (due := self.due) is not None and due <= now:
            self._add_up(due)
            yield from self._come_due()
        self._add_up(now)

    def lift(self, at: Micros) -> Iterator[Said]:
        """Say that finger and fault are gone, as the contact itself is."""
        self._add_up(at)
        if self._is_told:
            self._is_told = False
            yield Moved(is_down=False, at=self._at)
        if self._trouble is not None:
            yield from self._heal()

    def _dues(self) -> Iterator[Micros]:
        rules = self._rules
        if self._is_closed is not self._counts_as_closed:
            missing = rules.settle_us - self._sum if self._is_closed else self._sum
            yield Micros(self._at + missing)
        if self._counts_as_closed and self._trouble is None:
            if self._is_press and not self._is_told:
                yield max(self._at, Micros(self._down_at + rules.hold_us))
            if rules.stuck_us is not None:
                yield Micros(self._counted_at + rules.stuck_us)

    def _add_up(self, now: Micros) -> None:
        passed = max(0, now - self._at)
        if self._is_closed:
            self._sum = min(self._rules.settle_us, self._sum + passed)
        else:
            self._sum = max(0, self._sum - passed)
        self._at = Micros(self._at + passed)

    def _come_due(self) -> Iterator[Said]:
        """Carry out what is due at this very moment: one thing at a time."""
        rules = self._rules
        if self._trouble is ButtonTrouble.STORM:
            yield from self._calm_down()
        elif not self._counts_as_closed:
            self._counts_as_closed = True
            self._counted_at = self._at
            self._is_press = True
        elif not self._is_closed and self._sum == 0:
            yield from self._open()
        elif self._may_tell():
            yield from self._tell()
        else:
            assert rules.stuck_us is not None
            yield from self._fall_ill(ButtonTrouble.STUCK)

    def _may_tell(self) -> bool:
        if not self._is_press or self._is_told:
            return False
        return self._at - self._down_at >= self._rules.hold_us

    def _tell(self) -> Iterator[Said]:
        self._presses.append(self._at)
        is_full = len(self._presses) == MOST_PRESSES
        if is_full and self._at - self._presses[0] < _SECOND_US:
            yield from self._fall_ill(ButtonTrouble.STORM)
            return
        self._is_told = True
        yield Moved(is_down=True, at=self._down_at)

    def _open(self) -> Iterator[Said]:
        self._counts_as_closed = False
        self._is_press = False
        if self._is_told:
            self._is_told = False
            yield Moved(is_down=False, at=self._up_at)
        if self._trouble is not None:
            yield from self._heal()

    def _fall_ill(self, trouble: ButtonTrouble) -> Iterator[Said]:
        self._trouble = trouble
        if self._is_told:
            self._is_told = False
            yield Moved(is_down=False, at=self._at)
        self._is_press = False
        self._moved_at = self._at
        self._presses.clear()
        yield Ailed(trouble, is_over=False, at=self._at)

    def _calm_down(self) -> Iterator[Said]:
        self._counts_as_closed = self._is_closed
        self._sum = self._rules.settle_us if self._is_closed else 0
        self._counted_at = self._down_at = self._at
        self._is_press = self._rules.is_state
        yield from self._heal()

    def _heal(self) -> Iterator[Said]:
        assert self._trouble is not None
        healed, self._trouble = self._trouble, None
        yield Ailed(healed, is_over=True, at=self._at)
