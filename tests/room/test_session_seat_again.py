"""A seat or a room that was lost is taken again, once, or told to be lost."""

from __future__ import annotations

from kiosk.errors import RoomProtocolError
from kiosk.room.membership import FIRST_HEARTBEAT_S
from kiosk.room.messages import (
    AddPusher,
    CreateRoom,
    Dialect,
    EventKind,
    RouteUnknown,
    Seated,
)
from kiosk.room.script import MemberJoined, MemberLeft, SeatLost, StreamForgotten
from tests.fakes.room_answers import (
    ANNA,
    BAD_URL,
    FORGOTTEN,
    FULL,
    LOGIN_REFUSED,
    ME,
    NOT_A_MEMBER,
    NOT_FOUND,
    PUSH_URL,
    TAKEN,
    UNREACHABLE,
    event,
    events,
    room,
    server,
    v1_server,
)
from tests.fakes.script_player import Slow
from tests.fakes.seated import QUIET, live, seated, with_events


def test_a_refused_heartbeat_takes_the_same_seat_again_at_once() -> None:
    service = v1_server(pusher_heartbeat=[NOT_A_MEMBER, Seated()])

    live(service, seated(service), 3.0)

    assert service.times("add_pusher") == [FIRST_HEARTBEAT_S]
    add = service.asked[service.routes.index("add_pusher")].request
    assert add == AddPusher("r1", "kiosk7", "Branch 7", PUSH_URL)
    assert service.facts == [MemberJoined(ANNA)]


def test_heartbeats_go_on_after_the_return() -> None:
    service = server(pusher_heartbeat=[NOT_A_MEMBER, Seated(4, 4)])

    live(service, seated(service), 30.0)

    assert len(service.times("pusher_heartbeat")) >= 4


def test_a_seat_refused_twice_within_a_minute_is_lost() -> None:
    service = v1_server(pusher_heartbeat=NOT_A_MEMBER)

    live(service, seated(service), 60.0)

    lost = SeatLost("removed from the room twice within a minute")
    assert service.facts[-1] == lost
    assert service.routes.count("add_pusher") == 1


def test_a_seat_is_taken_again_as_often_as_a_server_forgets_everybody() -> None:
    lost = [FORGOTTEN, NOT_A_MEMBER, Seated()]
    service = server(pusher_heartbeat=[*lost, *lost, *lost, Seated()])

    live(service, seated(service), 40.0)

    assert service.routes.count("add_pusher") == 3
    assert service.facts == [MemberJoined(ANNA)]


def test_a_seat_refused_soon_after_its_server_forgot_it_is_lost() -> None:
    beats = [FORGOTTEN, NOT_A_MEMBER, Seated(), NOT_A_MEMBER]
    service = server(pusher_heartbeat=beats)

    live(service, seated(service), 40.0)

    assert service.facts[-1] == SeatLost("removed from the room twice within a minute")


def test_a_seat_refused_again_after_a_minute_is_taken_again() -> None:
    beats = [NOT_A_MEMBER, *[Seated()] * 12, NOT_A_MEMBER, Seated()]
    service = v1_server(pusher_heartbeat=beats)

    live(service, seated(service), 120.0)

    assert service.routes.count("add_pusher") == 2
    assert service.facts == [MemberJoined(ANNA)]


def test_both_scripts_may_find_the_seat_gone_and_return_once() -> None:
    service = with_events(
        pusher_heartbeat=[Slow(1.0, NOT_A_MEMBER), Seated(4, 4)],
        wait_events=[Slow(3.0, NOT_A_MEMBER), NOT_A_MEMBER, QUIET],
        add_pusher=Slow(2.0, Seated(4, 4)),
    )

    live(service, seated(service), 10.0)

    assert service.routes.count("add_pusher") == 1
    assert service.facts == [MemberJoined(ANNA)]


def test_a_room_that_was_closed_is_not_entered_again() -> None:
    closed = events(event(4, EventKind.ROOM_CLOSED, ""), seq=4)
    service = with_events(pusher_heartbeat=NOT_A_MEMBER, wait_events=[QUIET, closed])

    live(service, seated(service), 30.0)

    assert service.facts[-1] == SeatLost("the room was closed", room_ended=True)
    assert "add_pusher" not in service.routes


def test_a_member_by_one_route_and_none_by_another_sits_down_again() -> None:
    service = with_events(
        pusher_heartbeat=[NOT_A_MEMBER, Seated(3, 3)],
        wait_events=[QUIET, events(seq=3), QUIET],
    )

    live(service, seated(service), 9.0)

    assert service.routes.count("add_pusher") == 1
    assert service.facts == [MemberJoined(ANNA)]


def test_a_seat_is_lost_only_once() -> None:
    closed = events(event(4, EventKind.ROOM_CLOSED, ""), seq=4)
    service = with_events(
        pusher_heartbeat=NOT_A_MEMBER,
        wait_events=[Slow(3.5, closed), NOT_A_MEMBER],
        add_pusher=Slow(3.0, FULL),
    )

    live(service, seated(service), 30.0)

    assert service.facts == [
        MemberJoined(ANNA),
        SeatLost("the room was closed", room_ended=True),
    ]


