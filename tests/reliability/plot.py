"""
Recovery times by class as a picture (SVG), from the runs in ``faults-out/runs.jsonl``.

One dot a run, time on a logarithmic axis, the class's bound as a line: what lies
right of its line took longer than was promised.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape


Line = Mapping[str, Any]

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 760, 150, 20, 34, 30
_LEAST_S, _MOST_S = 0.01, 100.0
_TICKS = (0.01, 0.1, 1, 10, 100)
_NAMES = {
    "A": "A nobody notices",
    "B": "B a still picture",
    "C": "C reconnecting",
    "D": "D ended politely",
    "E": "E out of service",
    "F": "F restart",
    "G": "G reboot",
    "H": "H until a visit",
}


def read_runs(file: Path) -> list[Line]:
    """Return the runs of the last campaign; none where there was none."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line]


def draw(runs: Iterable[Line], bounds_s: Mapping[str, float]) -> str:
    """Return the picture of all runs that recovered."""
    taken: dict[str, list[tuple[float, str]]] = {}
    for run in runs:
        if run["class"] in _NAMES and run["recovered_ms"] is not None:
            name = f"{run['id']} {run['state']}"
            taken.setdefault(run["class"], []).append(
                (run["recovered_ms"] / 1000, name)
            )
    height = _TOP + _ROW * len(taken) + 30
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            'font-family="sans-serif" font-size="13" fill="#222">'
        ),
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="20">seconds from the fault to a kiosk that serves again</text>',
    ]
    bottom = _TOP + _ROW * len(taken)
    for tick in _TICKS:
        x = _x(tick)
        parts.append(f'<path d="M{x} {_TOP}V{bottom}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
        )
    for number, (kind, times) in enumerate(sorted(taken.items())):
        parts += _row(_TOP + _ROW * number + _ROW / 2, kind, times, bounds_s.get(kind))
    return "\n".join([*parts, "</svg>", ""])


def _row(
    y: float, kind: str, times: list[tuple[float, str]], bound_s: float | None
) -> list[str]:
    made = [f'<text x="8" y="{y + 4}">{_NAMES[kind]} ({len(times)})</text>']
    if bound_s is not None:
        x = _x(bound_s)
        made.append(
            f'<path d="M{x} {y - 12}V{y + 12}" stroke="#c33" stroke-width="2"/>'
        )
    for number, (seconds, name) in enumerate(sorted(times)):
        late = bound_s is not None and seconds > bound_s
        shift = (number % 5 - 2) * 3  # dots of equal times side by side
        made.append(
            f'<circle cx="{_x(seconds)}" cy="{y + shift}" r="3" fill-opacity="0.6" '
            f'fill="{"#c33" if late else "#267"}"><title>{escape(name)}: {seconds:.2f} s'
            "</title></circle>"
        )
    return made


def _x(seconds: float) -> float:
    inside = min(max(seconds, _LEAST_S), _MOST_S)
    share = math.log10(inside / _LEAST_S) / math.log10(_MOST_S / _LEAST_S)
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)
