"""
Who of several talks, by how loud they are. Pure.

A mark that jumps with every syllable is worse than none, so:

1. Only what is as loud as speech counts; of several, the loudest by 3 dB.
2. Somebody else has to be that for 0.3 s to get the mark.
3. It goes when nobody was as loud as speech for a second and a half.
"""

from __future__ import annotations

import math
from collections.abc import Mapping


TALKS_DBFS = -45.0
"""Levels below are breath and background."""

LOUDER_DB = 3.0

_RISES, _FALLS = 0.3, 0.12  # a period of 10 ms: about 30 and 80 ms
_TAKES_OVER = 30  # periods
_STAYS = 150
_SILENCE = 1e-12


class Loudest:
    """
    The marked one among the streams of a player. Not thread-safe.

    Attributes:
        user_id: Whose it is; empty while nobody talks.

    """

    def __init__(self) -> None:
        self.user_id = ""
        self._powers: dict[str, float] = {}
        self._rival = ""
        self._rival_for = 0
        self._quiet_for = 0

    def hear(self, powers: Mapping[str, float]) -> bool:
        """
        Take in a period; return whether the mark moved.

        Args:
            powers: Mean square of each one's samples, full scale being 1; who is
                not named plays nothing.

        """
        self._smooth(powers)
        before = self.user_id
        talking = self._talking()
        self._quiet_for = 0 if talking else self._quiet_for + 1
        if before and (before not in self._powers or self._quiet_for >= _STAYS):
            self.user_id = ""
        if talking and talking != self.user_id:
            self._challenge(talking)
        else:
            self._rival_for = 0
        return self.user_id != before

    def _smooth(self, powers: Mapping[str, float]) -> None:
        smoothed: dict[str, float] = {}
        for user_id, power in powers.items():
            old = self._powers.get(user_id, 0.0)
            share = _RISES if power > old else _FALLS
            smoothed[user_id] = old + share * (power - old)
        self._powers = smoothed

    def _talking(self) -> str:
        """Return who is loudest now; the marked one where it is close."""
        loudest = max(self._powers, key=self._level, default="")
        if not loudest or self._level(loudest) < TALKS_DBFS:
            return ""
        marked = self._level(self.user_id)
        return loudest if self._level(loudest) > marked + LOUDER_DB else self.user_id

    def _level(self, user_id: str) -> float:
        return 10 * math.log10(self._powers.get(user_id, 0.0) + _SILENCE)

    def _challenge(self, rival: str) -> None:
        self._rival_for = self._rival_for + 1 if rival == self._rival else 1
        self._rival = rival
        if self._rival_for >= _TAKES_OVER:
            self.user_id = rival
            self._rival_for = 0
