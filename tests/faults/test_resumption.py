"""Whether a kiosk whose process died is back in its call, and after how long."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.figures import figures_of
from tests.faults.noticing import BACK_S, SEAT_S, has_to_resume, resumed_s
from tests.faults.supervising import Record, Sample


def look(at: float, state: str = "IN_CALL", room: str = "7", shown: int = 9) -> Sample:
    play = [{"pictures_shown": shown}] if state == "IN_CALL" else []
    return Sample(at, {"state": state, "room_id": room, "play": play})


def died(*after: Sample, at: float = 10.0) -> Record:
    silence = Sample(at - 0.05, None)
    return Record(samples=[look(9.8), silence, *after], ends=[(at, -9)])


def test_a_kiosk_is_back_once_the_other_is_seen_in_the_same_room() -> None:
    record = died(look(12.0, "OUT_OF_SERVICE"), look(13.0, shown=0), look(13.2))

    assert resumed_s(record) == pytest.approx(3.2)


@pytest.mark.parametrize(
    "after",
    [
        [],
        [look(13.0, "IDLE", room="")],
        [look(13.0, shown=0)],
        [look(13.0, room="8")],
    ],
    ids=["nothing", "idle", "nobody seen", "another call"],
)
def test_whatever_else_is_seen_is_not_that_call(after: list[Sample]) -> None:
    assert resumed_s(died(*after)) is None


def test_a_process_that_did_not_die_has_no_way_back() -> None:
    record = Record(samples=[look(9.0), look(9.1)])

    assert resumed_s(record) is None
    assert not has_to_resume(record)


def test_it_has_to_come_back_as_long_as_its_seat_is_held() -> None:
    last = 9.8

    assert has_to_resume(died(at=last + SEAT_S - BACK_S - 0.1))
    assert not has_to_resume(died(at=last + SEAT_S - BACK_S + 0.1))
    assert not has_to_resume(died(at=last + SEAT_S - BACK_S - 0.1), patience=2.0)


def test_the_figures_tell_how_long_it_took_and_how_often_it_failed() -> None:
    def line(seed: int, ms: int | None) -> dict[str, Any]:
        way = {"was_to_resume": True, "resumed_ms": ms, "canary_ms": 1, "seed": seed}
        told = {"id": "D26", "state": "in_call", "verdict": "survived", "breaches": []}
        return {**told, **way, "class": "F", "recovered_ms": 1}

    found = figures_of({}, [line(1, 2000), line(2, 3000), line(3, None)], "")

    assert found["resumption"] == {
        "n": 3,
        "back": 2,
        "p50_s": 2.5,
        "p95_s": 2.95,
        "max_s": 3.0,
        "bound_s": BACK_S,
    }
