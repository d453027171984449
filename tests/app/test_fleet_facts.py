from __future__ import annotations

from pathlib import Path

from kiosk.app.fleet_facts import FleetFacts
from kiosk.room.fleet_report import FleetReport
from tests.fakes.steady_clock import SteadyClock


def facts(
    reason: str,
    last_call: dict[str, object],
    storage: Path,
    *faults: str,
    door_open: bool | None = None,
) -> FleetFacts:
    return FleetFacts(
        "door-1",
        30,
        clock=SteadyClock(),
        status=lambda: {
            "state": "IDLE",
            "reason": reason,
            "faults": [{"reason": fault} for fault in faults],
            "door_open": door_open,
        },
        last_call=lambda: last_call,
        storage=storage,
    )


def test_a_report_says_how_the_kiosk_is(tmp_path: Path) -> None:
    call: dict[str, object] = {"call": 2, "room": "x" * 99, "in_call_ms": 900}

    report = facts("R001 double_room: no answer", call, tmp_path)()

    assert report.health == ("R001",)
    assert report.state == "IDLE"
    assert report.free_bytes > 0
    assert report.last_call == {"call": 2, "room": "x" * 64, "in_call_ms": 900}
    assert FleetReport.from_wire(report.to_wire()) == report


def test_a_report_names_every_fault_once_and_an_open_door(tmp_path: Path) -> None:
    lost = "D002 no microphone", "D001 buttons: stuck", "D002 no speaker"

    report = facts("", {}, tmp_path, *lost, door_open=True)()

    assert report.health == ("D002", "D001", "T001")
    assert facts("", {}, tmp_path, door_open=False)().health == ()


def test_a_record_is_cut_to_what_a_server_takes(tmp_path: Path) -> None:
    call: dict[str, object] = {"room": "Zürich", "pictures_sent": 10**12}

    report = facts("", call, tmp_path)()

    assert report.last_call == {"room": "Z?rich", "pictures_sent": 10**9}
    assert FleetReport.from_wire(report.to_wire()) == report


def test_a_kiosk_that_is_well_reports_no_code(tmp_path: Path) -> None:
    assert facts("", {}, tmp_path)().health == ()
