"""
One lit display: frames of all kinds in the form that its plan wants.

Copies and conversions happen on the caller's thread, without a lock; the sender
(:mod:`kiosk.display.sending`) puts each picture in its turn.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kiosk.codec.dmabuf import MappedFrame
from kiosk.display.card import Card
from kiosk.display.composing import Composing, Pages
from kiosk.display.forms import Form, Forms, one_to_one
from kiosk.display.mailbox import OFF, LayerCounts, Page, Shown
from kiosk.display.outputs import Output
from kiosk.display.pipe import pipe_of
from kiosk.display.plan import Picture, Plan, Rung, can_turn, turn
from kiosk.display.sending import Sender
from kiosk.display.uapi_numbers import Fourcc, Rotation
from kiosk.ports import (
    Clock,
    DmabufFrame,
    Frame,
    Layer,
    Micros,
    PageFrame,
    Rect,
    SoftFrame,
)


log = logging.getLogger(__name__)


class Stage:
    """
    A lit display. Any thread.

    Args:
        card: Its card.
        output: Connector and mode.
        pages: Kept up to date with what is shown, for whoever must draw it again.
        lock: Of the whole display; held by nobody who calls.
        clock: Tells when pictures are on the glass.
        on_lost: Called with the lock held when the card is gone, or not ours.

    Raises:
        OSError: If the card is gone, is not ours, or takes no plan at all.

    """

    def __init__(
        self,
        card: Card,
        output: Output,
        pages: Pages,
        *,
        lock: threading.RLock,
        clock: Clock,
        on_lost: Callable[[OSError], None],
    ) -> None:
        self.output = output
        self._pages = pages
        self._clock = clock
        self._there: dict[Layer, tuple[int, PageFrame, Rect]] = {}
        crtc = output.connector.crtcs[0]
        self.sender = Sender(
            card,
            pipe_of(card, output.connector.id, crtc, output.mode),
            lock=lock,
            clock=clock,
            on_lost=on_lost,
            on_replanned=self.redraw,
        )
        self._forms = {layer: Forms() for layer in Layer}
        self._composing = Composing(self.size, pages)
        log.info(
            "display lit: %s %s, plan %s (%s)",
            output.connector.name,
            output.mode.name,
            self.rung.value,
            self.sender.reasons or "none refused",
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.output.mode.width, self.output.mode.height

    @property
    def rung(self) -> Rung:
        """The plan in use."""
        return self.sender.plan.rung

    def counts(self, layer: Layer) -> LayerCounts:
        """Return what happened on a layer."""
        return self.sender.counts(layer)

    def turn_over(self) -> bool:
        """
        Have what is on every layer turned by 180 degrees, each in its place.

        Returns:
            ``False`` if a plane cannot, or all is drawn into one picture: whoever
            asks then turns what is shown.

        """
        plan = self.sender.plan
        over = turn(is_mirrored=False, is_over=True)
        can = not plan.is_composed_by_cpu and all(
            can_turn(plane, over) for plane in plan.seats.values()
        )
        self.sender.is_turned_over = can
        return can

    def show(self, layer: Layer, frame: Frame, at: Rect) -> Micros | None:
        """
        Put a frame on a layer.

        Returns:
            When it will be on the glass; ``None`` if it never will be.

        Raises:
            DeviceError: If a dma-buf cannot be read.

        """
        if isinstance(frame, PageFrame) and self._is_there(layer, frame, at):
            return self._clock.now()
        plan, ticket = self.sender.begin(layer)
        if isinstance(frame, PageFrame):
            self._pages[layer] = frame, at
        else:
            self._pages.pop(layer, None)
        if plan.is_composed_by_cpu:
            shown_at = self._compose(layer, frame, at)
        elif isinstance(frame, PageFrame):
            page = self._forms[layer].page(plan, frame, at)
            shown_at = self.sender.put(plan, layer, ticket, Page(page, at))
            if shown_at is not None:
                self._there[layer] = ticket, frame, at
        elif isinstance(frame, DmabufFrame):
            shown_at = self._show_dmabuf(plan, layer, ticket, frame, at)
        else:
            shown_at = self._show_video(plan, layer, ticket, frame, at)
        self.sender.call_later()
        return shown_at

    def hide(self, layer: Layer) -> None:
        """Switch a layer off."""
        plan, ticket = self.sender.begin(layer)
        self._pages.pop(layer, None)
        if plan.is_composed_by_cpu:
            self._compose(layer, None, Rect(0, 0, 0, 0))
        else:
            self.sender.put(plan, layer, ticket, OFF)
        self.sender.call_later()

    def on_glass(self) -> list[tuple[Shown, bytes, Rotation]]:
        """Return what the planes fetch, a copy of it, and how they turn it."""
        is_over = self.sender.is_turned_over
        return [
            (
                shown,
                memory,
                turn(is_mirrored=shown.picture.is_mirrored, is_over=is_over),
            )
            for shown, memory in self.sender.on_glass()
        ]

    def redraw(self) -> None:
        """Show again what pages there are."""
        self._there.clear()
        for layer, (page, at) in list(self._pages.items()):
            self.show(layer, page, at)
        self.sender.look()

    def _is_there(self, layer: Layer, page: PageFrame, at: Rect) -> bool:
        """Whether this very page is the newest of a layer: nothing is to be done."""
        there = self._there.get(layer)
        if there is None or there[1] is not page or there[2] != at:
            return False
        return self.sender.is_newest(layer, there[0])

    def _show_video(
        self, plan: Plan, layer: Layer, ticket: int, frame: SoftFrame, at: Rect
    ) -> Micros | None:
        mirrors = self._mirrors(plan, layer)
        form = self._forms[layer].video(plan, frame, at, mirrors=mirrors)
        return self.sender.copy(plan, layer, ticket, form, one_to_one(plan, form, at))

    def _show_dmabuf(
        self, plan: Plan, layer: Layer, ticket: int, frame: DmabufFrame, at: Rect
    ) -> Micros | None:
        lent = self._lent(plan, layer, frame, at)
        if lent is not None:
            return self.sender.put(plan, layer, ticket, lent)
        try:
            with MappedFrame(frame) as soft:
                return self._show_video(plan, layer, ticket, soft, at)
        finally:
            frame.release()

    def _lent(
        self, plan: Plan, layer: Layer, frame: DmabufFrame, at: Rect
    ) -> Shown | None:
        """Return a dma-buf as its plane can fetch it, or ``None`` if it cannot."""
        is_fitting = (frame.width, frame.height) == (at.width, at.height)
        if not (plan.is_scaled_by_hardware or is_fitting):
            return None
        if frame.mirrored and not self._mirrors(plan, layer):
            return None
        plane = plan.seats.get(layer)
        names = {fourcc.name for fourcc in Fourcc if plane and fourcc in plane.formats}
        surface = self.sender.lend(frame) if frame.fourcc in names else None
        if surface is None:
            return None
        picture = Picture(
            surface.framebuffer,
            surface.layout.fourcc,
            frame.width,
            frame.height,
            at,
            is_mirrored=frame.mirrored,
        )
        return Shown(surface, picture, is_video=True)

    def _compose(self, layer: Layer, frame: Frame | None, at: Rect) -> Micros | None:
        """Draw all layers into one picture and show that."""
        with self._composing.lock:
            if frame is None and self._composing.is_empty(layer):
                return None  # as the display shows it already
            plan, ticket = self.sender.begin(Layer.BASE)
            try:
                drawn = self._composing.draw(layer, frame, at)
            finally:
                if isinstance(frame, DmabufFrame):
                    frame.release()
            if isinstance(drawn, Form):
                whole = Rect(0, 0, *self.size)
                return self.sender.copy(plan, Layer.BASE, ticket, drawn, whole)
            return self.sender.put(plan, Layer.BASE, ticket, drawn)

    def _mirrors(self, plan: Plan, layer: Layer) -> bool:
        plane = plan.seats.get(layer)
        wanted = turn(is_mirrored=True, is_over=self.sender.is_turned_over)
        return plane is not None and can_turn(plane, wanted)
