"""The network between one party and the servers, and what it does to requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random


LATENCY_S = (0.005, 0.06)


class Mishap(Enum):
    """What may become of one request."""

    LOST = auto()
    ANSWER_LOST = auto()
    TWICE = auto()
    LATE = auto()
    BUSY = auto()


def _nobody() -> None:
    """Tell nobody."""


@dataclass
class Path:
    """
    Between a party and the servers; both ways fail together.

    Attributes:
        is_open: Whether anything passes, media too.
        is_heard: Whether requests pass.
        is_withdrawn: Whether the server takes this party's identity for nobody's.
        mishaps: Of the next requests, one each.
        on_change: Told when it opens or closes.

    """

    address: str
    random: Random
    is_open: bool = True
    is_heard: bool = True
    is_withdrawn: bool = False
    mishaps: deque[Mishap] = field(default_factory=deque)
    on_change: Callable[[], None] = _nobody

    def close(self) -> None:
        self.is_open = False
        self.on_change()

    def open(self) -> None:
        self.is_open = True
        self.on_change()

    def latency_s(self) -> float:
        return self.random.uniform(*LATENCY_S)
