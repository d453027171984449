"""How old pictures were when they came out of a decoder."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


WARM_UP_S = 2.0


@dataclass(slots=True)
class Ages:
    """
    Ages in milliseconds, without those of the first two seconds.

    Attributes:
        series: Of every picture, when it was painted (monotonic seconds) and
            its age; the first two seconds included.
        first_s: From the beginning to the first picture.
        unreadable: Pictures whose clock could not be read.
        sounds: Packets of sound seen.

    """

    began: float = field(default_factory=time.monotonic)
    ages_ms: list[float] = field(default_factory=list)
    series: list[tuple[float, float]] = field(default_factory=list)
    first_s: float | None = None
    unreadable: int = 0
    sounds: int = 0

    def add(self, now_us: int, painted_us: int | None) -> None:
        """Count a picture that came out at ``now_us``."""
        elapsed = now_us / 1e6 - self.began
        if self.first_s is None:
            self.first_s = elapsed
        if painted_us is None:
            self.unreadable += 1
            return
        age_ms = (now_us - painted_us) / 1000
        self.series.append((painted_us / 1e6, age_ms))
        if elapsed - self.first_s > WARM_UP_S:
            self.ages_ms.append(age_ms)
