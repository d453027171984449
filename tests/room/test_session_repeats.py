"""How a session repeats a request: how often, for how long, and when not."""

from __future__ import annotations

import pytest

from kiosk.errors import RoomNotFound, RoomProtocolError, RoomUnreachable
from kiosk.room.messages import GetPushers, SendRoomTextMsg
from kiosk.room.script import ServerBusy
from tests.fakes.room_answers import (
    ACCOUNT,
    ME,
    NOT_FOUND,
    UNKNOWN,
    UNREACHABLE,
    conversation,
    room,
    server,
)
from tests.fakes.script_player import Slow


def test_a_request_is_repeated_with_growing_pauses_until_it_is_answered() -> None:
    talk = conversation()
    service = server(get_pushers=[UNREACHABLE] * 3 + [room("r1", ME)])
    give_up_at = talk.begin(service.now)

    answer = service.play(talk.insist(GetPushers("r1"), give_up_at))

    assert answer == room("r1", ME)
    assert service.pauses == [0.5, 1.0, 2.0]


def test_repeating_ends_with_the_last_error_before_the_time_is_up() -> None:
    talk, service = conversation(), server(get_pushers=UNREACHABLE)
    give_up_at = talk.begin(service.now)

    with pytest.raises(RoomUnreachable, match="no answer"):
        service.play(talk.insist(GetPushers("r1"), give_up_at))

    assert service.now < give_up_at


def test_nonsense_is_repeated_like_silence() -> None:
    talk = conversation()
    service = server(get_pushers=[RoomProtocolError("a web page"), room("r1", ME)])

    service.play(talk.insist(GetPushers("r1"), talk.begin(service.now)))

    assert service.routes == ["get_pushers", "get_pushers"]


@pytest.mark.parametrize("error", [NOT_FOUND, UNKNOWN])
def test_a_clear_answer_is_not_asked_for_again(error: RoomNotFound) -> None:
    talk, service = conversation(), server(get_pushers=error)

    with pytest.raises(type(error)):
        service.play(talk.insist(GetPushers("r1"), talk.begin(service.now)))

    assert len(service.asked) == 1


def test_a_busy_server_is_left_alone_as_long_as_it_asks() -> None:
    talk = conversation()
    service = server(get_pushers=[ServerBusy("HTTP 503", 4.0), room("r1", ME)])

    service.play(talk.insist(GetPushers("r1"), talk.begin(service.now)))

    assert service.pauses == [4.0]


def test_a_busy_server_cannot_send_us_away_for_more_than_half_a_minute() -> None:
    pause = conversation().pauses.after(1, ServerBusy("HTTP 503", 86400.0))

    assert pause == 30.0


def test_pauses_never_exceed_a_quarter_of_a_minute() -> None:
    pause = conversation().pauses.after(50, UNREACHABLE)

    assert pause == 15.0


def test_no_request_is_given_longer_than_is_left() -> None:
    talk = conversation()
    service = server(get_pushers=[Slow(5.0, UNREACHABLE), room("r1", ME)])

    service.play(talk.insist(GetPushers("r1"), talk.begin(service.now)))

    assert [asked.deadline_s for asked in service.asked] == [5.0, 2.5]


def test_nothing_is_asked_when_no_time_is_left() -> None:
    talk, service = conversation(), server()
    talk.begin(service.now)

    with pytest.raises(RoomUnreachable, match="no time left"):
        service.play(talk.ask(SendRoomTextMsg("r1", "kiosk7", "hello"), 0.0))

    assert service.asked == []


def test_secrets_do_not_show_in_the_repr_of_a_step() -> None:
    talk, service = conversation(), server()
    service.play(talk.log_in(talk.begin(service.now)))
    service.play(talk.ask(GetPushers("r1")))

    shown = repr(service.asked) + repr(ACCOUNT)

    assert "token-1" not in shown
    assert "sig-of-kiosk7" not in shown


def test_a_login_that_is_to_be_tried_once_is_not_repeated() -> None:
    talk, service = conversation(), server(get_login_info=UNREACHABLE)

    with pytest.raises(RoomUnreachable):
        service.play(talk.log_in(None))

    assert service.routes == ["get_login_info"]
    assert service.pauses == []
