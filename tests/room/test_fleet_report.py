from __future__ import annotations

import pytest

from kiosk.room.fields import BadRequest
from kiosk.room.fleet_report import FleetReport
from kiosk.room.messages import RoomType, path_of, read_answer


REPORT = FleetReport(
    serial="door-1",
    version="0.1.0",
    state="IDLE",
    health=("R001", "D002"),
    unix_ms=1_800_000_000_123,
    free_bytes=4_000_000_000,
    period_s=30,
    last_call={"call": 3, "room": "desk", "in_call_ms": 950},
)


def test_a_report_survives_the_wire() -> None:
    assert FleetReport.from_wire(REPORT.to_wire()) == REPORT


def test_a_report_before_the_first_call_has_no_record() -> None:
    wire = {**REPORT.to_wire(), "calls": [], "health": ""}

    report = FleetReport.from_wire(wire)

    assert report.last_call == {}
    assert report.health == ()
    assert report.to_wire()["calls"] == []


def test_reports_live_beside_the_room_types() -> None:
    assert path_of(REPORT, RoomType.MULTI) == "/kiosk/report"
    assert read_answer(REPORT, b'{"code":0,"message":"ok"}') is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("serial", "a/b"),
        ("serial", "x" * 65),
        ("version", "<b>\n"),
        ("version", "v" * 65),
        ("state", None),
        ("health", "r001"),
        ("health", ",".join(["R001"] * 17)),
        ("unixMs", -1),
        ("freeBytes", "much"),
        ("periodS", 3601),
        ("calls", [{}, {}]),
        ("calls", [{f"step_{'a' * n}": 1 for n in range(25)}]),
        ("calls", [{"Bad-Name": 1}]),
        ("calls", [{"room": "x" * 65}]),
        ("calls", [{"in_call_ms": 10**10}]),
        ("calls", [{"in_call_ms": [1]}]),
    ],
)
def test_what_no_kiosk_sends_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(BadRequest) as refused:
        FleetReport.from_wire({**REPORT.to_wire(), field: value})

    assert refused.value.field == field


def test_a_report_as_long_as_allowed_is_read() -> None:
    wire = {**REPORT.to_wire(), "calls": [{f"step_{'a' * n}": 1 for n in range(24)}]}

    assert len(FleetReport.from_wire(wire).last_call) == 24