def test_a_room_its_server_forgot_is_opened_again_under_its_id() -> None:
    service = with_events(
        wait_events=[NOT_FOUND, NOT_FOUND, NOT_FOUND, QUIET],
        add_pusher=[NOT_FOUND, Seated(1, 1)],
        get_pushers=room("r1", ME),
    )

    live(service, seated(service), 5.0)

    create = service.asked[service.routes.index("create_room")].request
    assert create == CreateRoom("kiosk7", "desk", room_id="r1", user_name="Branch 7")
    assert service.facts == [MemberJoined(ANNA)]


def test_a_room_our_peer_opened_again_first_is_entered() -> None:
    service = with_events(
        wait_events=[NOT_FOUND, NOT_FOUND, NOT_FOUND, QUIET],
        add_pusher=[NOT_FOUND, Seated(2, 2)],
        create_room=TAKEN,
    )

    live(service, seated(service), 5.0)

    assert service.routes.count("add_pusher") == 2
    assert service.facts == [MemberJoined(ANNA)]


def test_a_v1_dialect_opens_a_forgotten_room_with_its_push_url() -> None:
    service = v1_server(
        wait_events=[NOT_FOUND, NOT_FOUND, NOT_FOUND, QUIET],
        add_pusher=[NOT_FOUND, Seated(1, 1)],
    )

    live(service, seated(service, dialect=Dialect.V1), 5.0)

    create = service.asked[service.routes.index("create_room")].request
    assert create == CreateRoom(
        "kiosk7", "desk", room_id="r1", user_name="Branch 7", push_url=PUSH_URL
    )


def test_a_forgotten_room_that_may_not_be_opened_again_is_lost() -> None:
    service = with_events(
        wait_events=NOT_FOUND, add_pusher=NOT_FOUND, create_room=NOT_FOUND
    )

    live(service, seated(service), 5.0)

    assert service.facts[-1] == SeatLost("no way back into the room: route: code 3: no")


def test_a_peer_that_does_not_return_to_a_forgotten_room_is_told_in_the_end() -> None:
    service = with_events(
        wait_events=[NOT_FOUND, NOT_FOUND, NOT_FOUND, QUIET],
        add_pusher=[NOT_FOUND, Seated(1, 1)],
        get_pushers=room("r1", ME),
        pusher_heartbeat=Seated(1, 1),
    )

    live(service, seated(service), 30.0)

    assert service.facts[-1] == MemberLeft("anna", expired=True)


def test_a_seat_given_to_somebody_else_is_lost() -> None:
    service = with_events(wait_events=NOT_A_MEMBER, add_pusher=FULL)

    live(service, seated(service), 5.0)

    lost = service.facts[-1]
    assert isinstance(lost, SeatLost)
    assert "5001" in lost.reason


def test_a_way_back_that_is_not_answered_is_tried_again() -> None:
    service = with_events(
        wait_events=[NOT_A_MEMBER] * 4 + [QUIET],
        add_pusher=[*[Slow(5.0, UNREACHABLE)] * 2, Seated(4, 4)],
    )

    live(service, seated(service), 30.0)

    assert service.facts == [MemberJoined(ANNA)]
    assert service.routes.count("add_pusher") == 3


def test_a_push_url_the_server_forgot_gives_the_media_time_to_bring_another() -> None:
    service = with_events(wait_events=NOT_A_MEMBER, add_pusher=BAD_URL)
    seat = seated(service)

    live(service, seat, 15.0)

    assert service.facts == [MemberJoined(ANNA), StreamForgotten()]
    assert len(service.times("add_pusher")) > 3


def test_media_that_bring_no_other_push_url_cost_the_seat() -> None:
    service = with_events(wait_events=NOT_A_MEMBER, add_pusher=BAD_URL)

    live(service, seated(service), 40.0)

    assert isinstance(service.facts[-1], SeatLost)


def test_a_check_that_finds_no_events_goes_on_without_them() -> None:
    service = with_events(
        pusher_heartbeat=[NOT_A_MEMBER, Seated()],
        wait_events=[QUIET, RouteUnknown("wait_events")],
    )

    live(service, seated(service), 4.0)

    assert service.routes.count("add_pusher") == 1


def test_a_login_refused_for_good_costs_the_seat() -> None:
    service = server(pusher_heartbeat=LOGIN_REFUSED)

    live(service, seated(service), 30.0)

    lost = service.facts[-1]
    assert isinstance(lost, SeatLost)
    assert service.routes.count("pusher_heartbeat") == 2


def test_nonsense_in_the_news_is_survived() -> None:
    service = with_events(wait_events=[RoomProtocolError("a web page"), QUIET])

    live(service, seated(service), 5.0)

    assert service.facts == [MemberJoined(ANNA)]
