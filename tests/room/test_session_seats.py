"""Where a seat is: rooms by id, label and pattern, and the list that they stand in."""

from __future__ import annotations

import pytest

from kiosk.errors import RoomFull, RoomNotFound
from kiosk.room.messages import GetPushUrl, GetRoomList, Room
from kiosk.room.queueing import Choice, NoPlace
from kiosk.room.room_pages import MAX_PAGES, PAGE
from kiosk.room.session import Place, Wanted, choose
from tests.fakes.bare_session import session
from tests.fakes.room_answers import (
    ANNA,
    BERT,
    ME,
    NOT_FOUND,
    PUSH_URL,
    room,
    rooms,
    server,
)


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
