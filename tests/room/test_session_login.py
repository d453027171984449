from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.errors import LoginRefused, RoomNotFound, RoomProtocolError, RoomUnreachable
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.messages import (
    Bearer,
    Credentials,
    Dialect,
    GetLoginInfo,
    GetPushers,
    Login,
    RouteUnknown,
    SendRoomTextMsg,
)
from kiosk.room.script import Script, ServerBusy
from tests.fakes.room_answers import (
    ACCOUNT,
    LOGIN_REFUSED,
    ME,
    NOT_FOUND,
    UNKNOWN,
    UNREACHABLE,
    conversation,
    logged_in,
    room,
    server,
    v1_server,
)
from tests.fakes.script_player import Slow


def test_a_login_of_the_second_generation_proves_the_configured_user() -> None:
    talk, service = conversation(), server()

    user_id = service.play(talk.log_in(talk.begin(service.now)))

    assert user_id == talk.user_id == "kiosk7"
    assert talk.dialect is Dialect.V2
    assert [asked.request for asked in service.asked] == [
        GetLoginInfo("kiosk7"),
        Login("1400012345", "12345", "kiosk7", "sig-of-kiosk7"),
    ]


def test_a_login_sends_no_token() -> None:
    talk, service = conversation(), server()

    service.play(talk.log_in(talk.begin(service.now)))

    assert [asked.credentials for asked in service.asked] == [None, None]


def test_a_server_that_does_not_know_the_login_is_of_the_first_generation() -> None:
    talk, service = conversation(), v1_server()

    user_id = service.play(talk.log_in(talk.begin(service.now)))

    assert user_id == "kiosk7"
    assert talk.dialect is Dialect.V1
    assert service.routes == ["get_login_info", "get_im_login_info"]


def test_a_configured_first_generation_is_not_asked_for_the_second() -> None:
    talk, service = conversation(Dialect.V1), v1_server()

    service.play(talk.log_in(talk.begin(service.now)))

    assert service.routes == ["get_im_login_info"]


def test_a_configured_second_generation_never_falls_back() -> None:
    talk, service = conversation(Dialect.V2), server(get_login_info=UNKNOWN)

    with pytest.raises(RouteUnknown):
        service.play(talk.log_in(talk.begin(service.now)))


def test_logging_in_twice_asks_once() -> None:
    talk, service = conversation(), server()

    service.play(talk.log_in(talk.begin(service.now)))
    service.play(talk.log_in(talk.begin(service.now)))

    assert service.routes == ["get_login_info", "login"]


def test_two_logins_at_a_time_are_one() -> None:
    talk = conversation()
    service = server(login=Slow(1.0, logged_in("token-1")))

    def log_in() -> Script[None]:
        yield from talk.log_in(talk.begin(service.now))

    service.play_together([log_in(), log_in()], seconds=3.0)

    assert service.routes == ["get_login_info", "login"]


def test_requests_after_the_login_carry_the_token() -> None:
    talk, service = conversation(), server()
    service.play(talk.log_in(talk.begin(service.now)))

    service.play(talk.ask(GetPushers("r1")))

    assert service.asked[-1].credentials == Credentials("kiosk7", "token-1")


def test_a_server_that_takes_secrets_in_a_header_gets_all_of_them_there() -> None:
    ours = server(get_login_info=replace(ACCOUNT, bearer=True))
    talk = conversation()
    ours.play(talk.log_in(talk.begin(ours.now)))
    ours.play(talk.ask(GetPushers("r1")))

    _, login, asked = ours.asked
    assert login.credentials == Bearer("sig-of-kiosk7")
    assert "userSig" not in login.request.to_wire()
    assert asked.credentials == Credentials("kiosk7", "token-1", bearer=True)


def test_a_refused_signature_is_not_answered_by_logging_in_again() -> None:
    ours = server(get_login_info=replace(ACCOUNT, bearer=True), login=[LOGIN_REFUSED])
    talk = conversation()

    with pytest.raises(LoginRefused):
        ours.play(talk.log_in(talk.begin(ours.now)))

    assert ours.routes == ["get_login_info", "login"]


def test_a_refused_login_is_not_tried_again_for_a_quarter_of_a_minute() -> None:
    service = server(get_login_info=[LOGIN_REFUSED, ACCOUNT])
    talk = conversation()
    for wait_s in (0.0, 1.0, 13.9):
        service.now += wait_s
        with pytest.raises(LoginRefused, match="enrolment key"):
            service.play(talk.log_in(talk.begin(service.now)))
    asked_meanwhile = list(service.routes)
    service.now += 0.2

    assert service.play(talk.log_in(talk.begin(service.now))) == "kiosk7"
    assert asked_meanwhile == ["get_login_info"]


