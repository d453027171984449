from __future__ import annotations

import itertools

import pytest

from kiosk.errors import RoomNotFound, RoomProtocolError
from kiosk.room.goodbye import LONGEST_S
from kiosk.room.membership import (
    FIRST_HEARTBEAT_S,
    HOLD_S,
    LONGEST_PERIOD_S,
    Joined,
    Membership,
)
from kiosk.room.messages import (
    AddPusher,
    CreateRoom,
    Dialect,
    EventKind,
    Events,
    GetPushUrl,
    Member,
    PusherHeartbeat,
    RoomEvent,
    RouteUnknown,
    Seated,
    WaitEvents,
)
from kiosk.room.script import (
    MemberJoined,
    MemberLeft,
    MemberMoved,
    MemberStreamLost,
    SeatLost,
    TextArrived,
)
from tests.fakes.room_answers import (
    ANNA,
    BAD_URL,
    BERT,
    FULL,
    LOGIN_REFUSED,
    ME,
    NOT_A_MEMBER,
    NOT_FOUND,
    PUSH_URL,
    TAKEN,
    UNREACHABLE,
    conversation,
    event,
    events,
    member,
    room,
    server,
    v1_server,
)
from tests.fakes.script_player import ScriptPlayer, Slow


QUIET = Slow(HOLD_S, events(seq=3))
"""A long poll in which nothing happens."""


def with_events(**answers: object) -> ScriptPlayer:
    return server(**({"wait_events": QUIET} | answers))


def seated(
    service: ScriptPlayer, *members: Member, dialect: Dialect | None = None
) -> Membership:
    talk = conversation(dialect)
    service.play(talk.log_in(talk.begin(service.now)))
    service.asked.clear()
    joined = Joined("r1", "desk", PUSH_URL, Seated(3, 3), members or (ANNA, ME))
    return Membership(talk, joined)


def live(service: ScriptPlayer, seat: Membership, seconds: float) -> None:
    scripts = [seat.heartbeats(service.now), seat.news(service.now)]
    service.play_together(scripts, seconds)


def test_the_members_already_there_are_told_first() -> None:
    service = server()

    live(service, seated(service), 1.0)

    assert service.facts == [MemberJoined(ANNA)]


def test_heartbeats_begin_within_3_s_and_come_every_5_to_7_s() -> None:
    service = server()

    live(service, seated(service), 60.0)

    times = service.times("pusher_heartbeat")
    assert times[0] == FIRST_HEARTBEAT_S < 3.0
    assert all(5.0 <= b - a <= 7.0 for a, b in itertools.pairwise(times))
    assert service.asked[2].request == PusherHeartbeat("r1", "kiosk7", epoch=3)


def test_a_slow_answer_does_not_slow_the_heartbeats() -> None:
    service = server(pusher_heartbeat=Slow(4.0, Seated(3, 3)))

    live(service, seated(service), 60.0)

    times = service.times("pusher_heartbeat")
    assert all(b - a <= LONGEST_PERIOD_S for a, b in itertools.pairwise(times))


def test_the_server_may_ask_for_quicker_heartbeats_but_not_for_a_flood() -> None:
    service = server(pusher_heartbeat=Seated(3, 3, heartbeat_s=0.001))

    live(service, seated(service), 20.0)

    assert len(service.times("pusher_heartbeat")) < 25


def test_heartbeats_never_stop_after_failures_and_come_sooner() -> None:
    service = server(pusher_heartbeat=[UNREACHABLE] * 4 + [Seated(3, 3)])

    live(service, seated(service), 30.0)

    times = service.times("pusher_heartbeat")
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert gaps[:4] == [0.5, 1.0, 2.0, 4.0]
    assert len(times) >= 7


def test_in_a_long_outage_heartbeats_keep_their_period() -> None:
    service = server(pusher_heartbeat=UNREACHABLE)

    live(service, seated(service), 300.0)

    times = service.times("pusher_heartbeat")
    assert max(b - a for a, b in itertools.pairwise(times)) == LONGEST_PERIOD_S


