"""The queue as a client without HTTP sees it: fields, codes, and who may ask."""

from __future__ import annotations

import pytest

from kiosk.room.queue_requests import LeaveQueue, QueueSeat
from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import Hold
from kiosk.roomserver.queue import bell_of
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_core import FakeCore, Json


DESK = ("desk",)


def busy_desk() -> FakeCore:
    """Return a server whose desk is taken, and two users who want it."""
    core = FakeCore(ServerSettings(turn_s=10.0))
    core.create("agent")
    core.join("customer")
    core.log_in("ann")
    core.log_in("bob")
    return core


def line_up(core: FakeCore, user: str, position: int = 0, hold_s: float = 0.0) -> Json:
    wire = QueueSeat(user, DESK, position, hold_s).to_wire()
    return core.ask("queue_seat", wire, user=user)


def told(answer: Json) -> tuple[object, ...]:
    names = ("code", "roomID", "roomName", "position", "ahead", "reason")
    return tuple(answer[name] for name in names)


def test_the_answer_says_where_one_stands() -> None:
    core = busy_desk()

    assert told(line_up(core, "ann")) == (0, "", "", 1, 0, "full")
    assert told(line_up(core, "bob")) == (0, "", "", 2, 1, "full")
    core.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")
    assert told(line_up(core, "ann")) == (0, "desk", "Desk", 0, 0, "")


def test_a_kept_seat_is_refused_to_others_with_5001_until_its_time_is_up() -> None:
    core = busy_desk()
    line_up(core, "ann")
    core.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")
    body: Json = {
        "roomID": "desk",
        "userID": "bob",
        "userName": "Bob",
        "userAvatar": "1",
        "pushURL": core.push_url("bob"),
    }
    assert core.ask("add_pusher", body, user="bob")["code"] == 5001
    core.clock.move(10.5)
    core.sweep()

    assert core.ask("add_pusher", body, user="bob")["code"] == 0


def test_the_first_in_line_may_sit_and_come_back_to_his_seat() -> None:
    core = busy_desk()
    line_up(core, "ann")
    line_up(core, "bob")
    core.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")
    core.join("ann")
    core.join("ann")

    assert told(line_up(core, "bob")) == (0, "", "", 1, 0, "full")


def test_a_poll_is_held_while_nothing_moves_and_ends_with_the_turn() -> None:
    core = busy_desk()
    line_up(core, "ann")
    wire = QueueSeat("ann", DESK, 1, 5.0).to_wire()
    hold = core.ask_or_hold("queue_seat", wire, user="ann")
    assert isinstance(hold, Hold)
    assert hold.wait.room_id == bell_of(RoomType.DOUBLE, "ann")
    core.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")

    assert bell_of(RoomType.DOUBLE, "ann") in core.rung
    assert told(core.routes.finish(hold)) == (0, "desk", "Desk", 0, 0, "")


def test_a_poll_that_knows_less_is_answered_at_once() -> None:
    core = busy_desk()
    wire = QueueSeat("ann", DESK, 7, 5.0).to_wire()

    assert not isinstance(core.ask_or_hold("queue_seat", wire, user="ann"), Hold)


def test_leaving_is_a_success_whether_one_was_in_line_or_not() -> None:
    core = busy_desk()
    line_up(core, "ann")
    wire = LeaveQueue("ann").to_wire()

    assert [core.ask("leave_queue", wire, user="ann")["code"] for _ in range(2)] == [
        0,
        0,
    ]
    assert told(line_up(core, "bob")) == (0, "", "", 1, 0, "full")


def test_whoever_left_and_calls_again_is_behind_those_who_wait() -> None:
    core = busy_desk()
    line_up(core, "ann")
    core.ask("delete_pusher", {"roomID": "desk", "userID": "customer"}, user="customer")

    assert told(line_up(core, "customer")) == (0, "", "", 1, 0, "full")


@pytest.mark.parametrize("route", ["queue_seat", "leave_queue"])
def test_nobody_queues_for_another(route: str) -> None:
    core = busy_desk()
    wire = QueueSeat("bob", DESK).to_wire()

    assert core.ask(route, wire, user="ann")["code"] == 7


def test_the_dialect_without_login_queues_where_it_is_believed() -> None:
    core = busy_desk()
    wire = QueueSeat("walk-in", DESK).to_wire()

    assert core.ask("queue_seat", wire)["position"] == 1
    assert core.ask("queue_seat", wire, address="192.0.2.7")["code"] == 7


def test_silent_ones_are_swept() -> None:
    core = busy_desk()
    line_up(core, "ann")
    core.clock.move(5.5)
    core.sweep()

    assert told(line_up(core, "bob")) == (0, "", "", 1, 0, "full")
