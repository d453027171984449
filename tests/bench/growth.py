"""How much each of many calls adds to a process, by least squares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


LEAST = 4
"""Fewer points say nothing of how sure the slope is."""
_MB = 1024.0

Points = Sequence[tuple[float, float]]
"""Calls made, and MB after them."""


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth in kB a call: the estimate and its 95 % interval."""

    estimate: float
    lower: float
    upper: float


def slope(*processes: Points) -> Slope | None:
    """
    Return what each call adds, in kB; ``None`` where too little was measured.

    Each process began at a size of its own: one slope for all, a height for each.
    """
    measured = [points for points in processes if points]
    centred = [point for points in measured for point in _centred(points)]
    freedom = len(centred) - len(measured) - 1
    spread = sum(x * x for x, _ in centred)
    if len(centred) < LEAST or freedom < 1 or not spread:
        return None
    rise = sum(x * y for x, y in centred) / spread
    residuals = sum((y - rise * x) ** 2 for x, y in centred)
    margin = _t_95(freedom) * math.sqrt(residuals / freedom / spread)
    return Slope(rise * _MB, (rise - margin) * _MB, (rise + margin) * _MB)


def _centred(points: Points) -> list[tuple[float, float]]:
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return [(x - mean_x, y - mean_y) for x, y in points]


def _t_95(freedom: int) -> float:
    """Return Student's t for 95 %, two-sided (Cornish-Fisher; 1 % at 3 degrees)."""
    z = 1.959964
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    )