def test_where_the_server_has_no_events_the_room_is_looked_at() -> None:
    service = server(get_pushers=[room("r1", ANNA, ME), room("r1", ANNA, BERT, ME)])

    live(service, seated(service), 9.0)

    assert service.routes.count("wait_events") == 1
    assert service.times("get_pushers") == [2.0, 4.0, 6.0, 8.0]
    assert service.facts == [MemberJoined(ANNA), MemberJoined(BERT)]


def test_where_the_server_has_events_nothing_is_polled() -> None:
    service = with_events()

    live(service, seated(service), 60.0)

    assert service.times("wait_events") == [0.0, 20.0, 40.0, 60.0]
    assert service.times("get_pushers") == []
    assert service.asked[0].request == WaitEvents("r1", "kiosk7", 3, HOLD_S)
    assert service.asked[0].deadline_s == HOLD_S + 5.0


def test_an_arrival_is_told_after_one_look() -> None:
    arrival = events(event(4, EventKind.PUSHERS_CHANGED, "bert"), seq=4)
    service = with_events(
        wait_events=[arrival, QUIET], get_pushers=room("r1", ANNA, BERT, ME)
    )

    live(service, seated(service), 1.0)

    assert service.facts == [MemberJoined(ANNA), MemberJoined(BERT)]
    assert service.routes == ["wait_events", "get_pushers", "wait_events"]
    assert service.asked[-1].request == WaitEvents("r1", "kiosk7", 4, HOLD_S)


def test_a_member_with_a_new_stream_has_moved() -> None:
    there = member("anna", "s8", "Anna")
    back = events(event(4, EventKind.PUSHERS_CHANGED), seq=4)
    service = with_events(wait_events=[back, QUIET], get_pushers=room("r1", there, ME))

    live(service, seated(service), 1.0)

    assert service.facts == [MemberJoined(ANNA), MemberMoved(there)]


@pytest.mark.parametrize(
    ("kind", "expired"), [(EventKind.LEFT, False), (EventKind.EXPIRED, True)]
)
def test_a_departure_is_told_without_a_look(kind: EventKind, *, expired: bool) -> None:
    service = with_events(wait_events=[events(event(4, kind), seq=4), QUIET])

    live(service, seated(service), 1.0)

    assert service.facts == [MemberJoined(ANNA), MemberLeft("anna", expired)]
    assert "get_pushers" not in service.routes


def test_a_lost_stream_of_a_member_is_told_and_our_own_is_not() -> None:
    lost = events(
        event(4, EventKind.STREAM_LOST, "kiosk7"),
        event(5, EventKind.STREAM_LOST, "anna"),
        seq=5,
    )
    service = with_events(wait_events=[lost, QUIET])

    live(service, seated(service), 1.0)

    assert service.facts == [MemberJoined(ANNA), MemberStreamLost("anna")]


def test_a_text_is_told_with_its_senders_name() -> None:
    said = events(event(4, EventKind.TEXT, "anna", "hello"), seq=4)
    service = with_events(wait_events=[said, QUIET])

    live(service, seated(service), 1.0)

    assert service.facts[1:] == [TextArrived("anna", "Anna", "hello")]


def test_a_text_that_a_program_said_is_told_with_its_mark() -> None:
    said = events(RoomEvent(4, EventKind.TEXT, "anna", text="off", cmd="muted"), seq=4)
    service = with_events(wait_events=[said, QUIET])

    live(service, seated(service), 1.0)

    assert service.facts[1:] == [TextArrived("anna", "Anna", "off", "muted")]


def test_a_repeated_event_is_told_once() -> None:
    said = events(event(4, EventKind.TEXT, "anna", "hello"), seq=4)
    service = with_events(wait_events=[said, said, QUIET])

    live(service, seated(service), 5.0)

    assert len(service.facts) == 2


def test_a_server_that_stops_is_given_the_time_it_asks_for() -> None:
    service = with_events(wait_events=[Events((), 3, retry_ms=1500), QUIET])

    live(service, seated(service), 10.0)

    assert service.times("wait_events") == [0.0, 1.5]
    assert service.times("get_pushers") == []
    assert service.facts == [MemberJoined(ANNA)]


