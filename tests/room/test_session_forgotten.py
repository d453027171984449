"""A server that began anew knows neither room nor stream; its media server may go on."""

from __future__ import annotations

import pytest

from kiosk.errors import RoomNotFound, RoomRefused
from kiosk.room.membership import HOLD_S, MISSING_S, Joined, Membership
from kiosk.room.messages import CreateRoom, EventKind, Seated, WaitEvents
from kiosk.room.script import (
    MemberJoined,
    MemberLeft,
    Pause,
    Script,
    SeatLost,
    StreamForgotten,
)
from tests.fakes.room_answers import (
    ANNA,
    BAD_URL,
    BERT,
    FULL,
    ME,
    NOT_A_MEMBER,
    NOT_FOUND,
    PUSH_URL,
    conversation,
    event,
    events,
    refused,
    room,
    rooms,
)
from tests.fakes.script_player import ScriptPlayer, Slow
from tests.fakes.seated import QUIET, live, seated, with_events


NEW_URL = "rtmp://relay/live/new?k=1"
GONE_ON = SeatLost("the call went on in another room", room_ended=True)
ANNAS_NEXT = rooms(room("r2", ANNA, label="desk"))


def forgetful(**answers: object) -> ScriptPlayer:
    """Return a server that forgot room r1 and takes us there once it is opened again."""
    forgotten: dict[str, object] = {
        "wait_events": [
            NOT_FOUND,
            NOT_FOUND,
            NOT_FOUND,
            Slow(MISSING_S, events(seq=1)),
        ],
        "add_pusher": [NOT_FOUND, Seated(1, 1)],
        "get_pushers": room("r1", ME),
        "get_room_list": rooms(),
        "pusher_heartbeat": Seated(1, 1),
    }
    return with_events(**(forgotten | answers))


def moved(seat: Membership, after_s: float) -> Script[None]:
    """Announce another stream, so many seconds from now."""
    paused = yield Pause(after_s)
    yield from seat.move_stream(NEW_URL, paused.at)


def test_a_stream_the_server_forgot_is_told_once_so_that_it_moves() -> None:
    service = with_events(wait_events=NOT_A_MEMBER, add_pusher=BAD_URL)

    live(service, seated(service), 10.0)

    assert service.facts == [MemberJoined(ANNA), StreamForgotten()]


def test_a_room_that_is_opened_again_stays_whose_it_was() -> None:
    service = forgetful(get_pushers=[room("r1", ANNA, ME), room("r1", ME)])
    talk = conversation(None)
    service.play(talk.log_in(talk.begin(service.now)))
    joined = Joined("r1", "desk", PUSH_URL, Seated(3, 3), (ANNA, ME), creator="anna")

    live(service, Membership(talk, joined), 5.0)

    create = service.asked[service.routes.index("create_room")].request
    assert create == CreateRoom(
        "kiosk7", "desk", room_id="r1", user_name="Branch 7", creator="anna"
    )


def test_a_forgotten_room_whose_creator_left_it_and_has_another_has_ended() -> None:
    service = forgetful(get_room_list=ANNAS_NEXT)
    talk = conversation(None)
    service.play(talk.log_in(talk.begin(service.now)))
    joined = Joined("r1", "desk", PUSH_URL, Seated(3, 3), (BERT, ME), creator="anna")

    live(service, Membership(talk, joined), 5.0)

    assert service.facts == [MemberJoined(BERT), GONE_ON]
    assert "create_room" not in service.routes


def test_media_that_bring_another_stream_by_themselves_are_told_nothing() -> None:
    service = with_events(
        wait_events=[NOT_A_MEMBER, NOT_A_MEMBER, QUIET], add_pusher=[BAD_URL, Seated()]
    )
    seat = seated(service)
    scripts = [seat.news(service.now), moved(seat, 0.4)]

    service.play_together(scripts, 5.0)

    assert service.facts == [MemberJoined(ANNA)]


def test_any_other_refusal_is_waited_out() -> None:
    service = with_events(wait_events=NOT_A_MEMBER, add_pusher=refused(RoomRefused, 6))

    live(service, seated(service), 10.0)

    assert service.facts == [MemberJoined(ANNA)]


