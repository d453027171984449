"""A stream that moved, and what we say ourselves, while we have a seat."""

from __future__ import annotations

import pytest

from kiosk.errors import RoomNotFound
from kiosk.room.membership import MISSING_S
from kiosk.room.messages import AddPusher, EventKind, GetPushUrl, Seated, WaitEvents
from kiosk.room.script import MemberJoined, MemberLeft, SeatLost, TextArrived
from tests.fakes.room_answers import (
    ANNA,
    BERT,
    ME,
    NOT_A_MEMBER,
    NOT_FOUND,
    PUSH_URL,
    UNREACHABLE,
    event,
    events,
    member,
    room,
    server,
    v1_server,
)
from tests.fakes.seated import QUIET, live, seated, with_events


def test_a_peer_that_is_given_our_new_stream_is_not_shown_ourselves() -> None:
    service = server(get_pushers=room("r1", member("anna", "new"), ME))
    seat = seated(service)

    service.play(seat.move_stream("rtmp://relay/live/new?k=1", service.now))

    assert service.facts == []
    assert [one.play_url for one in seat.members] == [ANNA.play_url]


def test_a_fresh_push_url_is_asked_for_our_room() -> None:
    service = server()
    seat = seated(service)

    assert service.play(seat.new_push_url(service.now)) == PUSH_URL
    assert service.asked[-1].request == GetPushUrl("kiosk7", "r1")


def test_a_moved_stream_is_announced_and_remembered() -> None:
    service = v1_server(pusher_heartbeat=NOT_A_MEMBER)
    seat = seated(service)

    service.play(seat.move_stream("rtmp://relay/live/new?k=1", service.now))
    live(service, seat, 3.0)

    pushed = [
        asked.request.push_url
        for asked in service.asked
        if isinstance(asked.request, AddPusher)
    ]
    assert pushed == ["rtmp://relay/live/new?k=1"] * 2


def test_a_moved_stream_opens_a_forgotten_room_again() -> None:
    service = with_events(add_pusher=[NOT_FOUND, Seated(1, 1)], wait_events=NOT_FOUND)
    seat = seated(service)

    service.play(seat.move_stream("rtmp://relay/live/new?k=1", service.now))

    assert service.routes == [
        "add_pusher",
        "wait_events",
        "get_room_list",
        "create_room",
        "add_pusher",
        "get_pushers",
    ]


def test_a_server_that_counts_anew_has_forgotten_our_peer_too() -> None:
    service = with_events(add_pusher=Seated(1, 1), get_pushers=room("r1", ME))
    seat = seated(service)

    service.play(seat.move_stream("rtmp://relay/live/new?k=1", service.now))
    live(service, seat, 1.0)

    assert service.facts == [MemberJoined(ANNA)]
    waits = [one.request for one in service.asked if one.route == "wait_events"]
    assert waits == [WaitEvents("r1", "kiosk7", 1, MISSING_S)]


def test_after_a_moved_stream_the_others_are_looked_at_at_once() -> None:
    service = with_events(get_pushers=[room("r1", ANNA, BERT, ME)])
    seat = seated(service)

    service.play(seat.move_stream("rtmp://relay/live/new?k=1", service.now))

    assert service.facts == [MemberJoined(BERT)]


def test_a_moved_stream_counts_though_nobody_can_be_looked_at() -> None:
    service = with_events(get_pushers=UNREACHABLE)
    seat = seated(service)

    service.play(seat.move_stream("rtmp://relay/live/new?k=1", service.now))

    assert service.routes == ["add_pusher", "get_pushers"]


def test_a_room_that_was_closed_takes_no_moved_stream() -> None:
    closed = events(event(4, EventKind.ROOM_CLOSED, ""), seq=4)
    service = with_events(add_pusher=NOT_FOUND, wait_events=closed)
    seat = seated(service)

    with pytest.raises(RoomNotFound):
        service.play(seat.move_stream("rtmp://relay/live/new?k=1", service.now))

    assert service.routes == ["add_pusher", "wait_events"]
    assert service.facts == [SeatLost("the room was closed", room_ended=True)]


def test_after_our_own_text_the_next_news_are_asked_for_at_once() -> None:
    # The server ends the wait of everybody, but tells the sender nothing.
    service = with_events(wait_events=[events(seq=4), QUIET])

    live(service, seated(service), 1.0)

    assert service.times("wait_events") == [0.0, 0.0]


def test_a_text_said_before_leaving_is_told_before_the_departure() -> None:
    said = events(
        event(4, EventKind.TEXT, "anna", "bye"), event(5, EventKind.LEFT), seq=5
    )
    service = with_events(wait_events=[said, QUIET])

    live(service, seated(service), 1.0)

    assert service.facts[1:] == [
        TextArrived("anna", "Anna", "bye"),
        MemberLeft("anna"),
    ]


def test_an_original_room_that_is_gone_takes_no_moved_stream() -> None:
    service = v1_server(add_pusher=NOT_FOUND, get_pushers=room("r1", ANNA, ME))
    seat = seated(service)
    service.play_together([seat.news(service.now)], 3.0)

    with pytest.raises(RoomNotFound):
        service.play(seat.move_stream("rtmp://relay/live/new?k=1", service.now))


def test_a_text_is_sent_once() -> None:
    service = server(send_room_text_msg=UNREACHABLE)
    seat = seated(service)

    with pytest.raises(type(UNREACHABLE)):
        service.play(seat.send_text("hello", service.now))

    assert service.routes == ["send_room_text_msg"]


def test_the_others_can_be_asked_for_at_any_time() -> None:
    service = server()

    assert seated(service).members == (ANNA,)
