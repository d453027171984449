"""
Whether a microphone that delivers sound hears anything: told apart from a silent room.

A dead one, and one that its mixer muted, give the same sample again and again, zero
mostly; all of it comes in time.  What a microphone hears is never twice the same for
long, for the noise in it: the quietest room moves the last bit.  Nothing is kept of
what was heard but one sample.
"""

from __future__ import annotations

from kiosk.ports import SAMPLE_RATE


class Hearing:
    """
    Judges the periods of one microphone. The thread that reads it; ``wrong`` any.

    Args:
        patience_s: So long of its sound may be one sample before that is told;
            0: for ever.

    Attributes:
        wrong: What is wrong with what it hears, or empty.

    """

    def __init__(self, patience_s: float) -> None:
        self.wrong = ""
        self._patience_s = patience_s
        self._sample = b""
        self._alike = 0

    def hear(self, pcm: bytes) -> None:
        """Take a period into account: signed 16 bit, mono, 48 kHz."""
        sample = pcm[:2]
        n_samples = len(pcm) // 2
        is_alike = pcm == sample * n_samples
        if not is_alike or sample != self._sample:
            self._sample = sample
            self._alike = 0
            self.wrong = ""
        if is_alike:
            self._alike += n_samples
        if self._patience_s and self._alike >= self._patience_s * SAMPLE_RATE:
            self.wrong = f"the same sample for {self._patience_s:g} s: dead, or muted"

    @property
    def varied(self) -> bool:
        """Whether what it heard last was a sound: it hears."""
        return bool(self._sample) and not self._alike
