"""
What a customer noticed of a fault: the class that was seen, and how long it took.

Pure: reads a record.  The classes are those of the fault model (``catalogue.toml``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.call.states import CALL_STATES, DEVICES_OPEN, State
from tests.faults.supervising import Record, Sample


BOUNDS_S: Final[Mapping[str, float]] = {
    "A": 0.3,
    "B": 2.0,
    "C": 10.0,
    "D": 5.0,
    "E": 15.0,
    "F": 8.0,
    "G": 60.0,
    "H": 15.0,
}
"""How long it may take until the kiosk serves again."""
BACK_S: Final = 5.0
"""Until a process that died in a call is back in it."""
SEAT_S: Final = 20.0
"""So long its seat is held, from what was heard of it last."""
_HOLDS: Final = frozenset({State.RECONNECTING, State.GRACE})
_SEEN: Final = frozenset({State.IN_CALL, *_HOLDS})
_REST: Final = frozenset({State.IDLE, State.ENDED})


@dataclass(frozen=True, slots=True)
class Noticed:
    """
    Attributes:
        kind: The class.
        recovered_s: From when its cause was gone, or the call had ended, until the
            kiosk served again.

    """

    kind: str
    recovered_s: float


def noticed(
    record: Record,
    began_in: str,
    began: float,
    gone: float,
    well: float,
    *,
    patience: float = 1.0,
) -> Noticed:
    """
    Return what was noticed.

    Args:
        record: Of the run.
        began_in: The state in which the fault began.
        began: When.
        gone: When its cause was gone.
        well: When the kiosk served again.
        patience: Stretches the time after which a still picture is more than that.

    """
    samples = [one for one in record.samples if began <= one.at and one.status]
    if record.ends:
        return Noticed("F", well - max(gone, record.ends[-1][0]))
    start = State[began_in.upper()]
    out_s = max(0.0, well - gone)
    is_out = any(one.state == "OUT_OF_SERVICE" for one in samples)
    if start in CALL_STATES and (spells := list(_ends(samples, start))):
        # out of service after that while it lasts is the truth, and has its own bound
        return Noticed("E" if is_out and out_s > BOUNDS_S["E"] else "D", max(spells))
    if is_out:
        return Noticed("E", out_s)
    if start in _SEEN and any(State[one.state] in _HOLDS for one in samples):
        took = max(0.0, well - gone)
        return Noticed("B" if took <= BOUNDS_S["B"] * patience else "C", took)
    return Noticed("A", 0.0)


def resumed_s(record: Record) -> float | None:
    """
    Return how long after the end of its process a kiosk was in that call again.

    Back in the call is: in the same room, with a picture of the other on its screen.
    None where it never was.
    """
    if not record.ends:
        return None
    died, room = record.ends[-1][0], _room_of(_last_in_call(record))
    for sample in record.samples:
        if sample.at > died and room and _room_of(sample) == room:
            return sample.at - died
    return None


def has_to_resume(record: Record, patience: float = 1.0) -> bool:
    """Say whether the seat is still held when a process that died has to be back."""
    last = _last_in_call(record)
    return (
        last is not None
        and bool(record.ends)
        and record.ends[-1][0] + BACK_S * patience - last.at <= SEAT_S
    )


def _last_in_call(record: Record) -> Sample | None:
    died = record.ends[-1][0] if record.ends else 0.0
    seen = (one for one in record.samples if one.at <= died and _room_of(one))
    return max(seen, key=lambda one: one.at, default=None)


def _room_of(sample: Sample | None) -> str:
    """Return the room in which somebody is seen, if anybody is."""
    if sample is None or sample.status is None or sample.state != State.IN_CALL.name:
        return ""
    is_seen = any(one["pictures_shown"] for one in sample.status["play"])
    return str(sample.status["room_id"]) if is_seen else ""


def allows(classes: Sequence[str], seen: str) -> bool:
    """
    Return whether a row may cost that much: A, B and C differ by degree.

    Ending a call is no lesser evil than a notice, nor a restart than an excuse; but
    where a row lets the kiosk be out of service, nothing may be noticed as well.
    """
    if seen in classes or seen == "A":
        return True
    degrees = "ABC"
    worst = max((degrees.find(one) for one in classes), default=-1)
    if seen in degrees:
        return degrees.find(seen) <= worst or bool(set(classes) & set("DEFG"))
    return seen == "E" and "H" in classes


def _ends(samples: Sequence[Sample], began_in: State) -> Iterator[float]:
    """Yield how long after each end of a call its devices were closed."""
    ended: float | None = None
    before = began_in
    for sample in samples:
        state = State[sample.state]
        if state in _REST and before in CALL_STATES:
            ended = sample.at
        if ended is not None and state not in DEVICES_OPEN:
            devices = (sample.status or {})["devices"]
            if not devices["camera_open"]:
                yield sample.at - ended
                ended = None
        before = state
