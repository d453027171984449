"""
A camera's thread: deliver what comes, notice what is wrong, open it again.

1. A camera that is unplugged says so at once.  One that falls silent is found by the age
   of its last good picture, and so is one whose pictures are all damaged.  The first
   picture of each opening may take longer.
2. It is opened again, in the same way of coding, until it delivers or is closed; whatever
   it was fed to goes on.
3. What cannot go on, an encoder that failed, ends the thread.
4. A fault of this program, here or in whoever listens, goes to the log and is taken for
   a camera that was lost: one that nobody serves must not stay open.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from kiosk.codec.shutter import Shutter
from kiosk.errors import DeviceError, MediaError
from kiosk.ports import Clock, Micros
from kiosk.v4l2.node import is_gone
from kiosk.v4l2.opening import OpenCamera
from kiosk.v4l2.passages import DamagedPicture, Passage
from kiosk.v4l2.stream import Captured


WAKE_S: Final = 3.5
"""A webcam takes one or two from sleep to its first picture, which may be damaged; less
than who starts it waits, to whom the trouble is told."""
STALL_S: Final = 1.5
"""Pictures older than this mean that no more will come."""
LOOK_AGAIN_S: Final = 0.5
"""Between looks for a camera that is away."""
_WAIT_S: Final = 0.25
_PAUSE_S: Final = 0.01
_REPORT_US: Final = 1_000_000

log = logging.getLogger(__name__)


class RunningCamera:
    """
    One object a ``start``; :meth:`run` is the body of its thread.

    Args:
        opened: The camera; closed by the thread.
        passage: Takes its pictures.
        open_again: Opens it anew, or raises DeviceError.
        clock: CLOCK_MONOTONIC.
        shutter: Asks for stills.

    Attributes:
        came: Set by the first good picture.
        closing: Set by who wants the thread to end.
        trouble: Why the camera was lost last, or empty.

    """

    def __init__(
        self,
        opened: OpenCamera,
        passage: Passage,
        open_again: Callable[[], OpenCamera],
        clock: Clock,
        shutter: Shutter,
    ) -> None:
        self.came = threading.Event()
        self.closing = threading.Event()
        self.trouble = ""
        self._opened: OpenCamera | None = opened
        self._passage = passage
        self._open_again = open_again
        self._clock = clock
        self._shutter = shutter
        self._still_after: Micros | None = None

    @property
    def is_streaming(self) -> bool:
        """Whether the camera is open right now; any thread."""
        return self._opened is not None

    def run(self) -> None:
        """Deliver until closed."""
        opened = self._opened
        assert opened is not None
        log.info("camera %s opened: %s", opened.camera.card, opened.granted.mode.name)
        while opened is not None:
            self.trouble = self._deliver(opened)
            opened.close()
            self._opened = None  # last: whoever looks is rather told too long
            if self.closing.is_set() or not self.trouble:
                return
            log.warning("camera %s lost: %s", opened.camera.card, self.trouble)
            opened = self._opened = self._found_again()

    def _found_again(self) -> OpenCamera | None:
        """Look for the camera until it is there; None when closed meanwhile."""
        lost_at, told = self._clock.now(), ""
        while not self.closing.wait(LOOK_AGAIN_S):
            try:
                opened = self._opened_again()
            except DeviceError as error:
                if str(error) != told:
                    told = str(error)
                    log.warning("camera cannot be opened again yet: %s", told)
                continue
            except Exception:
                log.exception("camera", extra={"code": "D002"})
                continue
            away_s = (self._clock.now() - lost_at) / 1_000_000
            log.warning("camera opened again after %.1f s", away_s)
            return opened
        return None

    def _opened_again(self) -> OpenCamera:
        opened = self._open_again()
        try:
            self._passage.follow(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def _deliver(self, opened: OpenCamera) -> str:
        """Return why no more pictures come; empty if it was closed or cannot go on."""
        good_at, patience_s = self._clock.now(), WAKE_S
        damages = _Damages(opened, good_at)
        while not self.closing.is_set():
            try:
                if self._pass_on(opened):
                    good_at, patience_s = self._clock.now(), STALL_S
                    self.came.set()
            except DamagedPicture:
                opened.stream.counts.damaged += 1
            except OSError as error:
                return "unplugged" if is_gone(error) else f"failed: {error.strerror}"
            except DeviceError as error:
                return str(error)
            except MediaError as error:
                log.error("camera stopped: %s", error)  # noqa: TRY400 - one line is enough
                return ""
            except Exception as error:
                log.exception("camera", extra={"code": "D002"})
                return f"{type(error).__name__}: {error}"
            now = self._clock.now()
            damages.report(now)
            if now - good_at > patience_s * 1_000_000:
                came = "only damaged pictures" if damages.seen else "no picture"
                return f"{came} for {patience_s:g} s"
        return ""

    def _pass_on(self, opened: OpenCamera) -> bool:
        if not opened.stream.wait(_WAIT_S):
            return False
        captured = opened.stream.take()
        if captured is None:
            self.closing.wait(_PAUSE_S)  # a device that always has news, and none
            return False
        if not self._passage.offer(captured):
            return False
        self._take_still(captured)
        opened.stream.give_back()
        return True

    def _take_still(self, captured: Captured) -> None:
        """Take a still if one is wanted, of a picture taken after it was."""
        if not self._shutter.is_pressed:
            self._still_after = None
        elif self._still_after is None:
            self._still_after = self._clock.now()
        elif captured.captured_at >= self._still_after:
            still = self._passage.still(captured)
            if still is not None:
                self._shutter.take(lambda: still)


class _Damages:
    """Tells the log of damaged pictures, once a second at most."""

    def __init__(self, opened: OpenCamera, now: Micros) -> None:
        self._counts = opened.stream.counts
        self._told = 0
        self._told_at = now

    @property
    def seen(self) -> int:
        """How many there were."""
        return self._counts.damaged

    def report(self, now: Micros) -> None:
        """Say how many came since."""
        n_new = self._counts.damaged - self._told
        if n_new and now - self._told_at > _REPORT_US:
            self._told, self._told_at = self._counts.damaged, now
            log.warning("camera delivered %d damaged pictures", n_new)
