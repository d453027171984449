"""
From the button to the first picture of the agent, each time by a fresh daemon.

Seen twice: by the daemon's own timings, and by an outside reader of the
framebuffer that knows when the button was pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.report import SPREAD, Bar, Result, Table, spread
from tests.bench.stage import Reader, Stage, now_us, open_stage
from tests.fakes.programs import Party


STARTS, STARTS_FULL = 8, 50
PRESS_BOUND_MS, ROOM_BOUND_MS = 1000.0, 250.0
_PATIENCE_S = 10.0

STEPS = (
    ("call_pressed_us", "reserved_us", "press to seat reserved"),
    ("reserved_us", "published_us", "seat reserved to published"),
    ("published_us", "entered_us", "published to in the room"),
    ("call_pressed_us", "entered_us", "press to in the room"),
)


@dataclass(frozen=True, slots=True)
class Start:
    """
    One call after a fresh start; times in milliseconds.

    Attributes:
        press, room: Until the first picture, as the daemon says.
        press_seen, room_seen: Until an outside reader saw it.
        ready: From the start of the process to the idle screen.

    """

    ready: float
    press: float
    room: float
    press_seen: float
    room_seen: float
    timings: dict[str, int]


def run(*, full: bool) -> Result:
    starts: list[Start] = []
    with open_stage() as stage:
        stage.start_server()
        agent = stage.start_agent()
        for _ in range(STARTS_FULL if full else STARTS):
            agent.wait_for("WAITING", 15.0)
            starts.append(_one(stage))
    return _result(starts)


def _one(stage: Stage) -> Start:
    began = now_us()
    kiosk = stage.start_kiosk()
    ready = (now_us() - began) / 1000
    try:
        with Reader("first", stage.framebuffer, _PATIENCE_S) as reader:
            pressed = now_us()
            kiosk.press("call")
            seen = reader.result()["seen_us"]
        if seen is None:
            raise AssertionError(f"no picture within {_PATIENCE_S:g} s:\n{kiosk.log}")
        timings = _timings(kiosk)
        kiosk.press("hangup")
        kiosk.wait_for("IDLE")
    finally:
        kiosk.stop()
    both_in = max(timings["entered_us"], timings["peer_known_us"])
    shown = timings["first_picture_us"]
    return Start(
        ready=ready,
        press=(shown - timings["call_pressed_us"]) / 1000,
        room=(shown - both_in) / 1000,
        press_seen=(seen - pressed) / 1000,
        room_seen=(seen - both_in) / 1000,
        timings=timings,
    )


def _timings(kiosk: Party) -> dict[str, int]:
    def complete(status: dict[str, Any]) -> bool:
        return all(status["timings"].values())

    found: dict[str, int] = kiosk.wait_until(complete, "at its first picture")[
        "timings"
    ]
    return found


def _result(starts: Sequence[Start]) -> Result:
    columns = {
        "process start to ready": [start.ready for start in starts],
        "press to first picture (daemon)": [start.press for start in starts],
        "press to first picture (outside)": [start.press_seen for start in starts],
        "both in room to picture (daemon)": [start.room for start in starts],
        "both in room to picture (outside)": [start.room_seen for start in starts],
    }
    steps = {
        name: [(s.timings[to] - s.timings[since]) / 1000 for s in starts]
        for since, to, name in STEPS
    }
    rows = [(name, *spread(values)) for name, values in {**columns, **steps}.items()]
    return Result(
        "first_picture",
        [Table("A call after each fresh start of the daemon, ms", ("", *SPREAD), rows)],
        [
            Bar(
                "press to first picture, max, daemon",
                _worst(starts, "press"),
                PRESS_BOUND_MS,
            ),
            Bar(
                "press to first picture, max, outside",
                _worst(starts, "press_seen"),
                PRESS_BOUND_MS,
            ),
            Bar(
                "both in room to first picture, max, daemon",
                _worst(starts, "room"),
                ROOM_BOUND_MS,
            ),
            Bar(
                "both in room to first picture, max, outside",
                _worst(starts, "room_seen"),
                ROOM_BOUND_MS,
            ),
        ],
        numbers={**columns},
    )


def _worst(starts: Sequence[Start], what: str) -> float | None:
    return max((float(getattr(start, what)) for start in starts), default=None)
