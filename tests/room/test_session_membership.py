"""What is done while one has a seat: heartbeats, news, texts, and who comes and goes."""

from __future__ import annotations

import itertools

import pytest

from kiosk.room.goodbye import LONGEST_S
from kiosk.room.membership import (
    FIRST_HEARTBEAT_S,
    HOLD_S,
    LONGEST_PERIOD_S,
    Joined,
    Membership,
)
from kiosk.room.messages import (
    EventKind,
    Events,
    PusherHeartbeat,
    RoomEvent,
    Seated,
    WaitEvents,
)
from kiosk.room.script import (
    MemberJoined,
    MemberLeft,
    MemberMoved,
    MemberStreamLost,
    RecordingTold,
    SeatLost,
    TextArrived,
)
from tests.fakes.room_answers import (
    ANNA,
    BERT,
    ME,
    NOT_FOUND,
    PUSH_URL,
    UNREACHABLE,
    conversation,
    event,
    events,
    member,
    room,
    server,
    v1_server,
)
from tests.fakes.script_player import Slow
from tests.fakes.seated import QUIET, live, seated, with_events


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


def test_a_recording_is_told_when_the_heartbeats_answer_changes_and_not_oftener() -> (
    None
):
    on, off = Seated(3, 3, recording=True), Seated(3, 3)
    service = server(pusher_heartbeat=[off, on, on, off, on])

    live(service, seated(service), 40.0)

    told = [fact.is_on for fact in service.facts if isinstance(fact, RecordingTold)]
    assert told == [True, False, True]


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
