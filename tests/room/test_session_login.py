"""A session logs in, proves itself, and logs in again where a server forgot it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.errors import LoginRefused
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.messages import (
    Bearer,
    Credentials,
    Dialect,
    GetLoginInfo,
    GetPushers,
    Login,
    RouteUnknown,
)
from kiosk.room.script import Script
from tests.fakes.room_answers import (
    ACCOUNT,
    FORGOTTEN,
    LOGIN_REFUSED,
    ME,
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


def test_a_server_that_tells_machines_apart_is_told_which_this_is() -> None:
    identity = Identity("Branch 7", "kiosk7", instance="a1")
    for instances, told in ((True, "a1"), (False, "")):
        ours = server(get_login_info=replace(ACCOUNT, instances=instances))
        talk = Conversation(identity, lambda: 0.5)
        ours.play(talk.log_in(talk.begin(ours.now)))

        login = ours.asked[-1].request
        assert isinstance(login, Login)
        assert login.instance == told
        assert login.to_wire().get("instance", "") == told


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


def test_whoever_was_given_a_name_is_logged_in_again_under_it() -> None:
    talk = conversation(user_id="")
    service = server(get_pushers=[LOGIN_REFUSED, room("r1", ME)])
    service.play(talk.log_in(talk.begin(service.now)))

    service.play(talk.ask(GetPushers("r1")))

    asked = [one.request for one in service.asked]
    names = [one.user_id for one in asked if isinstance(one, GetLoginInfo)]
    assert names == ["", "kiosk7"]


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


def test_a_server_that_forgot_every_login_is_told_again_each_time() -> None:
    talk = conversation()
    answers = [FORGOTTEN, room("r1", ME)] * 3
    service = server(get_pushers=answers)
    service.play(talk.log_in(talk.begin(service.now)))

    for _ in range(3):
        assert service.play(talk.ask(GetPushers("r1"))) == room("r1", ME)

    assert service.routes.count("login") == 4
    assert talk.logins_again.times_forgotten == 3


def test_a_login_after_such_a_loss_is_no_turn_in_a_fight_for_the_identity() -> None:
    talk = conversation()
    answers = [FORGOTTEN, room("r1", ME), LOGIN_REFUSED, room("r1", ME), LOGIN_REFUSED]
    service = server(get_pushers=answers)
    service.play(talk.log_in(talk.begin(service.now)))
    service.play(talk.ask(GetPushers("r1")))
    service.play(talk.ask(GetPushers("r1")))

    with pytest.raises(LoginRefused, match="used elsewhere"):
        service.play(talk.ask(GetPushers("r1")))


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
