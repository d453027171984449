"""
Between microphone and encoder: takes out what the loudspeaker put in.

Gives an echo canceller both sides block by block, the loudspeaker's read at
the pace of the microphone's clock.  Cancellers come best first; one that is
not there or fails is told once and the next one takes over, at the end nobody:
then the microphone passes as it is.  A call never fails for its canceller.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kiosk.codec.ducking import talks
from kiosk.errors import DeviceError
from kiosk.media.clock_follower import ClockFollower
from kiosk.media.gain import GainControl
from kiosk.media.reference import Reference
from kiosk.ports import ECHO_BLOCK, SAMPLE_RATE, EchoCanceller, Micros, Period


log = logging.getLogger(__name__)

OFF = "off"

EARLY_US = 10_000
"""The loudspeaker's side is given so much too early: where stamps are a little
wrong, the echo must not come before its cause."""

_BLOCK_BYTES = 2 * ECHO_BLOCK
_BLOCK_US = ECHO_BLOCK * 1_000_000 // SAMPLE_RATE
_RINGS = 50  # blocks: an echo may be half a second late
_LOST_MOST = 50  # blocks; a longer gap is a microphone opened anew

MakeCanceller: TypeAlias = Callable[[], EchoCanceller]


@dataclass(frozen=True, slots=True)
class Choice:
    """
    A canceller that may be used.

    Attributes:
        name: As configuration and status call it.
        make: Makes one; raises DeviceError where it is not to be had.

    """

    name: str
    make: MakeCanceller


class Cancellers:
    """
    The cancellers of a session, best first.

    Args:
        choices: None: the microphone passes as it is.
        gain_control: Whether quiet and loud voices are brought to one level.

    """

    def __init__(
        self, choices: Sequence[Choice] = (), *, gain_control: bool = False
    ) -> None:
        self.gain_control = gain_control
        self._choices = choices
        self._told: set[str] = set()

    def each(self) -> Iterator[tuple[str, EchoCanceller]]:
        """Make one after the other, leaving out what is not to be had."""
        for choice in self._choices:
            try:
                canceller = choice.make()
            except DeviceError as exc:
                self._tell_once(exc)
                continue
            yield choice.name, canceller

    def _tell_once(self, exc: DeviceError) -> None:
        """Say what is missing, at the first call and not at every one."""
        reason = str(exc)
        if reason not in self._told:
            self._told.add(reason)
            log.warning(
                "echo canceller missing", extra={"code": exc.code, "reason": reason}
            )


class EchoPath:
    """
    The echo canceller of one call.

    Args:
        cancellers: Which may be used.
        reference: What the loudspeaker plays.

    """

    def __init__(self, cancellers: Cancellers, reference: Reference) -> None:
        self._usable = cancellers.each()
        self._reference = reference
        self._follower = ClockFollower()
        self._gain = GainControl() if cancellers.gain_control else None
        self._rings = 0  # blocks that the loudspeaker may still be heard in the room
        self._active: tuple[str, EchoCanceller] | None = None
        self._waiting = b""
        self._expected_at: float | None = None

    @property
    def name(self) -> str:
        """Which canceller works now; ``off`` for none."""
        active = self._active
        return OFF if active is None else active[0]

    def open(self) -> None:
        """
        Load the best canceller that is to be had; not on the mic thread.

        The first time takes what importing a library takes.  Until then the
        microphone passes as it is.
        """
        self._active = next(self._usable, None)

    def clean(self, period: Period) -> Period:
        """
        Return the microphone's period without the loudspeaker; on the mic thread.

        Its length may differ by less than a block, and its stamp tells when
        what is in it was captured.
        """
        active = self._active
        if active is None:
            return period
        self._make_up_for_lost(period.captured_at)
        near = self._waiting + period.pcm
        begin = period.captured_at - _us(len(self._waiting))
        self._expected_at = period.captured_at + _us(len(period.pcm))
        whole = len(near) - len(near) % _BLOCK_BYTES
        self._waiting = near[whole:]
        cleaned = [
            self._levelled(near[at : at + _BLOCK_BYTES], begin + _us(at))
            for at in range(0, whole, _BLOCK_BYTES)
        ]
        return Period(b"".join(cleaned), Micros(round(begin - self._delay_us())))

    def close(self) -> None:
        """Give the canceller back; after the mic thread ended, safe to repeat."""
        active, self._active = self._active, None
        if active is not None:
            active[1].close()

    def _make_up_for_lost(self, captured_at: Micros) -> None:
        """
        Tell the canceller of sound that nobody read in time.

        It must have heard the loudspeaker all along: what was played during
        the gap still rings in the room after it.
        """
        if self._expected_at is None:
            return
        lost = round((captured_at - self._expected_at) / _BLOCK_US)
        if 0 < lost <= _LOST_MOST:
            for block in range(lost):
                at = self._expected_at + block * _BLOCK_US
                self._cleaned(bytes(_BLOCK_BYTES), self._far(at))

    def _delay_us(self) -> int:
        return 0 if self._active is None else self._active[1].delay_us

    def _levelled(self, near: bytes, captured_at: float) -> bytes:
        far = self._far(captured_at)
        cleaned = self._cleaned(near, far)
        if self._gain is None:
            return cleaned
        self._rings = _RINGS if talks(far) else max(0, self._rings - 1)
        return self._gain.level(cleaned, far_talks=self._rings > 0)

    def _cleaned(self, near: bytes, far: bytes) -> bytes:
        while (active := self._active) is not None:
            name, canceller = active
            try:
                return canceller.cancel(near, far)
            except DeviceError as exc:
                canceller.close()
                self._active = next(self._usable, None)
                log.warning(
                    "echo canceller failed",
                    extra={
                        "code": exc.code,
                        "reason": str(exc),
                        "was": name,
                        "now": self.name,
                    },
                )
        return near

    def _far(self, captured_at: float) -> bytes:
        """Return what was to be heard meanwhile, on the microphone's clock."""
        place = self._reference.place_of(captured_at + EARLY_US)
        if place is None:
            return bytes(_BLOCK_BYTES)
        reading = self._follower.follow(place, ECHO_BLOCK)
        return self._reference.read(reading.place, ECHO_BLOCK, reading.speed)


def _us(n_bytes: int) -> float:
    return n_bytes * 500_000 / SAMPLE_RATE
