"""
Who may ask what: every guarded route of every type, from the table of routes.

Rows S01 to S04 of the reliability programme: each route x oneself, another user,
another's token, no token.  A new route is in the matrix by being in the table.
"""

from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_desk import FakeDesk, Json


FAR = "192.0.2.7"
TYPES = [room_type.value for room_type in RoomType]
NAMES_NOBODY = {
    "get_pushers",
    "get_room_list",
    "get_custom_info",
    "set_custom_field",
    "get_audiences",
}
"""Their bodies name no user."""


def desk_with(folder: str) -> FakeDesk:
    """Return a desk with a room of the host's, and a guest outside it."""
    desk = FakeDesk(ServerSettings())
    for user in ("host", "guest"):
        desk.log_in(user)
    wire = msg.CreateRoom("host", "Desk", "desk", "Host", "1", desk.push_url("host"))
    answer = desk.ask("create_room", wire.to_wire(), user="host", folder=folder)
    assert answer["code"] == 0
    return desk


def table() -> list[tuple[str, str]]:
    """Return folder and name of every guarded route."""
    routes = FakeDesk().routes
    everywhere = [(folder, route) for folder in TYPES for route in routes._guarded]
    return everywhere + [("live_room", route) for route in routes._live]


def whole_body(desk: FakeDesk, user: str) -> Json:
    """Return a body with every field any route wants, naming a user."""
    return {
        "roomID": "desk",
        "userID": user,
        "userName": "Name",
        "userAvatar": "1",
        "userInfo": "",
        "pushURL": desk.push_url("guest"),
        "roomInfo": "Desk",
        "cnt": 1,
        "index": 0,
        "afterSeq": 0,
        "holdS": 0,
        "text": "hello",
        "fieldName": "likes",
        "operation": "inc",
        "mergeParams": {"interface": {}},
        "targets": ["desk"],
        "senderID": "host",
        "size": 3,
        "offset": 0,
        "data": "/9j/",
    }


def code_of(answer: object) -> object:
    assert isinstance(answer, dict), answer
    return answer["code"]


def state(desk: FakeDesk, folder: str) -> Json:
    return desk.ask("get_pushers", {"roomID": "desk"}, user="host", folder=folder)


@pytest.mark.parametrize(("folder", "route"), table())
def test_no_route_acts_for_another_user(folder: str, route: str) -> None:
    desk = desk_with(folder)
    body = whole_body(desk, "host")
    before = state(desk, folder)

    answer = desk.ask_anything(route, body, user="guest", folder=folder)

    if route not in NAMES_NOBODY:
        assert code_of(answer) == 7
    after = state(desk, folder)
    assert after["pushers"] == before["pushers"]


@pytest.mark.parametrize(("folder", "route"), table())
def test_no_route_believes_anothers_token(folder: str, route: str) -> None:
    desk = desk_with(folder)
    query = {"userID": "host", "token": desk.tokens["guest"]}

    answer = desk.ask_anything(
        route, whole_body(desk, "host"), query=query, folder=folder
    )

    assert code_of(answer) == 7


@pytest.mark.parametrize(("folder", "route"), table())
@pytest.mark.parametrize("query", [{}, {"userID": "host"}, {"userID": "", "token": ""}])
def test_no_route_answers_a_stranger_without_a_token(
    folder: str, route: str, query: dict[str, str]
) -> None:
    desk = desk_with(folder)

    answer = desk.ask_anything(
        route, whole_body(desk, "host"), query=query, folder=folder, address=FAR
    )

    assert code_of(answer) == 7


@pytest.mark.parametrize("folder", TYPES)
def test_only_the_creator_ends_a_room(folder: str) -> None:
    desk = desk_with(folder)
    wire = msg.DestroyRoom("desk", "guest").to_wire()

    assert desk.ask("destroy_room", wire, user="guest", folder=folder)["code"] == 3
    wire = msg.DestroyRoom("desk", "host").to_wire()
    assert desk.ask("destroy_room", wire, user="host", folder=folder)["code"] == 0


@pytest.mark.parametrize("folder", TYPES)
@pytest.mark.parametrize("route", ["get_pushers", "get_room_list"])
def test_nobody_outside_is_shown_play_urls(folder: str, route: str) -> None:
    desk = desk_with(folder)
    body: Json = {"roomID": "desk", "cnt": 9, "index": 0}

    seen = desk.ask(route, body, user="guest", folder=folder)
    own = desk.ask(route, body, user="host", folder=folder)

    assert "txSecret" not in str(seen)
    assert "txSecret" in str(own)