def test_a_stream_that_is_forgotten_again_is_told_again() -> None:
    service = with_events(wait_events=NOT_A_MEMBER, add_pusher=BAD_URL)
    seat = seated(service)
    service.play_together([seat.news(service.now)], 3.0)
    service.answer("add_pusher", Seated(4, 4))

    service.play(seat.move_stream(NEW_URL, service.now))
    service.answer("add_pusher", BAD_URL)
    service.play_together([seat.news(service.now)], 3.0)

    assert service.facts.count(StreamForgotten()) == 2


def test_a_forgotten_room_stays_closed_once_its_call_goes_on_in_another() -> None:
    service = forgetful(get_room_list=ANNAS_NEXT)

    live(service, seated(service), 5.0)

    assert service.facts == [MemberJoined(ANNA), GONE_ON]
    assert "create_room" not in service.routes


@pytest.mark.parametrize(
    "another",
    [
        room("r2", BERT, label="desk"),
        room("r2", ANNA, label="other desk"),
        room("r1", ANNA, label="desk"),
    ],
    ids=["a stranger's", "of another label", "the room itself"],
)
def test_no_other_room_keeps_a_forgotten_one_closed(another: object) -> None:
    service = forgetful(get_room_list=rooms(another))  # type: ignore[arg-type]

    live(service, seated(service), 5.0)

    assert "create_room" in service.routes
    assert service.facts == [MemberJoined(ANNA)]


def test_a_forgotten_room_of_no_label_is_opened_again_without_a_look() -> None:
    service = forgetful(get_room_list=ANNAS_NEXT)
    talk = conversation()
    service.play(talk.log_in(talk.begin(service.now)))
    joined = Joined("r1", "", PUSH_URL, Seated(3, 3), (ANNA, ME))

    live(service, Membership(talk, joined), 5.0)

    assert "create_room" in service.routes
    assert "get_room_list" not in service.routes


def test_who_opens_another_room_only_later_is_found_there_within_seconds() -> None:
    service = forgetful(get_room_list=[rooms(), rooms(), ANNAS_NEXT])

    live(service, seated(service), 5.0)

    assert service.facts == [MemberJoined(ANNA), GONE_ON]
    assert len(service.times("get_room_list")) == 3


def test_whoever_is_missing_is_looked_for_until_it_is_back() -> None:
    back = [room("r1", ME), room("r1", ME), room("r1", ME, ANNA)]
    service = forgetful(get_pushers=back)

    service.play_together([seated(service).news(service.now)], 6.0)

    holds = [
        asked.request.hold_s
        for asked in service.asked
        if isinstance(asked.request, WaitEvents)
    ]
    assert holds[3:6] == [MISSING_S, MISSING_S, HOLD_S]
    assert service.facts == [MemberJoined(ANNA)]


def test_whoever_never_comes_back_is_gone_and_looked_for_no_more() -> None:
    service = forgetful()

    live(service, seated(service), 30.0)

    assert service.facts == [MemberJoined(ANNA), MemberLeft("anna", expired=True)]
    assert max(service.times("get_room_list")) < 15.0


def test_a_room_that_is_closed_while_somebody_is_missing_is_just_closed() -> None:
    closed = Slow(0.6, events(event(2, EventKind.ROOM_CLOSED, ""), seq=2))
    service = forgetful(wait_events=[NOT_FOUND, NOT_FOUND, NOT_FOUND, closed])

    live(service, seated(service), 5.0)

    assert service.facts[-1] == SeatLost("the room was closed", room_ended=True)


def test_a_stream_that_moves_into_such_a_room_finds_it_closed_too() -> None:
    service = forgetful(
        wait_events=NOT_FOUND, add_pusher=NOT_FOUND, get_room_list=ANNAS_NEXT
    )
    seat = seated(service)

    with pytest.raises(RoomNotFound):
        service.play(seat.move_stream(NEW_URL, service.now))

    assert service.facts == [GONE_ON]


def test_a_list_of_rooms_that_is_refused_opens_nothing() -> None:
    service = forgetful(add_pusher=NOT_FOUND, get_room_list=FULL)

    live(service, seated(service), 5.0)

    assert "create_room" not in service.routes
    assert isinstance(service.facts[-1], SeatLost)
