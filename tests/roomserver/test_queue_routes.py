"""The queue as a client without HTTP sees it: fields, codes, and who may ask."""

from __future__ import annotations

import pytest

from kiosk.room.queue_requests import LeaveQueue, QueueSeat
from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import Hold
from kiosk.roomserver.queue import bell_of
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_desk import FakeDesk, Json


DESK = ("desk",)


def busy_desk() -> FakeDesk:
    """Return a server whose desk is taken, and two users who want it."""
    desk = FakeDesk(ServerSettings(turn_s=10.0))
    desk.create("agent")
    desk.join("customer")
    desk.log_in("ann")
    desk.log_in("bob")
    return desk


def line_up(desk: FakeDesk, user: str, position: int = 0, hold_s: float = 0.0) -> Json:
    wire = QueueSeat(user, DESK, position, hold_s).to_wire()
    return desk.ask("queue_seat", wire, user=user)


def told(answer: Json) -> tuple[object, ...]:
    names = ("code", "roomID", "roomName", "position", "ahead", "reason")
    return tuple(answer[name] for name in names)


def test_the_answer_says_where_one_stands() -> None:
    desk = busy_desk()

    assert told(line_up(desk, "ann")) == (0, "", "", 1, 0, "full")
    assert told(line_up(desk, "bob")) == (0, "", "", 2, 1, "full")
    desk.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")
    assert told(line_up(desk, "ann")) == (0, "desk", "Desk", 0, 0, "")


def test_a_kept_seat_is_refused_to_others_with_5001_until_its_time_is_up() -> None:
    desk = busy_desk()
    line_up(desk, "ann")
    desk.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")
    body: Json = {
        "roomID": "desk",
        "userID": "bob",
        "userName": "Bob",
        "userAvatar": "1",
        "pushURL": desk.push_url("bob"),
    }
    assert desk.ask("add_pusher", body, user="bob")["code"] == 5001
    desk.clock.move(10.5)
    desk.sweep()

    assert desk.ask("add_pusher", body, user="bob")["code"] == 0


def test_the_first_in_line_may_sit_and_come_back_to_his_seat() -> None:
    desk = busy_desk()
    line_up(desk, "ann")
    line_up(desk, "bob")
    desk.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")
    desk.join("ann")
    desk.join("ann")

    assert told(line_up(desk, "bob")) == (0, "", "", 1, 0, "full")


def test_a_poll_is_held_while_nothing_moves_and_ends_with_the_turn() -> None:
    desk = busy_desk()
    line_up(desk, "ann")
    wire = QueueSeat("ann", DESK, 1, 5.0).to_wire()
    hold = desk.ask_or_hold("queue_seat", wire, user="ann")
    assert isinstance(hold, Hold)
    assert hold.wait.room_id == bell_of(RoomType.DOUBLE, "ann")
    desk.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")

    assert bell_of(RoomType.DOUBLE, "ann") in desk.rung
    assert told(desk.routes.finish(hold)) == (0, "desk", "Desk", 0, 0, "")


def test_a_poll_that_knows_less_is_answered_at_once() -> None:
    desk = busy_desk()
    wire = QueueSeat("ann", DESK, 7, 5.0).to_wire()

    assert not isinstance(desk.ask_or_hold("queue_seat", wire, user="ann"), Hold)


def test_leaving_is_a_success_whether_one_was_in_line_or_not() -> None:
    desk = busy_desk()
    line_up(desk, "ann")
    wire = LeaveQueue("ann").to_wire()

    assert [desk.ask("leave_queue", wire, user="ann")["code"] for _ in range(2)] == [
        0,
        0,
    ]
    assert told(line_up(desk, "bob")) == (0, "", "", 1, 0, "full")


def test_whoever_left_and_calls_again_is_behind_those_who_wait() -> None:
    desk = busy_desk()
    line_up(desk, "ann")
    desk.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")

    assert told(line_up(desk, "customer")) == (0, "", "", 1, 0, "full")


@pytest.mark.parametrize("route", ["queue_seat", "leave_queue"])
def test_nobody_queues_for_another(route: str) -> None:
    desk = busy_desk()
    wire = QueueSeat("bob", DESK).to_wire()

    assert desk.ask(route, wire, user="ann")["code"] == 7


def test_the_dialect_without_login_queues_where_it_is_believed() -> None:
    desk = busy_desk()
    wire = QueueSeat("walk-in", DESK).to_wire()

    assert desk.ask("queue_seat", wire)["position"] == 1
    assert desk.ask("queue_seat", wire, address="192.0.2.7")["code"] == 7


def test_silent_ones_are_swept() -> None:
    desk = busy_desk()
    line_up(desk, "ann")
    desk.clock.move(5.5)
    desk.sweep()

    assert told(line_up(desk, "bob")) == (0, "", "", 1, 0, "full")
