"""Records of calls, as a technician reads them."""

from __future__ import annotations

from kiosk.control.call_report import describe_call, list_calls
from tests.fakes.records import call_record


def test_a_list_has_one_line_a_call() -> None:
    bare = call_record(2) | {"sent": None, "received": (), "room_id": ""}
    head, first, second = list_calls([call_record(), bare])

    assert head.split()[:2] == ["began", "talked"]
    assert "126 ms" in first
    assert "1400 ms" in first
    assert first.endswith("failed D002 camera: no picture")
    assert second.split()[-6] == "-"


def test_one_call_is_told_in_detail_and_what_was_not_measured_says_so() -> None:
    text = describe_call(call_record())

    assert "12 s, 12 s in talk" in text
    assert "camera after 9000 ms: no picture" in text
    assert "300 pictures, dropped 4 (4 old), 0.75 MB, 1 reconnects" in text
    assert "kbit/s: 600 for 10 s" in text
    assert "308 shown, dropped 2 (2 late)" in text
    assert "sound missing 40 ms, thrown away 330 ms, silent 0 times" in text
    assert "picture delay: not measured" in text
    assert "sound delay: p50 90, p95 95, p99 99, max 101 ms (20)" in text


def test_a_call_that_never_sent_is_told_too() -> None:
    text = describe_call(call_record() | {"sent": None, "received": ()})

    assert "set-up:" in text
    assert "pictures" not in text
