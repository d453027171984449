"""The wire of the queue: what is asked, what is answered, what is refused."""

from __future__ import annotations

import pytest

from kiosk.room.answers import Done
from kiosk.room.fields import BadRequest, Fields
from kiosk.room.queue_requests import LeaveQueue, QueuePlace, QueueSeat


ASKED = QueueSeat("kiosk-7", ("service-*", "loans"), 2, 10.0, "Seven, 七")
PLACE = QueuePlace("r1", "Desk", 0, 0, "")


def test_what_is_asked_arrives_as_it_was_meant() -> None:
    assert QueueSeat.from_wire(ASKED.to_wire()) == ASKED
    assert LeaveQueue.from_wire(LeaveQueue("kiosk-7").to_wire()) == LeaveQueue(
        "kiosk-7"
    )


def test_the_wire_has_these_names() -> None:
    assert ASKED.to_wire() == {
        "userID": "kiosk-7",
        "targets": ["service-*", "loans"],
        "position": 2,
        "holdS": 10.0,
        "userName": "Seven, 七",
    }
    assert QueuePlace("", "", 3, 2, "full").to_wire() == {
        "roomID": "",
        "roomName": "",
        "position": 3,
        "ahead": 2,
        "reason": "full",
    }


def test_an_answer_arrives_as_it_was_meant() -> None:
    assert ASKED.read_answer(Fields(PLACE.to_wire())) == PLACE
    assert LeaveQueue("u").read_answer(Fields({})) == Done()


def test_a_server_that_stops_says_so_and_when_to_come_back() -> None:
    told = QueuePlace("", "", 3, 2, "full", retry_ms=1500)
    wire = told.to_wire()

    assert (wire["stopping"], wire["retryMs"]) == (True, 1500)
    assert QueuePlace.read(Fields(wire)) == told
    assert "stopping" not in PLACE.to_wire()


def test_a_reason_of_a_later_version_reads_as_full() -> None:
    wire = {"position": 1, "reason": "on_holiday"}

    assert QueuePlace.read(Fields(wire)).reason == "full"


def test_a_position_and_a_hold_may_be_left_out_and_a_long_hold_is_cut() -> None:
    wire: dict[str, object] = {"userID": "u", "targets": ["a"]}

    assert QueueSeat.from_wire(wire) == QueueSeat("u", ("a",))
    assert QueueSeat.from_wire(wire | {"holdS": 999}).hold_s == 25.0


@pytest.mark.parametrize(
    "targets",
    [None, "service", [], [""], ["a", 7], ["a"] * 17, ["a" * 1025], [["a"]]],
)
def test_targets_that_make_no_sense_are_named(targets: object) -> None:
    with pytest.raises(BadRequest, match="targets"):
        QueueSeat.from_wire({"userID": "u", "targets": targets})


def test_targets_without_a_name_are_refused_in_words() -> None:
    with pytest.raises(BadRequest) as refused:
        QueueSeat.from_wire({"userID": "u", "targets": [""]})

    assert refused.value.field == "targets"
    assert str(refused.value) == "targets: names no room, or one without a name"
