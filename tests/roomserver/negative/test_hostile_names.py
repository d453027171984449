"""Ids outside the grammar, on every route that reads one (S10)."""

from __future__ import annotations

import re

import pytest

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import Asked, Hold
from kiosk.roomserver.routes import UNKNOWN_ROUTE
from tests.fakes.hostile_text import BAD_IDS, ODD_IDS, WRONG_KINDS
from tests.fakes.im_client import GROUPS, ImClient
from tests.fakes.room_core import FakeCore, Json


ID_FIELDS = ("userID", "roomID", "cmd", "fieldName")
REFUSED = {1, -1}


def table() -> list[tuple[str, str]]:
    routes = FakeCore().routes
    return [
        (room_type.value, route)
        for room_type in RoomType
        for route in (
            *routes._guarded,
            *(routes._live if room_type is RoomType.LIVE else ()),
        )
    ]


def whole_body(core: FakeCore) -> Json:
    return {
        "roomID": "desk",
        "userID": "host",
        "userName": "Name",
        "userAvatar": "1",
        "userInfo": "",
        "pushURL": core.push_url("host"),
        "roomInfo": "Desk",
        "cnt": 1,
        "index": 0,
        "afterSeq": 0,
        "holdS": 0,
        "text": "hello",
        "cmd": "muted",
        "fieldName": "likes",
        "operation": "inc",
        "mergeParams": {"interface": {}},
        "targets": ["desk"],
        "position": 0,
    }


def desk_in(folder: str) -> FakeCore:
    core = FakeCore()
    core.log_in("host")
    wire = msg.CreateRoom("host", "Desk", "desk", "Host", "1", core.push_url("host"))
    core.ask("create_room", wire.to_wire(), user="host", folder=folder)
    return core


def rooms_and_members(core: FakeCore) -> object:
    return [
        (record.room_id, [seat.user_id for seat in record.seats], record.custom)
        for record in core.core.rooms._store
    ]


@pytest.mark.parametrize(("folder", "route"), table())
def test_a_name_outside_the_grammar_is_refused_and_changes_nothing(
    folder: str, route: str
) -> None:
    core = desk_in(folder)
    body = whole_body(core)
    reads = [name for name in ID_FIELDS if is_read(core, folder, route, body, name)]
    before = rooms_and_members(core)

    for name in reads:
        for bad in filter(None, BAD_IDS):
            core.clock.move(1)
            answer = core.ask_anything(
                route, {**body, name: bad}, user="host", folder=folder
            )
            assert isinstance(answer, dict), (name, bad)
            assert answer["code"] in REFUSED, (name, bad, answer)
            assert bad not in str(answer) or len(bad) < 3, (name, bad)
    assert rooms_and_members(core) == before


NEEDS_ROOM = {
    "add_pusher",
    "delete_pusher",
    "destroy_room",
    "pusher_heartbeat",
    "get_pushers",
    "wait_events",
    "send_room_text_msg",
    "merge_stream",
    "get_custom_info",
    "set_custom_field",
    "add_audience",
    "delete_audience",
    "get_audiences",
}


def is_read(core: FakeCore, folder: str, route: str, body: Json, name: str) -> bool:
    """Say whether a route looks at a field at all: it minds a number there."""
    core.clock.move(1)
    answer = core.ask_anything(route, {**body, name: 5}, user="host", folder=folder)
    return isinstance(answer, dict) and answer["code"] == -1


def test_every_route_that_names_a_room_or_a_user_was_tried() -> None:
    seen = {
        (route, name)
        for folder, route in table()
        for core in [desk_in(folder)]
        for name in ID_FIELDS
        if is_read(core, folder, route, whole_body(core), name)
    }

    assert {route for route, name in seen if name == "roomID"} >= NEEDS_ROOM
    assert {("create_room", "roomID"), ("queue_seat", "userID")} <= seen
    assert {("set_custom_field", "fieldName"), ("send_room_text_msg", "cmd")} <= seen


@pytest.mark.parametrize(("folder", "route"), table())
def test_a_field_of_another_kind_is_refused_by_name_and_not_quoted(
    folder: str, route: str
) -> None:
    core = desk_in(folder)
    body = whole_body(core)
    for name in body:
        for value in WRONG_KINDS:
            core.clock.move(1)
            answer = core.ask_anything(
                route, {**body, name: value}, user="host", folder=folder
            )
            assert isinstance(answer, dict | Hold), (name, value)
            if isinstance(answer, dict) and answer["code"] == -1:
                said = str(answer["error"])
                assert re.fullmatch(r"\w+: must be [a-z ]+, not [a-z ]+", said)


@pytest.mark.parametrize("name", ODD_IDS)
def test_a_name_that_means_something_elsewhere_is_a_name_like_any_other(
    name: str,
) -> None:
    core = FakeCore()
    assert core.ask("get_pushers", {"roomID": name})["code"] == 3

    core.create(name, name)
    assert list(core.members(name, name)) == [name]
    assert core.beat(name, name)["code"] == 0
    leave = msg.DeletePusher(name, name).to_wire()
    assert core.ask("delete_pusher", leave, user=name)["code"] == 0

    assert core.ask("get_pushers", {"roomID": name})["code"] == 3


@pytest.mark.parametrize("name", BAD_IDS)
def test_a_login_under_such_a_name_is_refused(name: str) -> None:
    core = FakeCore()
    for route, folder in (("get_login_info", "utils"), ("login", "double_room")):
        method = "GET" if folder == "utils" else "POST"
        query = {"userID": name, "userSig": "x", "sdkAppID": "1", "accountType": "1"}
        answer = core.ask(route, query=query, folder=folder, method=method)
        if name or route == "login":  # left out, a name is made
            assert answer["code"] in {1, 7}
            assert "userSig" not in answer


@pytest.mark.parametrize("name", BAD_IDS)
def test_no_group_and_no_route_has_such_a_name(name: str) -> None:
    client = ImClient(FakeCore(), "kiosk")
    client.log_in()
    for command in ("apply_join_group", "quit_group", "send_group_msg"):
        wire: Json = {"GroupId": name, "From_Account": "kiosk", "MsgBody": []}
        answer = client.ask(f"{GROUPS}/{command}", wire)
        if command != "quit_group":
            assert answer["ActionStatus"] == "FAIL"
    if "/" not in name and name:
        asked = Asked("POST", f"/weapp/{name}/{name}", {}, {}, "127.0.0.1")
        assert client.core.routes.answer(asked) == UNKNOWN_ROUTE
