"""Tickets from the client's side: asked for where they are given, fetched anew each time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.errors import NotAMember
from kiosk.room.membership import Joined, Membership
from kiosk.room.messages import GetPushers, GetPushUrl, GetRoomList, Member, Seated
from kiosk.room.roster import compare
from kiosk.room.session import RoomSession, Wanted
from tests.fakes.room_answers import (
    ACCOUNT,
    ANNA,
    ME,
    PUSH_URL,
    conversation,
    room,
    server,
    v1_server,
)
from tests.fakes.script_player import ScriptPlayer


OURS = replace(ACCOUNT, tickets=True)


def ticketed(stream: str, number: int) -> Member:
    """Return Anna as a look shows her: with another ticket each time."""
    return replace(ANNA, play_url=f"rtmp://relay/live/{stream}?v=2&jti={number}")


def wishes(service: ScriptPlayer) -> list[bool]:
    asked = (one.request for one in service.asked)
    kinds = GetPushUrl | GetPushers | GetRoomList
    return [request.tickets for request in asked if isinstance(request, kinds)]


def enter(service: ScriptPlayer) -> Membership:
    session = RoomSession(conversation(), Wanted(("desk",)))
    place = service.play(session.find_place(service.now))
    seat = service.play(session.join(place, service.now))  # type: ignore[arg-type]
    service.play(session.check(service.now))
    return seat


def test_tickets_are_asked_for_where_the_server_gives_them() -> None:
    service = server(get_login_info=OURS)

    enter(service)

    assert wishes(service) == [True] * 4


@pytest.mark.parametrize("original", [server, v1_server])
def test_originals_are_asked_as_ever(original: type[ScriptPlayer]) -> None:
    service = original()

    enter(service)

    assert wishes(service) == [False] * 4


def test_another_ticket_for_the_same_stream_is_no_news() -> None:
    before, again, moved = (ticketed("s1", 1), ticketed("s1", 2), ticketed("s2", 3))

    assert compare([before], [again], "me").is_empty
    assert compare([before], [moved], "me").moved == (moved,)
    assert compare([before], [ANNA], "me").moved == (ANNA,)


def seated(service: ScriptPlayer, *members: Member) -> Membership:
    talk = conversation()
    service.play(talk.log_in(talk.begin(service.now)))
    return Membership(talk, Joined("r1", "desk", PUSH_URL, Seated(), members))


def test_a_fresh_play_url_is_looked_up_without_telling_anything() -> None:
    service = server(get_login_info=OURS, get_pushers=room("r1", ticketed("s1", 2), ME))
    seat = seated(service, ticketed("s1", 1))

    url = service.play(seat.play_url("anna", service.now))

    assert url == "rtmp://relay/live/s1?v=2&jti=2"
    assert service.facts == []


def test_there_is_no_fresh_play_url_of_who_is_gone() -> None:
    service = server(get_login_info=OURS, get_pushers=room("r1", ME))
    seat = seated(service, ticketed("s1", 1))

    with pytest.raises(NotAMember):
        service.play(seat.play_url("anna", service.now))
