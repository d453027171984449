"""
By how much a stream comes later than it could: what is held up on its way.

On a path that carries less than the stream, kernels and relays keep seconds of it,
and all of it arrives in the end: old pictures that look like those of now.  Whoever
keeps them is not told to be trusted, so the receiver judges by itself, whatever the
relay is.  A unit whose way took longer than the quickest one by so much is so old.

Other than :mod:`kiosk.media.lateness`, which asks how unevenly packets come and soon
forgets which way was quick, this must not get used to being late.  Pure.

1. The sender's clock need not run as ours does, nor count its pictures well: up to
   2 % of the time since, the quickest way may have become longer by itself.
2. Time that stands still or goes back is another timeline, or none: begin anew.
"""

from __future__ import annotations

from typing import Final

from kiosk.ports import Micros


_DRIFT: Final = 50  # a fiftieth


class Backlog:
    """Of the pictures, or the sound, of one connection; asked on any thread."""

    def __init__(self) -> None:
        self._quickest: tuple[int, Micros] | None = None
        self._newest_us: int | None = None

    def note(self, sent_us: int, now: Micros) -> int:
        """Take in a unit; return how late it came."""
        if self._newest_us is not None and sent_us <= self._newest_us:
            self._quickest = None
        self._newest_us = sent_us
        late_us = self.late_us(sent_us, now)
        if late_us <= 0:
            self._quickest = now - sent_us, now
        return max(0, late_us)

    def late_us(self, sent_us: int, now: Micros) -> int:
        """Return by how much a unit that came now is later than the quickest one."""
        quickest = self._quickest
        if quickest is None:
            return 0
        way_us, at = quickest
        return now - sent_us - way_us - max(0, now - at) // _DRIFT

    def restart(self) -> None:
        """Forget all: another connection."""
        self._quickest = self._newest_us = None
