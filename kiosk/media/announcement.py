"""
What is said where no voice is due: a tone or a recording, into the mix of a call.

1. A voice always wins.  One that comes back ends the announcement, and it is not
   taken up again.
2. It begins when no voice was due for a moment: what the playout still holds of a
   stream that broke is heard first, and a gap in a bad one is no place for a tone.
3. A voice that does not stop meanwhile makes it stale: then it is never heard.
4. It is faded in and out like any join.

Said on the event loop, taken on the playout thread.  Knows no time but periods.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from kiosk.media.stretch import FADE, Pcm


QUIET_PERIODS = 20
"""Without a voice before it begins: 200 ms, more than a playout delay."""

PATIENCE_PERIODS = 200
"""With voices before it is forgotten: 2 s."""


class Announcement:
    """The announcement of one mix; the newest takes the place of an older one."""

    def __init__(self) -> None:
        self._asked: deque[bytes] = deque(maxlen=1)
        self._pcm: Pcm = np.zeros(0, np.float32)
        self._at = 0
        self._quiet = 0  # periods since a voice was due last
        self._waited = 0  # periods with a voice since this was asked for

    def say(self, pcm: bytes) -> None:
        """Say signed 16 bit samples, or nothing any more; on the event loop."""
        self._asked.append(pcm)

    def next_period(self, n_samples: int, *, voice_is_due: bool) -> Pcm | None:
        """Return what is to be added to a period; None: nothing."""
        tail = self._taken_up(n_samples)
        self._quiet = 0 if voice_is_due else self._quiet + 1
        if self._at == self._pcm.size:
            return tail
        if voice_is_due and self._at:
            return self._ended(n_samples)
        if self._quiet < QUIET_PERIODS and not self._at:
            self._wait(voice_is_due=voice_is_due)
            return tail
        return _sum(tail, self._pulled(n_samples))

    def _taken_up(self, n_samples: int) -> Pcm | None:
        """Change over to what was asked for last; return the end of what was said."""
        if not self._asked:
            return None
        tail = self._ended(n_samples)
        self._pcm = np.frombuffer(self._asked.popleft(), "<i2").astype(np.float32)
        self._pcm[:FADE] *= _rising(self._pcm[:FADE].size)
        self._waited = 0
        return tail

    def _ended(self, n_samples: int) -> Pcm | None:
        """Forget the rest; return its beginning faded out, if it was heard."""
        rest, was_heard = self._pcm[self._at :], self._at > 0
        self._pcm, self._at = self._pcm[:0], 0
        if not was_heard or not rest.size:
            return None
        out = np.zeros(n_samples, np.float32)
        n = min(FADE, rest.size, n_samples)
        out[:n] = rest[:n] * _rising(n)[::-1]
        return out

    def _wait(self, *, voice_is_due: bool) -> None:
        self._waited += voice_is_due
        if self._waited >= PATIENCE_PERIODS:
            self._pcm, self._at = self._pcm[:0], 0

    def _pulled(self, n_samples: int) -> Pcm:
        out = np.zeros(n_samples, np.float32)
        part = self._pcm[self._at : self._at + n_samples]
        out[: part.size] = part
        self._at += part.size
        return out


def _rising(n_samples: int) -> Pcm:
    return np.arange(n_samples, dtype=np.float32) / np.float32(max(1, n_samples))


def _sum(one: Pcm | None, other: Pcm) -> Pcm:
    return other if one is None else one + other