def test_a_refused_token_is_renewed_and_the_request_repeated() -> None:
    talk = conversation()
    service = server(
        login=[logged_in("token-1"), logged_in("token-2")],
        get_pushers=[LOGIN_REFUSED, room("r1", ME)],
    )
    service.play(talk.log_in(talk.begin(service.now)))

    answer = service.play(talk.ask(GetPushers("r1")))

    assert answer == room("r1", ME)
    assert service.asked[-1].credentials == Credentials("kiosk7", "token-2")


def test_who_is_shut_out_is_not_logged_in_until_he_is_let_in_again() -> None:
    talk = conversation()
    service = server(
        get_login_info=[ACCOUNT, LOGIN_REFUSED, LOGIN_REFUSED, ACCOUNT],
        get_pushers=LOGIN_REFUSED,
    )
    service.play(talk.log_in(talk.begin(service.now)))

    with pytest.raises(LoginRefused, match="enrolment key"):
        service.play(talk.ask(GetPushers("r1")))
    service.now += 16.0
    with pytest.raises(LoginRefused, match="enrolment key"):
        service.play(talk.log_in(talk.begin(service.now)))
    service.now += 16.0
    assert service.play(talk.log_in(talk.begin(service.now))) == "kiosk7"
    assert service.routes[-2:] == ["get_login_info", "login"]


def test_a_key_is_shown_where_the_name_is_asked_for_and_nowhere_else() -> None:
    identity = Identity("Branch 7", "kiosk7", enrolment_key="sesame")
    talk, service = Conversation(identity, lambda: 0.5), server()
    service.play(talk.log_in(talk.begin(service.now)))
    service.play(talk.ask(GetPushers("r1")))

    shown = [asked.credentials for asked in service.asked]
    assert shown[0] == Bearer("sesame")
    assert "sesame" not in repr(service.asked)
    assert Bearer("sesame") not in shown[1:]


def test_a_token_refused_twice_within_a_minute_is_not_fought_for() -> None:
    talk = conversation()
    service = server(get_pushers=[LOGIN_REFUSED, room("r1", ME), LOGIN_REFUSED])
    service.play(talk.log_in(talk.begin(service.now)))
    service.play(talk.ask(GetPushers("r1")))

    with pytest.raises(LoginRefused, match="used elsewhere"):
        service.play(talk.ask(GetPushers("r1")))

    assert service.routes.count("login") == 2


def test_a_token_refused_again_after_a_minute_is_renewed_again() -> None:
    talk = conversation()
    answers = [LOGIN_REFUSED, room("r1", ME), LOGIN_REFUSED, room("r1", ME)]
    service = server(get_pushers=answers)
    service.play(talk.log_in(talk.begin(service.now)))
    service.play(talk.ask(GetPushers("r1")))
    service.play(talk.pause(61.0))

    service.play(talk.ask(GetPushers("r1")))

    assert service.routes.count("login") == 3


def test_two_refusals_at_a_time_lead_to_one_login() -> None:
    talk = conversation()
    service = server(
        login=[logged_in("token-1"), Slow(1.0, logged_in("token-2"))],
        get_pushers=[LOGIN_REFUSED, LOGIN_REFUSED, room("r1", ME)],
    )
    service.play(talk.log_in(talk.begin(service.now)))

    def look() -> Script[None]:
        yield from talk.ask(GetPushers("r1"))

    service.play_together([look(), look()], seconds=3.0)

    assert service.routes.count("login") == 2
    assert service.routes.count("get_pushers") == 4


def test_a_refusal_that_arrives_after_the_renewal_does_not_renew_again() -> None:
    talk = conversation()
    answers = [LOGIN_REFUSED, Slow(2.0, LOGIN_REFUSED), room("r1", ME)]
    service = server(
        login=[logged_in("token-1"), logged_in("token-2")], get_pushers=answers
    )
    service.play(talk.log_in(talk.begin(service.now)))

    def look() -> Script[None]:
        yield from talk.ask(GetPushers("r1"))

    service.play_together([look(), look()], seconds=5.0)

    assert service.routes.count("login") == 2


def test_without_a_token_a_refusal_is_final() -> None:
    talk, service = conversation(), v1_server(get_pushers=LOGIN_REFUSED)
    service.play(talk.log_in(talk.begin(service.now)))

    with pytest.raises(LoginRefused):
        service.play(talk.ask(GetPushers("r1")))


def test_logging_out_voids_the_token() -> None:
    talk, service = conversation(), server()
    service.play(talk.log_in(talk.begin(service.now)))

    service.play(talk.log_out())

    assert service.asked[-1].credentials == Credentials("kiosk7", "token-1")
    assert talk.user_id == ""


def test_logging_out_works_where_the_original_throws() -> None:
    talk, service = conversation(), server(logout=UNREACHABLE)
    service.play(talk.log_in(talk.begin(service.now)))

    service.play(talk.log_out())

    assert talk.user_id == ""


def test_without_a_login_logging_out_asks_nothing() -> None:
    talk, service = conversation(), server()

    service.play(talk.log_out())

    assert service.asked == []


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
