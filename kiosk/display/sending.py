"""
From any thread onto the planes of one lit display; what the driver refuses is coped with.

The lock is held for bookkeeping and ioctls, which take microseconds, and not while a
picture is copied: whoever began a newer picture of a layer wins.  Flips are read by the
event loop (:mod:`kiosk.display.drm`), and by whoever shows something: a loop that is busy
makes no picture late.
"""

from __future__ import annotations

import errno
import logging
import select
import threading
import time
from collections.abc import Callable
from typing import Final

from kiosk.display.buffers import VIDEO_BUFFERS, Buffer
from kiosk.display.card import Card
from kiosk.display.forms import Form
from kiosk.display.imports import Imports, Lent
from kiosk.display.ladder import (
    Ladder,
    is_refusal,
    pictures_of,
    samples_of,
    usual_samples,
)
from kiosk.display.layouts import Layout
from kiosk.display.mailbox import LayerCounts, News, Shown, free
from kiosk.display.pipe import Pipe
from kiosk.display.plan import Plan, hvs_load
from kiosk.display.present import Presenter
from kiosk.errors import DeviceError
from kiosk.ports import Clock, DmabufFrame, Layer, Micros, Rect


SETTLE_S: Final = 0.25
"""A display that shows nothing new for so long will not for longer."""
_LOOK_S = 0.005

_NO_FLIP: Final = "display: no page flip for a second; set up anew"
_TOLD: Final = {"code": DeviceError.code}

log = logging.getLogger(__name__)


