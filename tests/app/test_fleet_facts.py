from __future__ import annotations

from pathlib import Path

from kiosk.app.fleet_facts import FleetFacts, serial_of
from kiosk.room.fleet_report import FleetReport
from tests.fakes.steady_clock import SteadyClock


def facts(reason: str, last_call: dict[str, object], storage: Path) -> FleetFacts:
    return FleetFacts(
        "door-1",
        30,
        clock=SteadyClock(),
        status=lambda: {"state": "IDLE", "reason": reason},
        last_call=lambda: last_call,
        storage=storage,
    )


def test_a_board_is_named_by_its_number(tmp_path: Path) -> None:
    board = tmp_path / "serial-number"
    board.write_bytes(b"10000000abcdef01\0")

    assert serial_of(board, tmp_path / "absent") == "10000000abcdef01"


def test_another_machine_is_named_by_a_digest_of_its_id(tmp_path: Path) -> None:
    machine = tmp_path / "machine-id"
    machine.write_text("0123456789abcdef0123456789abcdef\n")

    serial = serial_of(tmp_path / "absent", machine)

    assert serial.startswith("machine-")
    assert "0123456789abcdef" not in serial


def test_a_report_says_how_the_kiosk_is(tmp_path: Path) -> None:
    call: dict[str, object] = {"call": 2, "room": "x" * 99, "in_call_ms": 900}

    report = facts("R001 double_room: no answer", call, tmp_path)()

    assert report.health == ("R001",)
    assert report.state == "IDLE"
    assert report.free_bytes > 0
    assert report.last_call == {"call": 2, "room": "x" * 64, "in_call_ms": 900}
    assert FleetReport.from_wire(report.to_wire()) == report


def test_a_record_is_cut_to_what_a_server_takes(tmp_path: Path) -> None:
    call: dict[str, object] = {"room": "Zürich", "pictures_sent": 10**12}

    report = facts("", call, tmp_path)()

    assert report.last_call == {"room": "Z?rich", "pictures_sent": 10**9}
    assert FleetReport.from_wire(report.to_wire()) == report


def test_a_kiosk_that_is_well_reports_no_code(tmp_path: Path) -> None:
    assert facts("", {}, tmp_path)().health == ()
