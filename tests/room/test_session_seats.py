from __future__ import annotations

import pytest

from kiosk.errors import RoomFull, RoomNotFound, RoomUnreachable
from kiosk.room.fleet_report import FleetReport
from kiosk.room.messages import (
    AddPusher,
    CreateRoom,
    DeletePusher,
    Dialect,
    Done,
    GetPushUrl,
    GetRoomList,
    Room,
    Seated,
)
from kiosk.room.queueing import Choice, NoPlace
from kiosk.room.script import Outcome
from kiosk.room.session import (
    MAX_PAGES,
    PAGE,
    Place,
    RoomSession,
    Wanted,
    choose,
)
from tests.fakes.room_answers import (
    ANNA,
    BERT,
    FULL,
    ME,
    NOT_A_MEMBER,
    NOT_FOUND,
    PUSH_URL,
    UNREACHABLE,
    conversation,
    room,
    rooms,
    server,
    v1_server,
)


def session(
    *targets: str, create: bool = False, dialect: Dialect | None = None
) -> RoomSession:
    return RoomSession(conversation(dialect), Wanted(targets, create))


def test_a_target_is_compared_with_ids_before_labels() -> None:
    listed = [room("x", ANNA, label="r1"), room("r1", BERT)]

    assert choose(Wanted(("r1",)), listed, "me") == Choice("r1", "", create=False)


def test_a_pattern_means_rooms_in_the_order_of_the_list() -> None:
    listed = [room("r1", ANNA, BERT, label="desk-1"), room("r2", ANNA, label="desk-2")]

    choice = choose(Wanted(("desk-*",)), listed, "me")

    assert choice == Choice("r2", "desk-2", create=False)


def test_no_room_is_opened_under_a_pattern() -> None:
    assert choose(Wanted(("d*", "desk"), create=True), [], "me") == Choice(
        "", "desk", create=True
    )
    assert choose(Wanted(("d*",), create=True), [], "me") == NoPlace("absent")


def test_a_target_may_be_the_label_of_a_room() -> None:
    listed = [room("r1", ANNA, label="desk")]

    assert choose(Wanted(("desk",)), listed, "me") == Choice("r1", "desk", create=False)


def test_the_first_target_with_a_free_seat_is_chosen() -> None:
    listed = [room("r1", ANNA, BERT), room("r2", ANNA), room("r3", ANNA)]

    chosen = choose(Wanted(("r1", "r2", "r3")), listed, "me")

    assert chosen == Choice("r2", "", create=False)


def test_of_rooms_with_one_label_the_first_free_one_is_chosen() -> None:
    listed = [room("r1", ANNA, BERT, label="desk"), room("r2", ANNA, label="desk")]

    chosen = choose(Wanted(("desk",)), listed, "me")

    assert chosen == Choice("r2", "desk", create=False)


def test_our_own_seat_of_an_earlier_life_is_free_for_us() -> None:
    listed = [room("r1", ANNA, ME)]

    assert choose(Wanted(("r1",)), listed, "kiosk7") == Choice("r1", "", create=False)


def test_taken_seats_everywhere_are_no_seat() -> None:
    listed = [room("r1", ANNA, BERT)]

    assert choose(Wanted(("r1", "r2")), listed, "me") == NoPlace("full")


def test_no_room_at_all_is_absent() -> None:
    assert choose(Wanted(("r1", "r2")), [], "me") == NoPlace("absent")


def test_an_absent_room_is_created_under_its_label_where_that_is_configured() -> None:
    chosen = choose(Wanted(("desk", "spare"), create=True), [], "me")

    assert chosen == Choice("", "desk", create=True)


def test_a_free_seat_is_preferred_to_a_room_of_our_own() -> None:
    listed = [room("r2", ANNA, label="spare")]

    chosen = choose(Wanted(("desk", "spare"), create=True), listed, "me")

    assert chosen == Choice("r2", "spare", create=False)


def test_a_full_room_is_not_created_a_second_time() -> None:
    listed = [room("r1", ANNA, BERT, label="desk")]

    assert choose(Wanted(("desk",), create=True), listed, "me") == NoPlace("full")


def test_a_room_of_more_seats_takes_more() -> None:
    listed = [room("r1", ANNA, BERT)]

    chosen = choose(Wanted(("r1",), capacity=3), listed, "me")

    assert chosen == Choice("r1", "", create=False)


def test_finding_a_place_logs_in_reads_the_list_and_fetches_a_push_url() -> None:
    service = server()

    place = service.play(session("desk").find_place(service.now))

    assert place == Place("r1", "desk", create=False, push_url=PUSH_URL)
    assert service.routes == [
        "get_login_info",
        "login",
        "queue_seat",
        "get_room_list",
        "get_push_url",
    ]
    assert service.asked[-1].request == GetPushUrl("kiosk7", "r1")


def test_without_a_seat_no_push_url_is_fetched() -> None:
    service = server(get_room_list=rooms())

    found = service.play(session("desk").find_place(service.now))

    assert found == NoPlace("absent")
    assert "get_push_url" not in service.routes


def test_a_long_list_is_read_page_by_page() -> None:
    page = rooms(*(Room(f"r{n}", "", "", ()) for n in range(PAGE)))
    service = server(get_room_list=[page, rooms(room("r1", ANNA, label="desk"))])

    found = service.play(session("desk").list_rooms(service.now))

    assert len(found) == PAGE + 1
    assert [asked.request for asked in service.asked[2:]] == [
        GetRoomList(PAGE, 0),
        GetRoomList(PAGE, PAGE),
    ]


def test_an_endless_list_is_not_read_to_the_end() -> None:
    page = rooms(*(Room(f"r{n}", "", "", ()) for n in range(PAGE)))
    service = server(get_room_list=page)

    found = service.play(session("desk").list_rooms(service.now))

    assert len(found) == PAGE * MAX_PAGES


def test_a_room_known_by_its_id_is_looked_at_instead_of_the_list() -> None:
    service = server(get_pushers=room("r1", ANNA, label="desk"))

    place = service.play(session().place_in("r1", service.now))

    assert place == Place("r1", "desk", create=False, push_url=PUSH_URL)
    assert "get_room_list" not in service.routes


def test_a_room_known_by_its_id_may_be_full() -> None:
    service = server(get_pushers=room("r1", ANNA, BERT))

    with pytest.raises(RoomFull):
        service.play(session().place_in("r1", service.now))


def test_a_room_known_by_its_id_may_be_gone() -> None:
    service = server(get_pushers=NOT_FOUND)

    with pytest.raises(RoomNotFound):
        service.play(session().place_in("r1", service.now))


def test_a_place_in_a_new_room_has_a_push_url_and_opens_nothing_yet() -> None:
    service = server()

    place = service.play(session().new_place("desk", "d1", service.now))

    assert place == Place("d1", "desk", create=True, push_url=PUSH_URL)
    assert "create_room" not in service.routes


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
