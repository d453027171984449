"""One id for one logical request, the same at each retry, where servers know ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from kiosk.errors import RoomUnreachable
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.membership import Joined, Membership
from kiosk.room.messages import (
    DeletePusher,
    Done,
    GetPushers,
    GetPushUrl,
    PusherHeartbeat,
    Seated,
)
from kiosk.room.seating import open_room
from tests.fakes.room_answers import (
    ACCOUNT,
    ANNA,
    LOGIN_REFUSED,
    PUSH_URL,
    UNREACHABLE,
    logged_in,
    server,
)
from tests.fakes.script_player import ScriptPlayer


OURS = replace(ACCOUNT, request_ids=True)
LOST = [UNREACHABLE, UNREACHABLE, Done()]


def conversation() -> Conversation:
    numbers = count(1)
    identity = Identity("Branch 7", "kiosk7")
    return Conversation(
        identity, lambda: 0.5, new_id=lambda: f"request-{next(numbers)}"
    )


def talking(service: ScriptPlayer) -> Conversation:
    talk = conversation()
    service.play(talk.log_in(talk.begin(service.now)))
    service.asked.clear()
    return talk


def ids(service: ScriptPlayer, route: str) -> list[str]:
    return [asked.request_id for asked in service.asked if asked.route == route]


def test_every_retry_of_a_request_has_its_id_and_the_next_request_another() -> None:
    service = server(get_login_info=OURS, delete_pusher=[*LOST, Done()])
    talk = talking(service)

    for _ in range(2):
        leave = DeletePusher("r1", "kiosk7")
        service.play(talk.insist(leave, talk.begin(service.now)))

    first, *rest = ids(service, "delete_pusher")
    assert rest[:2] == [first, first]
    assert rest[2] != first
    assert len(rest) == 3


def test_a_request_repeated_after_a_new_login_keeps_its_id() -> None:
    service = server(
        get_login_info=OURS,
        login=[logged_in("token-1"), logged_in("token-2")],
        delete_pusher=[LOGIN_REFUSED, Done()],
    )
    talk = talking(service)

    service.play(talk.ask(DeletePusher("r1", "kiosk7")))

    first, again = ids(service, "delete_pusher")
    assert first == again != ""


@pytest.mark.parametrize(
    "request_of", [lambda: GetPushers("r1"), lambda: PusherHeartbeat("r1", "kiosk7")]
)
def test_what_is_only_read_has_no_id(request_of: Callable[[], GetPushers]) -> None:
    service = server(get_login_info=OURS)
    talk = talking(service)

    service.play(talk.ask(request_of()))

    assert [asked.request_id for asked in service.asked] == [""]


def test_originals_are_sent_no_id() -> None:
    service = server()
    talk = talking(service)

    service.play(talk.ask(GetPushUrl("kiosk7")))

    assert ids(service, "get_push_url") == [""]


def test_a_room_is_opened_again_and_again_only_where_that_opens_one() -> None:
    ours = server(get_login_info=OURS)
    original = server()
    made = ours.play(talking(ours).ask(GetPushUrl("kiosk7")))
    for service in (ours, original):
        service.answer("create_room", [UNREACHABLE, UNREACHABLE, made])

    talk = talking(ours)
    until = talk.begin(ours.now)
    ours.play(open_room(talk, "", "desk", PUSH_URL, until))
    talk = talking(original)
    until = talk.begin(original.now)
    with pytest.raises(RoomUnreachable):
        original.play(open_room(talk, "", "desk", PUSH_URL, until))

    assert len(set(ids(ours, "create_room"))) == 1
    assert ours.routes == ["create_room"] * 3
    assert original.routes == ["create_room"]


def test_a_text_is_sent_again_only_where_it_cannot_arrive_twice() -> None:
    ours, original = server(get_login_info=OURS), server()
    for service in (ours, original):
        service.answer("send_room_text_msg", [UNREACHABLE, Done()])

    def say(service: ScriptPlayer) -> None:
        joined = Joined("r1", "desk", PUSH_URL, Seated(), (ANNA,))
        seat = Membership(talking(service), joined)
        service.play(seat.send_text("hello", service.now))

    say(ours)
    with pytest.raises(RoomUnreachable):
        say(original)

    first, again = ids(ours, "send_room_text_msg")
    assert first == again != ""
    assert original.routes == ["send_room_text_msg"]
