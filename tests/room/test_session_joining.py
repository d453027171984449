"""A seat is taken, given back, and asked for by a session: request by request."""

from __future__ import annotations

import pytest

from kiosk.errors import RoomFull, RoomNotFound, RoomUnreachable
from kiosk.room.fleet_report import FleetReport
from kiosk.room.messages import (
    AddPusher,
    CreateRoom,
    DeletePusher,
    Done,
    GetRoomList,
    Seated,
)
from kiosk.room.script import Outcome
from kiosk.room.session import Place
from tests.fakes.bare_session import session
from tests.fakes.room_answers import (
    FULL,
    NOT_A_MEMBER,
    NOT_FOUND,
    PUSH_URL,
    UNREACHABLE,
    rooms,
    server,
    v1_server,
)


def test_joining_takes_the_seat_and_looks_who_is_there() -> None:
    service, way = server(), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)

    membership = service.play(way.join(place, service.now))

    assert membership.room_id == "r1"
    assert service.routes[-2:] == ["add_pusher", "get_pushers"]
    add = service.asked[-2].request
    assert add == AddPusher("r1", "kiosk7", "Branch 7", PUSH_URL, label="desk")


def test_creating_with_v2_reserves_the_room_and_sits_down_then() -> None:
    service, way = server(get_room_list=rooms()), session("desk", create=True)
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)

    membership = service.play(way.join(place, service.now))

    assert membership.room_id == "r9"
    assert service.routes[-3:] == ["create_room", "add_pusher", "get_pushers"]
    assert service.asked[-3].request == CreateRoom(
        "kiosk7", "desk", user_name="Branch 7"
    )


def test_creating_with_v1_is_one_request_that_carries_the_push_url() -> None:
    service, way = v1_server(get_room_list=rooms()), session("desk", create=True)
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)

    service.play(way.join(place, service.now))

    assert service.routes[-2:] == ["create_room", "get_pushers"]
    assert service.asked[-2].request == CreateRoom(
        "kiosk7", "desk", user_name="Branch 7", push_url=PUSH_URL
    )


def test_v1_clients_add_no_label_when_they_sit_down() -> None:
    service, way = v1_server(), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)

    service.play(way.join(place, service.now))

    add = service.asked[-2].request
    assert add == AddPusher("r1", "kiosk7", "Branch 7", PUSH_URL)


def test_creating_is_never_repeated() -> None:
    service = server(get_room_list=rooms(), create_room=UNREACHABLE)
    way = session("desk", create=True)
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)

    with pytest.raises(RoomUnreachable):
        service.play(way.join(place, service.now))

    assert service.routes.count("create_room") == 1


def test_a_seat_taken_by_somebody_faster_is_told_at_once() -> None:
    service, way = server(add_pusher=FULL), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)

    with pytest.raises(RoomFull):
        service.play(way.join(place, service.now))

    assert service.routes.count("add_pusher") == 1


def test_a_room_an_original_only_pretends_to_have_is_not_found() -> None:
    service, way = v1_server(get_pushers=NOT_FOUND), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)

    with pytest.raises(RoomNotFound):
        service.play(way.join(place, service.now))


def test_joining_succeeds_though_the_first_look_fails() -> None:
    service, way = server(get_pushers=UNREACHABLE), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)

    membership = service.play(way.join(place, service.now))

    assert membership.room_id == "r1"


def test_leaving_gives_the_seat_back() -> None:
    service, way = server(), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)
    service.play(way.join(place, service.now))

    service.play(way.leave(service.now))
    service.play(way.leave(service.now))

    assert service.routes.count("delete_pusher") == 1
    assert service.asked[-1].request == DeletePusher("r1", "kiosk7", epoch=3)


@pytest.mark.parametrize("gone", [NOT_A_MEMBER, NOT_FOUND])
def test_leaving_a_seat_that_is_gone_is_a_success(gone: RoomNotFound) -> None:
    service, way = server(delete_pusher=gone), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)
    service.play(way.join(place, service.now))

    service.play(way.leave(service.now))

    assert service.routes[-1] == "delete_pusher"


def test_leaving_also_gives_back_a_seat_whose_answer_never_came() -> None:
    service, way = server(add_pusher=UNREACHABLE), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)
    with pytest.raises(RoomUnreachable):
        service.play(way.join(place, service.now))

    service.play(way.leave(service.now))

    assert service.routes[-1] == "delete_pusher"


def test_leaving_without_a_seat_asks_nothing() -> None:
    service = server()

    service.play(session("desk").leave(service.now))

    assert service.asked == []


def test_the_idle_check_asks_one_light_request_with_our_login() -> None:
    service, way = server(), session("desk")

    service.play(way.check(service.now))

    assert way.user_id == "kiosk7"
    assert service.asked[-1].request == GetRoomList(1, 0)


def test_the_idle_check_does_not_repeat() -> None:
    service, way = server(get_room_list=UNREACHABLE), session("desk")

    with pytest.raises(RoomUnreachable):
        service.play(way.check(service.now))

    assert service.routes.count("get_room_list") == 1


def test_a_report_to_the_operators_is_sent_once_with_our_login() -> None:
    report = FleetReport("door-1", "0.1.0", "IDLE", (), 1, 1, 30)
    service, way = server(report=Done()), session("desk")

    service.play(way.report(report, service.now))

    assert report.last_call == {}
    assert service.routes.count("report") == 1
    assert service.asked[-1].request == report
    assert way.user_id == "kiosk7"


def test_a_session_logs_in_and_out() -> None:
    service, way = server(), session("desk")

    user_id = service.play(way.log_in(service.now))
    service.play(way.log_out(service.now))

    assert user_id == "kiosk7"
    assert service.routes == ["get_login_info", "login", "logout"]


def test_leaving_while_joining_does_not_forget_the_seat() -> None:
    service, way = server(), session("desk")
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)
    joining = way.join(place, service.now)
    next(joining)

    service.play(way.leave(service.now))
    joining.send(Outcome(service.now, Seated(1, 1)))
    joining.close()
    service.play(way.leave(service.now))

    assert service.routes.count("delete_pusher") == 2
