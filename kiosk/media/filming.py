"""
The camera of one pusher, picture by picture: passed on, or a card in its place.

1. Pictures come on the camera's thread and go straight into the queue.
2. The mic thread, which always runs, notices that none come.  First a card is sent in
   their place, then the camera counts as lost, which is told once and ends no call.
3. A camera that sees nothing (:mod:`kiosk.media.sight`) is told like one that is lost;
   its pictures are sent all the same.
4. A camera that is back is seen at once, with its next IDR: what it coded before that
   builds on pictures that nobody was sent.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kiosk.codec.live_encoder import LEAST_RATE
from kiosk.errors import MediaError
from kiosk.media.capture_deadlines import CaptureDeadlines
from kiosk.media.outgoing import Outgoing
from kiosk.media.self_view import SelfView
from kiosk.media.sight import Sight
from kiosk.media.still_card import StillCard
from kiosk.ports import (
    AccessUnit,
    Bitrate,
    Camera,
    CaptureBack,
    CaptureLost,
    Clock,
    DmabufFrame,
    MediaFact,
    Micros,
    SoftFrame,
)


log = logging.getLogger(__name__)


class Filming:
    """
    One camera on its way into the queue.

    Args:
        self_view: Shows small pictures of the camera, or None.
        post: Told when the camera is lost, and when it is back.

    """

    def __init__(
        self,
        camera: Camera,
        outgoing: Outgoing,
        clock: Clock,
        *,
        self_view: SelfView | None,
        post: Callable[[MediaFact], None],
        deadlines: CaptureDeadlines,
    ) -> None:
        self._camera = camera
        self._outgoing = outgoing
        self._clock = clock
        self._self_view = self_view
        self._post = post
        self._deadlines = deadlines
        self._lock = threading.Lock()
        self._sight = Sight(deadlines.away_s)
        self._picture_at = self._unit_at = Micros(0)
        self._is_watched = False
        self._was_open = False
        self._is_lost = False
        self._needs_idr = False
        self._card: StillCard | None = None
        self._has_no_card = False
        self._least_us = 0.0

    # -- what the sender asks for, on its thread -----------------------------------

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the coded picture in pixels."""
        return self._camera.picture_size

    def request_idr(self) -> None:
        """Make the next picture an IDR, whoever makes it."""
        self._camera.request_idr()
        card = self._card
        if card is not None:
            card.request_idr()

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate; a card is below any."""
        self._camera.set_bitrate(bitrate)

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """Send at most so many pictures."""
        self._camera.set_picture_rate(pictures_per_second)
        self._least_us = 1_000_000 / max(LEAST_RATE, pictures_per_second)

    # -- on the camera's thread ----------------------------------------------------

    def start(self) -> None:
        """
        Open the camera; blocks.

        Raises:
            DeviceError: It cannot be opened.

        """
        self._sight = Sight(self._deadlines.away_s)
        self._camera.start(self._take_picture, self._see)

    def _take_picture(self, unit: AccessUnit) -> None:
        with self._lock:
            self._picture_at = self._unit_at = self._clock.now()
            is_usable = unit.is_idr or not self._needs_idr
            if is_usable:
                self._needs_idr = False
                self._outgoing.put_picture(unit)
        if not is_usable:
            self._camera.request_idr()

    def _see(self, picture: SoftFrame | DmabufFrame) -> None:
        """Note that the camera sees, also while rate control lets nothing be coded."""
        self._picture_at = self._clock.now()
        self._sight.look(picture, self._picture_at)
        if self._self_view is not None:
            self._self_view.show(picture)
        elif isinstance(picture, DmabufFrame):
            picture.release()  # a camera that gets none back takes no more

    # -- watched over, on the mic thread ---------------------------------------------

    def watch(self) -> None:
        """From here on there are pictures: it had its own time to begin."""
        self._picture_at = self._unit_at = self._clock.now()
        self._was_open = self._camera.is_open  # it may be gone at the first look
        self._is_watched = True

    def tend(self) -> None:
        """Look whether pictures come; send the card, tell what changed."""
        if not self._is_watched:
            return
        limits = self._deadlines
        uncoded_s = limits.away_s + 1 / LEAST_RATE
        has_closed = self._has_closed_by_itself()
        if has_closed or self._is_silent_since(self._picture_at, limits.silent_s):
            self.hide_self_view()
        is_uncoded = self._is_silent_since(self._unit_at, uncoded_s)
        if is_uncoded or self._is_silent_since(self._picture_at, limits.card_s):
            self._send_card()
        else:
            self._card = None
        if self._is_silent_since(self._picture_at, limits.away_s):
            why = "unplugged or failed" if has_closed else "no picture"
            self._lose(f"{why} for {limits.away_s} s")
        elif is_uncoded:
            self._lose(f"no coded picture for {uncoded_s} s")
        elif blind := self._sight.wrong:
            self._lose(blind)
        elif self._is_lost and self._card is None:
            self._is_lost = False
            self._post(CaptureBack("camera"))

    def end(self) -> None:
        """Watch no more: the owner closes it."""
        self._is_watched = False

    def hide_self_view(self) -> None:
        """Take oneself off the display; any thread."""
        if self._self_view is not None:
            self._self_view.hide()

    def _send_card(self) -> None:
        now = self._clock.now()
        try:
            if self._card is None and not self._has_no_card:
                self._card = StillCard(self._camera.picture_size)
            units = self._card.due(now, self._least_us) if self._card else ()
        except MediaError as error:
            log.warning("no card in place of the camera", extra={"reason": str(error)})
            self._card, self._has_no_card = None, True
            return
        with self._lock:
            if self._unit_at > now:
                return  # it came back while the card was coded
            for unit in units:
                self._needs_idr = True
                self._outgoing.put_picture(unit)

    def _has_closed_by_itself(self) -> bool:
        """Say whether the camera was open, and is not, and nobody closed it."""
        if self._camera.is_open:
            self._was_open = True
            return False
        # asked in this order: whoever closes it ends the watch first
        return self._was_open and self._is_watched

    def _is_silent_since(self, at: Micros, seconds: float) -> bool:
        return self._clock.now() - at > seconds * 1_000_000

    def _lose(self, reason: str) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._post(CaptureLost("camera", reason))