class Sender:
    """
    Sends pictures to the planes of a lit display.

    Args:
        card: Its card.
        pipe: What lights it.
        lock: Of the whole display; held by nobody who calls.
        clock: Tells when pictures are on the glass.
        on_lost: Called with the lock held when the card is gone, or not ours.
        on_replanned: Called without it: all pages must come again.

    Attributes:
        is_newest: Says whether no picture of a layer was begun after a number's.

    Raises:
        OSError: If the card is gone, is not ours, or takes no plan at all.

    """

    def __init__(
        self,
        card: Card,
        pipe: Pipe,
        *,
        lock: threading.RLock,
        clock: Clock,
        on_lost: Callable[[OSError], None],
        on_replanned: Callable[[], None],
    ) -> None:
        self._card = card
        self._lock = lock
        self._clock = clock
        self._on_lost = on_lost
        self._on_replanned = on_replanned
        self._refresh_hz = pipe.mode.refresh_hz
        self._ladder = Ladder(card, pipe)
        plan = self._ladder.first(usual_samples((pipe.mode.width, pipe.mode.height)))
        if plan is None:
            raise OSError(errno.EINVAL, f"every plan is refused: {self.reasons}")
        self._presenter = Presenter(card, pipe, plan)
        self.is_newest = self._presenter.is_newest
        self._imports = Imports(card)
        self._is_closed = self.is_hung = False
        self._has_complained = False
        self._stale: tuple[int, ...] = ()

    @property
    def plan(self) -> Plan:
        """The plan in use."""
        return self._presenter.plan

    @property
    def reasons(self) -> str:
        """Why the other plans are not used."""
        refused = self._ladder.refused.items()
        return "; ".join(f"{rung.value}: {reason}" for rung, reason in refused)

    @property
    def is_turned_over(self) -> bool:
        """Whether all that is shown is turned by 180 degrees."""
        return self._presenter.is_turned_over

    @is_turned_over.setter
    def is_turned_over(self, turned: bool) -> None:
        self._presenter.is_turned_over = turned

    def counts(self, layer: Layer) -> LayerCounts:
        """Return what happened on a layer."""
        return self._presenter.counts(layer)

    def replace_stale(self, framebuffers: tuple[int, ...]) -> None:
        """Remove a predecessor's framebuffers once ours are on the display."""
        self._stale = framebuffers

    def begin(self, layer: Layer) -> tuple[Plan, int]:
        """Return the plan for a new picture, and its number among those of a layer."""
        with self._lock:
            self._drain()
            return self._presenter.plan, self._presenter.ticket(layer)

    def copy(
        self, plan: Plan, layer: Layer, ticket: int, form: Form, at: Rect
    ) -> Micros | None:
        """
        Copy a picture where the display can fetch it, and show it when it can.

        Returns:
            When it will be on the glass; ``None`` if it never will be.

        """
        with self._lock:
            if self._is_closed or self._presenter.plan is not plan:
                return None
            buffer = self._taken(layer, form.layout)
        if buffer is None:
            return None
        buffer.put(form.planes, form.pitches)
        picture = form.picture(buffer.framebuffer, at)
        return self.put(plan, layer, ticket, Shown(buffer, picture, is_video=True))

    def lend(self, frame: DmabufFrame) -> Lent | None:
        """
        Return a dma-buf as a surface; ``None`` if the driver does not take it.

        Whatever it says: virtio-gpu answers ENODEV to every dma-buf of others
        (``virtgpu_prime.c``), and a producer may have closed its own.  A card that is
        gone is noticed by the next commit.
        """
        with self._lock:
            if self._is_closed:
                return None
            try:
                return self._imports.lend(frame)
            except OSError as error:
                self._complain_once(error)
                return None

    def put(self, plan: Plan, layer: Layer, ticket: int, news: News) -> Micros | None:
        """Show news when the display can; returns as :meth:`copy` does."""
        with self._lock:
            presenter = self._presenter
            if self._is_closed or presenter.plan is not plan:
                free(news, presenter.later)
                return None
            if not presenter.put(layer, ticket, news):
                return None
            shown_at = presenter.glass_at(layer, self._clock.now())
            self._push()
            return Micros(shown_at)

    def look(self) -> None:
        """Read the flips that are complete, send what waits, note what is overdue."""
        with self._lock:
            self._drain()
            self.is_hung = self._presenter.is_hung(now := self._clock.now())
            if not self._is_closed and self._presenter.is_overdue(now):
                log.error(_NO_FLIP, extra=_TOLD)
                self._presenter.start_over()
            self._push()
        self.call_later()

    def start_over(self) -> None:
        """Set everything anew, as after somebody else had the display."""
        with self._lock:
            self._presenter.start_over()
            self._push()
        self.call_later()

    def on_glass(self) -> list[tuple[Shown, bytes]]:
        """Return what is on the display with its memory; waits until it settled."""
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            self.look()
            with self._lock:
                if self._is_closed or not self._presenter.is_in_flight:
                    break
                fd = self._card.kernel.fileno()
            select.select([fd], [], [], _LOOK_S)
        with self._lock:
            if self._is_closed:
                return []
            glass = self._presenter.on_glass()
            return [(shown, shown.surface.read()) for _, shown in glass]

    def close(self, *, stay_lit: bool) -> None:
        """Show nothing more; dark unless it is to stay as it is."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            log.info("display left: %s", self._figures())
            if not stay_lit:
                self._presenter.go_dark()
                self._imports.close()
        self.call_later()

    def call_later(self) -> None:
        """Call what must not be called with the lock held."""
        with self._lock:
            later, self._presenter.later = self._presenter.later, []
        for call in later:
            call()

    def _taken(self, layer: Layer, layout: Layout) -> Buffer | None:
        pool = self._presenter.pool(layer)
        try:
            buffer = pool.take(layout, VIDEO_BUFFERS)
            if buffer is None:  # all are in use: what waits is old by now
                self._presenter.take_back(layer)
                buffer = pool.take(layout, VIDEO_BUFFERS)
        except OSError as error:
            self._complain(error)
            return None
        return buffer

    def _drain(self) -> None:
        """Read flips; the lock is held."""
        try:
            if self._is_closed or not self._presenter.complete_flips():
                return
        except OSError as error:
            self._cope(error)
            return
        if self._presenter.has_flipped:
            for framebuffer in self._stale:
                self._card.drop_framebuffer(framebuffer)
            self._stale = ()
        self._push()

    def _push(self) -> None:
        """Send what waits, unless a flip is waited for; the lock is held."""
        if self._is_closed:
            return
        try:
            self._presenter.commit(self._clock.now())
        except OSError as error:
            self._cope(error)

    def _cope(self, error: OSError) -> None:
        if error.errno == errno.EBUSY:
            return  # a predecessor's flip: its event comes, or the next look
        if not (is_refusal(error) and self._replan(error)):
            self._on_lost(error)

    def _replan(self, error: OSError) -> bool:
        """Go down the ladder; returns whether there was a step left."""
        presenter = self._presenter
        before = presenter.plan.rung.value
        load = hvs_load(pictures_of(presenter.newest()), self._refresh_hz) / 1e6
        self._ladder.refuse(presenter.plan, error)
        try:
            plan = self._ladder.first(samples_of(presenter.newest()))
        except OSError as lost:
            self._on_lost(lost)
            return True
        if plan is None:
            return False
        log.warning(
            "display plan %s was refused at a load of %.0f MHz, now %s (%s)",
            before,
            load,
            plan.rung.value,
            self.reasons,
        )
        presenter.switch(plan)
        presenter.later.append(self._on_replanned)
        self._push()
        return True

    def _figures(self) -> str:
        counts = {layer: self._presenter.counts(layer) for layer in Layer}
        return ", ".join(
            f"{layer.value} {count.shown} shown, {count.dropped} dropped"
            for layer, count in counts.items()
            if count.shown or count.dropped
        )

    def _complain(self, error: OSError) -> None:
        """Say once that pictures are not taken; or that nothing is any more."""
        if is_refusal(error):
            self._complain_once(error)
        else:
            self._on_lost(error)

    def _complain_once(self, error: OSError) -> None:
        if not self._has_complained:
            self._has_complained = True
            log.error("display: a picture was not taken: %s", error, extra=_TOLD)