def test_a_server_that_stops_for_long_is_asked_sooner_than_it_says() -> None:
    service = with_events(wait_events=[Events((), 3, retry_ms=3_600_000), QUIET])

    live(service, seated(service), 10.0)

    assert service.times("wait_events") == [0.0, LONGEST_S]


def test_what_happened_before_a_server_stops_is_told_before_the_wait() -> None:
    said = RoomEvent(4, EventKind.TEXT, "anna", text="hello")
    service = with_events(wait_events=[Events((said,), 4, retry_ms=1000), QUIET])

    live(service, seated(service), 0.5)

    assert service.facts[1:] == [TextArrived("anna", "Anna", "hello")]


def test_a_server_that_does_not_hold_is_not_asked_without_end() -> None:
    service = with_events(wait_events=events(seq=3))

    live(service, seated(service), 20.0)

    assert len(service.times("wait_events")) == 11


def test_the_end_of_the_room_ends_everything() -> None:
    closed = events(event(4, EventKind.ROOM_CLOSED, ""), seq=4)
    service = with_events(wait_events=closed)

    live(service, seated(service), 60.0)

    assert service.facts[-1] == SeatLost("the room was closed", room_ended=True)
    assert service.routes == ["wait_events"]


def test_what_was_said_before_the_end_is_told_before_it() -> None:
    last_words = events(
        event(4, EventKind.TEXT, "anna", "goodbye"),
        event(5, EventKind.LEFT, "anna"),
        event(6, EventKind.ROOM_CLOSED, ""),
        seq=6,
    )
    service = with_events(wait_events=last_words)

    live(service, seated(service), 60.0)

    assert service.facts == [
        MemberJoined(ANNA),
        TextArrived("anna", "Anna", "goodbye"),
        MemberLeft("anna"),
        SeatLost("the room was closed", room_ended=True),
    ]


def test_after_a_failed_long_poll_the_room_is_looked_at() -> None:
    service = with_events(
        wait_events=[UNREACHABLE, QUIET], get_pushers=room("r1", BERT, ME)
    )

    live(service, seated(service), 1.0)

    assert service.routes == ["wait_events", "get_pushers", "wait_events"]
    assert service.facts[1:] == [MemberLeft("anna"), MemberJoined(BERT)]


def test_a_dead_long_poll_becomes_plain_polling() -> None:
    service = with_events(wait_events=UNREACHABLE)

    live(service, seated(service), 10.0)

    looks = service.times("get_pushers")
    assert looks == [0.5, 2.5, 4.5, 6.5, 8.5]


def test_in_an_outage_news_are_asked_for_ever_more_rarely() -> None:
    service = with_events(wait_events=UNREACHABLE, get_pushers=UNREACHABLE)

    live(service, seated(service), 120.0)

    looks = service.times("get_pushers")
    assert looks[:4] == [0.5, 1.5, 3.5, 7.5]
    assert max(b - a for a, b in itertools.pairwise(looks)) == 15.0


def test_a_failed_first_look_of_the_joining_is_made_up_for() -> None:
    service = with_events(get_pushers=room("r1", ANNA, ME))
    talk = conversation()
    service.play(talk.log_in(talk.begin(service.now)))
    seat = Membership(talk, Joined("r1", "", PUSH_URL, Seated(3, 3), ()))

    live(service, seat, 1.0)

    assert service.facts == [MemberJoined(ANNA)]


def test_a_heartbeat_that_knows_of_later_events_brings_a_look() -> None:
    service = with_events(
        pusher_heartbeat=Seated(3, 4), get_pushers=room("r1", ANNA, BERT, ME)
    )

    live(service, seated(service), 3.0)

    assert service.routes == ["wait_events", "pusher_heartbeat", "get_pushers"]
    assert service.facts[-1] == MemberJoined(BERT)


def test_an_original_room_that_is_gone_was_closed() -> None:
    service = v1_server(get_pushers=NOT_FOUND)

    live(service, seated(service), 60.0)

    assert service.facts[-1] == SeatLost("the room is gone")
    assert "add_pusher" not in service.routes


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

    assert service.facts == [MemberJoined(ANNA)]
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
    assert waits == [WaitEvents("r1", "kiosk7", 1, HOLD_S)]


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
