"""Waiting for a seat, in the server's queue or by looking."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.errors import RoomUnreachable
from kiosk.room.goodbye import LONGEST_S
from kiosk.room.messages import Dialect, Done, QueuePlace, QueueSeat
from kiosk.room.queueing import HOLD_S, LOOK_S, NoPlace
from kiosk.room.session import Place, RoomSession, Wanted
from tests.fakes.room_answers import (
    ANNA,
    BERT,
    FULL,
    PUSH_URL,
    UNKNOWN,
    UNREACHABLE,
    conversation,
    room,
    rooms,
    server,
    v1_server,
)
from tests.fakes.script_player import ScriptPlayer, Slow


OURS = QueuePlace("r1", "Desk")
SECOND = QueuePlace("", "", 2, 1, "full")
FIRST = QueuePlace("", "", 1, 0, "full")
BUSY = rooms(room("r1", ANNA, BERT, label="desk"))


def queue_server(*places: object) -> ScriptPlayer:
    """Return a server with a queue, and the places it tells one after the other."""
    return server(queue_seat=list(places), leave_queue=Done())


def session(create: bool = False, dialect: Dialect | None = None) -> RoomSession:
    return RoomSession(conversation(dialect), Wanted(("desk", "loans-*"), create))


def asked_for(service: ScriptPlayer) -> list[QueueSeat]:
    return [
        asked.request for asked in service.asked if isinstance(asked.request, QueueSeat)
    ]


def test_a_server_with_a_queue_chooses_the_room() -> None:
    service = queue_server(OURS)

    place = service.play(session().find_place(service.now))

    assert place == Place("r1", "Desk", create=False, push_url=PUSH_URL)
    assert service.routes == ["get_login_info", "login", "queue_seat", "get_push_url"]
    assert asked_for(service) == [
        QueueSeat("kiosk7", ("desk", "loans-*"), user_name="Branch 7")
    ]


def test_a_place_in_line_is_told_and_nothing_is_published() -> None:
    service = queue_server(SECOND)

    assert service.play(session().find_place(service.now)) == NoPlace("full", 2)
    assert "get_push_url" not in service.routes


def test_waiting_tells_what_we_know_and_lets_the_server_hold() -> None:
    service, way = queue_server(SECOND, Slow(7.0, FIRST)), session()
    service.play(way.find_place(service.now))

    assert service.play(way.wait_turn(service.now)) == NoPlace("full", 1)
    assert asked_for(service)[1] == QueueSeat(
        "kiosk7", ("desk", "loans-*"), position=2, hold_s=HOLD_S, user_name="Branch 7"
    )
    assert service.asked[-1].deadline_s > HOLD_S
    assert service.pauses == []


def test_our_turn_ends_the_waiting() -> None:
    service, way = queue_server(SECOND, Slow(7.0, OURS)), session()
    service.play(way.find_place(service.now))

    assert service.play(way.wait_turn(service.now)) is None
    assert service.play(way.find_place(service.now)) == Place(
        "r1", "Desk", create=False, push_url=PUSH_URL
    )


def test_a_server_that_does_not_hold_does_not_make_us_hurry() -> None:
    service, way = queue_server(SECOND), session()
    service.play(way.find_place(service.now))

    assert service.play(way.wait_turn(service.now)) == NoPlace("full", 2)
    assert service.pauses == [LOOK_S]


def test_a_full_queue_is_asked_again_after_a_while() -> None:
    service, way = queue_server(QueuePlace(ahead=512, reason="full")), session()
    assert service.play(way.find_place(service.now)) == NoPlace("full")

    assert service.play(way.wait_turn(service.now)) == NoPlace("full")
    assert service.pauses == [LOOK_S]


def test_a_server_without_a_queue_is_looked_at() -> None:
    service, way = (
        server(get_room_list=[BUSY, BUSY, rooms(room("r1", ANNA))]),
        session(),
    )
    way_of_r1 = RoomSession(conversation(), Wanted(("r1",)))
    assert service.play(way.find_place(service.now)) == NoPlace("full")
    service.play(way_of_r1.find_place(service.now))

    assert service.play(way_of_r1.wait_turn(service.now)) is None
    assert service.pauses == [LOOK_S]
    assert service.routes.count("queue_seat") == 2


def test_a_server_without_a_queue_keeps_us_waiting_while_it_is_full() -> None:
    service, way = server(get_room_list=BUSY), session()
    service.play(way.find_place(service.now))

    assert service.play(way.wait_turn(service.now)) == NoPlace("full")


@pytest.mark.parametrize(
    ("service", "way"),
    [
        (v1_server(), session()),
        (queue_server(OURS), session(create=True)),
    ],
)
def test_neither_the_old_dialect_nor_whoever_opens_rooms_queues(
    service: ScriptPlayer, way: RoomSession
) -> None:
    service.play(way.find_place(service.now))

    assert "queue_seat" not in service.routes


def test_leaving_leaves_the_line() -> None:
    service, way = queue_server(SECOND), session()
    service.play(way.find_place(service.now))
    service.play(way.leave(service.now))
    service.play(way.leave(service.now))

    assert service.routes[-1] == "leave_queue"
    assert service.routes.count("leave_queue") == 1


def test_a_line_that_cannot_be_left_is_left_all_the_same() -> None:
    service, way = queue_server(SECOND), session()
    service.answer("leave_queue", UNREACHABLE)
    service.play(way.find_place(service.now))

    service.play(way.leave(service.now))

    assert service.asked[-1].deadline_s == 1.0


def test_whoever_is_seated_is_out_of_the_line() -> None:
    service, way = queue_server(OURS), session()
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)
    service.play(way.join(place, service.now))
    service.play(way.leave(service.now))

    assert "leave_queue" not in service.routes
    assert service.routes[-1] == "delete_pusher"


def test_a_seat_lost_to_somebody_faster_leads_back_into_the_line() -> None:
    service, way = queue_server(OURS, Slow(1.0, SECOND)), session()
    service.answer("add_pusher", FULL)
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)
    with pytest.raises(type(FULL)):
        service.play(way.join(place, service.now))

    assert service.play(way.wait_turn(service.now)) == NoPlace("full", 2)


def test_an_answer_that_never_came_may_have_lined_us_up() -> None:
    service, way = queue_server(UNREACHABLE), session()
    with pytest.raises(RoomUnreachable):
        service.play(way.find_place(service.now))
    service.play(way.leave(service.now))

    assert service.routes[-1] == "leave_queue"


def test_a_queue_that_the_server_lost_is_no_queue_any_more() -> None:
    service, way = queue_server(SECOND, UNKNOWN), session()
    service.answer("get_room_list", BUSY)
    service.play(way.find_place(service.now))

    assert service.play(way.find_place(service.now)) == NoPlace("full")


def test_a_server_that_stops_is_given_the_time_it_asks_for_and_our_place_stands() -> (
    None
):
    stops = replace(SECOND, retry_ms=1500)
    service, way = queue_server(SECOND, Slow(3.0, stops), FIRST), session()
    service.play(way.find_place(service.now))

    assert service.play(way.wait_turn(service.now)) == NoPlace("full", 2)
    assert service.pauses == [1.5]
    assert service.play(way.wait_turn(service.now)) == NoPlace("full", 1)
    assert asked_for(service)[-1].position == 2


def test_a_server_that_stops_for_long_is_asked_sooner_than_it_says() -> None:
    service = queue_server(SECOND, replace(SECOND, retry_ms=3_600_000))
    way = session()
    service.play(way.find_place(service.now))
    service.play(way.wait_turn(service.now))

    assert service.pauses == [LONGEST_S]


def test_a_turn_told_by_a_server_that_stops_is_used_at_once() -> None:
    service, way = queue_server(SECOND, replace(OURS, retry_ms=1500)), session()
    service.play(way.find_place(service.now))

    assert service.play(way.wait_turn(service.now)) is None
    assert service.pauses == []
