"""
What every plane shows, is about to show and shows next; one commit at a time.

1. At most one commit is on its way. It is non-blocking; its page flip event comes
   within a refresh of the display.
2. Each layer has a mailbox of one: a newer picture replaces the one that waits, and
   that is counted. Nothing queues.
3. All layers that have news change in one commit.
4. A buffer is free only after the flip of its successor.
5. A page waits as it came, uncopied, until a buffer of its layer is free: two are
   enough, unless a third is being filled with video yet.

It holds no lock and reads no clock: its owner (:mod:`kiosk.display.sending`) calls it from
one thread at a time. An error of the driver is raised and changes nothing here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from kiosk.display.buffers import PAGE_BUFFERS, VIDEO_BUFFERS, Pool
from kiosk.display.card import Card
from kiosk.display.layouts import BYTES_PER_PIXEL, layout_of
from kiosk.display.mailbox import OFF, LayerCounts, News, Off, Page, Shown, Slot
from kiosk.display.pipe import Pipe
from kiosk.display.plan import Picture, Plan, plane_values, switched_off
from kiosk.display.uapi_numbers import Flag, Fourcc
from kiosk.ports import Layer


OVERDUE_US: Final = 1_000_000
"""A flip that did not come by then never will."""
HUNG_US: Final = 3_000_000
"""Without any flip in spite of a new beginning: the driver tells of none any more."""

_MICROS: Final = 1_000_000
_COOKIE_BYTES: Final = 5
_FLIP = Flag.PAGE_FLIP_EVENT | Flag.ATOMIC_NONBLOCK


class Presenter:
    """
    The layers of one lit display.

    Args:
        card: Takes the commits.
        pipe: What lights it.
        plan: Which plane shows what; see :meth:`switch`.

    Attributes:
        later: What is to be called by the owner once it holds no lock.
        is_turned_over: Whether the display hangs upside down.

    """

    def __init__(self, card: Card, pipe: Pipe, plan: Plan) -> None:
        self._card = card
        self._pipe = pipe
        self.plan = plan
        self.later: list[Callable[[], None]] = []
        self.is_turned_over = False
        self._slots = {layer: Slot(Pool(card, spare=0)) for layer in Layer}
        self._committed: dict[int, dict[int, int]] = {}
        self._needs_all = True
        # Not that of the last flip of a predecessor, nor of the stage before this one.
        self._cookie = int.from_bytes(os.urandom(_COOKIE_BYTES), "big") << 20
        self._in_flight_since: int | None = None
        self._unanswered_since: int | None = None
        self._has_started_over = False
        self._last_flip_us: int | None = None

    @property
    def is_in_flight(self) -> bool:
        """Whether a commit waits for its flip."""
        return self._in_flight_since is not None

    @property
    def has_flipped(self) -> bool:
        """Whether anything of ours came onto the display."""
        return self._last_flip_us is not None

    def pool(self, layer: Layer) -> Pool:
        """Return the buffers of a layer."""
        return self._slots[layer].pool

    def counts(self, layer: Layer) -> LayerCounts:
        """Return what happened on a layer."""
        return self._slots[layer].counts

    def newest(self) -> dict[Layer, News]:
        """Return what every layer shows or will show next."""
        return {layer: slot.newest for layer, slot in self._slots.items()}

    def on_glass(self) -> list[tuple[Layer, Shown]]:
        """Return what is on the display, the lowest first."""
        slots = self._slots.items()
        return [(layer, s.shown) for layer, s in slots if isinstance(s.shown, Shown)]

    def ticket(self, layer: Layer) -> int:
        """Return a number for the next picture: a higher one wins."""
        slot = self._slots[layer]
        slot.ticket += 1
        return slot.ticket

    def is_newest(self, layer: Layer, ticket: int) -> bool:
        """Whether no later picture of a layer was begun."""
        return self._slots[layer].ticket == ticket

    def put(self, layer: Layer, ticket: int, news: News) -> bool:
        """Let news wait for their turn; ``False`` if newer ones came meanwhile."""
        slot = self._slots[layer]
        if layer not in self.plan.seats:
            slot.discard(news, self.later)
            return False
        return slot.put(ticket, news, self.later)

    def take_back(self, layer: Layer) -> None:
        """Drop what waits on a layer: something newer comes."""
        self._slots[layer].take_back(self.later)

    def commit(self, now_us: int) -> None:
        """
        Send the news of all layers to the display, unless a commit is on its way.

        Raises:
            OSError: If the driver refuses; everything waits still.

        """
        if self._in_flight_since is not None:
            return
        going = {
            layer: ready
            for layer in self._slots
            if (ready := self._ready(layer)) is not None
        }
        if not going and not (self._needs_all and self.on_glass()):
            return  # a display that nothing was shown on yet is not lit
        state = self._state(going)
        flags = _FLIP | (Flag.ATOMIC_ALLOW_MODESET if self._needs_all else Flag(0))
        self._card.commit(self._changes(state), flags, self._cookie + 1)
        self._cookie += 1
        self._committed |= state
        self._needs_all = False
        self._in_flight_since = now_us
        if self._unanswered_since is None:
            self._unanswered_since = now_us
        for layer, ready in going.items():
            slot = self._slots[layer]
            slot.pending, slot.waiting = ready, None

    def complete_flips(self) -> bool:
        """
        Note the flips that are complete; returns whether there was any event.

        Raises:
            OSError: If the card is gone.

        """
        flips = self._card.flips()
        if flips:
            self._unanswered_since, self._has_started_over = None, False
        for flip in flips:
            if flip.cookie == self._cookie and self._in_flight_since is not None:
                self._last_flip_us = flip.at_us
                self._complete_all()
        return bool(flips)

    def is_overdue(self, now_us: int) -> bool:
        """Whether the flip that is waited for should have come long ago."""
        since = self._in_flight_since
        return since is not None and now_us - since > OVERDUE_US

    def is_hung(self, now_us: int) -> bool:
        """
        Whether the display shows nothing any more, whatever it is asked to.

        A process that stood still for long finds out by starting over that it did.
        """
        since = self._unanswered_since
        is_late = since is not None and now_us - since > HUNG_US
        return is_late and self._has_started_over

    def start_over(self) -> None:
        """Forget what the kernel knows: the next commit sets everything."""
        self._has_started_over = True
        self._complete_all()
        self._committed.clear()
        self._needs_all = True

    def switch(self, plan: Plan) -> None:
        """Follow another plan: video is off until it comes in the new form."""
        self.plan = plan
        self._needs_all = True
        self._committed.clear()
        for layer, slot in self._slots.items():
            newest = slot.newest
            is_video = isinstance(newest, Shown) and newest.is_video
            if is_video or layer not in plan.seats:
                self.take_back(layer)
                slot.waiting = OFF

    def glass_at(self, layer: Layer, now_us: int) -> int:
        """
        Return when a layer's picture that waits will be scanned out, most probably.

        Never before the picture that it replaces, whatever was guessed of that one: the
        flips of a virtual display come unevenly.
        """
        slot = self._slots[layer]
        slot.due_us = max(slot.due_us, self._next_scan_out(now_us))
        return slot.due_us

    def go_dark(self) -> None:
        """
        Switch the display off and let go of all memory; waits a refresh at most.

        Whoever still fills a buffer gives it back to a pool that destroys it.
        """
        self._darken()
        for slot in self._slots.values():
            slot.empty(self.later)
            slot.pool.close()

    def _darken(self) -> None:
        # Without NONBLOCK the kernel waits for the flip that is on its way, and whoever
        # lights something next is not told EBUSY, of which no event would bring the end.
        with suppress(OSError):  # not master, or gone: not ours to darken then
            self._card.commit(self._pipe.dark(), Flag.ATOMIC_ALLOW_MODESET)
        self._in_flight_since = None
        self._card.drop_blob(self._pipe.blob)

    def _next_scan_out(self, now_us: int) -> int:
        period = _MICROS / self._pipe.mode.refresh_hz
        if self._last_flip_us is None or self._last_flip_us > now_us:
            return round(now_us + period)
        periods = (now_us - self._last_flip_us) // period + 1
        if self.is_in_flight and any(s.waiting for s in self._slots.values()):
            periods += 1
        return round(self._last_flip_us + periods * period)

    def _ready(self, layer: Layer) -> Shown | Off | None:
        """Return what waits in a form the display can fetch, if it can be had."""
        slot = self._slots[layer]
        if isinstance(slot.waiting, Page):
            shown = self._copied(layer, slot.waiting)
            if shown is None:
                return None
            slot.waiting = shown
        return slot.waiting

    def _copied(self, layer: Layer, page: Page) -> Shown | None:
        fourcc = page_format(layer)
        width, height = page.frame.width, page.frame.height
        layout = layout_of(fourcc, width, height)
        pool = self._slots[layer].pool
        # A video of this layer may be half filled by another thread.
        buffer = pool.take(layout, PAGE_BUFFERS) or pool.take(layout, VIDEO_BUFFERS)
        if buffer is None:
            return None
        buffer.put((page.frame.pixels,), (width * BYTES_PER_PIXEL,))
        picture = Picture(buffer.framebuffer, fourcc, width, height, page.at)
        return Shown(buffer, picture, is_video=False)

    def _state(self, going: Mapping[Layer, Shown | Off]) -> dict[int, dict[int, int]]:
        """Return the values of the planes that change, or of everything."""
        state = self._pipe.everything_off() if self._needs_all else {}
        for layer, plane in self.plan.seats.items():
            shown = self._slots[layer].shown if self._needs_all else None
            effective = going.get(layer, shown)
            if isinstance(effective, Off):
                state[plane.id] = switched_off(plane)
            elif effective is not None:
                state[plane.id] = self._values(self.plan, layer, effective.picture)
        return state

    def _changes(self, state: dict[int, dict[int, int]]) -> dict[int, dict[int, int]]:
        """Leave out what the kernel knows, but for one value: that makes the event."""
        changes: dict[int, dict[int, int]] = {}
        for number, values in state.items():
            known = self._committed.get(number, {})
            first = next(iter(values))
            changes[number] = {
                prop: value
                for prop, value in values.items()
                if known.get(prop) != value or prop == first
            }
        return changes

    def _values(self, plan: Plan, layer: Layer, picture: Picture) -> dict[int, int]:
        return plane_values(
            plan, layer, self._pipe.crtc, picture, is_turned_over=self.is_turned_over
        )

    def _complete_all(self) -> None:
        self._in_flight_since = None
        for slot in self._slots.values():
            slot.complete(self.later)


def page_format(layer: Layer) -> Fourcc:
    """Return the format of drawn pages: nothing shines through the lowest layer."""
    return Fourcc.XR24 if layer is Layer.BASE else Fourcc.AR24


def ask(card: Card, pipe: Pipe, plan: Plan, pictures: Mapping[Layer, Picture]) -> None:
    """
    Ask the driver whether it would show pictures according to a plan.

    Raises:
        OSError: With its reason why not.

    """
    request = pipe.everything_off()
    for layer, picture in pictures.items():
        plane = plan.seats[layer]
        request[plane.id] = plane_values(
            plan, layer, pipe.crtc, picture, is_turned_over=False
        )
    card.commit(request, Flag.ATOMIC_TEST_ONLY | Flag.ATOMIC_ALLOW_MODESET)
