"""
The mailbox of one layer: what is shown, what is on its way, and one that waits.

It knows no kernel and no time, only who comes after whom and who is free when; so it is
here that is said how many buffers a layer keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kiosk.display.buffers import PAGE_BUFFERS, VIDEO_BUFFERS, Pool, Surface
from kiosk.display.plan import Picture
from kiosk.ports import PageFrame, Rect


@dataclass(frozen=True, slots=True)
class Shown:
    """
    A picture in memory that the display can fetch.

    Attributes:
        is_video: Whether another one follows by itself.

    """

    surface: Surface
    picture: Picture
    is_video: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is not in such memory yet; its size is that of its place."""

    frame: PageFrame
    at: Rect


class Off:
    """Nothing: the plane is switched off."""


OFF: Final = Off()
News = Shown | Page | Off


@dataclass(slots=True)
class LayerCounts:
    """
    What happened on one layer.

    Attributes:
        shown: Pictures that came onto the display.
        dropped: Those that a newer one replaced before.

    """

    shown: int = 0
    dropped: int = 0


@dataclass(slots=True)
class Slot:
    """
    A layer of a lit display.

    Attributes:
        pool: Its buffers; a layer that is off keeps none.
        shown: On the display, as far as flips told.
        pending: In the commit that is on its way.
        waiting: In the next one.
        ticket: Number of the newest picture that was begun.
        due_us: When the newest one comes onto the display, as was guessed.

    """

    pool: Pool
    shown: Shown | Off = OFF
    pending: Shown | Off | None = None
    waiting: News | None = None
    ticket: int = 0
    due_us: int = 0
    counts: LayerCounts = field(default_factory=LayerCounts)

    @property
    def newest(self) -> News:
        """What is or will be on the display."""
        return self.waiting or self.pending or self.shown

    def put(self, ticket: int, news: News, later: list[Callable[[], None]]) -> bool:
        """Let news wait; ``False`` if newer ones were begun meanwhile."""
        if ticket < self.ticket:
            self.discard(news, later)
            return False
        self.take_back(later)
        if not (isinstance(news, Off) and isinstance(self.newest, Off)):
            self.waiting = news
        return True

    def take_back(self, later: list[Callable[[], None]]) -> None:
        """Drop what waits: something newer comes."""
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            self.discard(waiting, later)

    def discard(self, news: News, later: list[Callable[[], None]]) -> None:
        """Count a picture that will never be shown, and free it."""
        self.counts.dropped += not isinstance(news, Off)
        free(news, later)

    def complete(self, later: list[Callable[[], None]]) -> None:
        """Take what was on its way as shown, and free what it replaced."""
        pending, self.pending = self.pending, None
        if pending is None:
            return
        before, self.shown = self.shown, pending
        if before is not pending:
            free(before, later)
            self.counts.shown += isinstance(pending, Shown)
        if isinstance(pending, Off):
            self.pool.keep(0)
        else:
            self.pool.keep((VIDEO_BUFFERS if pending.is_video else PAGE_BUFFERS) - 1)

    def empty(self, later: list[Callable[[], None]]) -> None:
        """Nothing of it is on the display any more."""
        self.ticket += 1
        for news in (self.waiting, self.pending, self.shown):
            if news is not None:
                free(news, later)
        self.shown, self.pending, self.waiting = OFF, None, None


def free(news: News, later: list[Callable[[], None]]) -> None:
    """Free a picture whose memory nobody fetches from."""
    if isinstance(news, Shown):
        news.surface.free(later)
