"""What only live_room has: custom fields and an audience."""

from __future__ import annotations

import json
from typing import cast

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.live_routes import MAX_FIELDS
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_core import FakeCore, Json


LIVE = "live_room"


@pytest.fixture
def core() -> FakeCore:
    return live_desk()


def live_desk(settings: ServerSettings | None = None) -> FakeCore:
    core = FakeCore(settings)
    for user in ("host", "viewer"):
        core.log_in(user)
    wire = msg.CreateRoom("host", "Show", "show", "Host", "1", core.push_url("host"))
    assert live(core, "create_room", wire.to_wire(), "host")["code"] == 0
    return core


def live(core: FakeCore, route: str, body: Json, user: str = "viewer") -> Json:
    return core.ask(route, body, user=user, folder=LIVE)


def change(core: FakeCore, name: object, operation: str, **value: object) -> Json:
    body: Json = {"roomID": "show", "fieldName": name, "operation": operation, **value}
    return live(core, "set_custom_field", body)


def custom(core: FakeCore) -> object:
    answer = live(core, "get_custom_info", {"roomID": "show"})
    return json.loads(str(answer["custom"]))


def watch(core: FakeCore, user: str, info: str = "", room: str = "show") -> Json:
    if user not in core.tokens:
        core.log_in(user)
    wire = msg.AddAudience(room, user, info).to_wire()
    return live(core, "add_audience", wire, user)


def audience(core: FakeCore) -> tuple[object, list[Json]]:
    answer = live(core, "get_audiences", {"roomID": "show"})
    return answer["audienceCount"], cast("list[Json]", answer["audiences"])


def test_a_field_is_counted_up_and_down_and_told(core: FakeCore) -> None:
    answers = [change(core, "likes", op)["custom"] for op in ("inc", "inc", "dec")]

    assert answers == ['{"likes":1}', '{"likes":2}', '{"likes":1}']
    assert custom(core) == {"likes": 1}


def test_a_field_is_set_to_a_number_or_a_text(core: FakeCore) -> None:
    change(core, "topic", "set", value="柜台")
    change(core, "price", "set", value=7)
    change(core, "price", "inc")

    assert custom(core) == {"topic": "柜台", "price": 8}


@pytest.mark.parametrize(
    ("name", "operation", "value"),
    [
        ("likes", "set", {}),
        ("likes", "set", {"value": ""}),
        ("likes", "set", {"value": "x" * 257}),
        ("likes", "set", {"value": 2**53}),
        ("likes", "mul", {}),
        ("likes", "", {}),
        ("__proto__.x", "inc", {}),
        ("x" * 65, "inc", {}),
        ("topic", "inc", {}),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_with_1(
    core: FakeCore, name: str, operation: str, value: Json
) -> None:
    change(core, "topic", "set", value="text")

    assert change(core, name, operation, **value)["code"] == 1
    assert custom(core) == {"topic": "text"}


def test_a_value_of_another_kind_is_refused(core: FakeCore) -> None:
    assert change(core, "likes", "set", value=[1])["code"] == -1


def test_a_name_of_every_javascript_object_is_an_ordinary_field(core: FakeCore) -> None:
    change(core, "__proto__", "inc")

    assert custom(core) == {"__proto__": 1}


def test_fields_of_a_room_are_bounded(core: FakeCore) -> None:
    for number in range(MAX_FIELDS):
        assert change(core, f"field{number}", "inc")["code"] == 0

    assert change(core, "one_more", "inc")["code"] == 6
    assert change(core, "field0", "inc")["code"] == 0


def test_custom_fields_are_told_with_the_room(core: FakeCore) -> None:
    change(core, "likes", "inc")

    room = live(core, "get_pushers", {"roomID": "show"})
    assert room["custom"] == '{"likes":1}'


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("get_custom_info", {}),
        ("set_custom_field", {"fieldName": "likes", "operation": "inc"}),
        ("add_audience", {"userID": "viewer", "userInfo": ""}),
    ],
)
def test_nothing_is_kept_for_a_live_room_that_is_not_there(
    core: FakeCore, route: str, body: Json
) -> None:
    assert live(core, route, {"roomID": "nowhere", **body})["code"] == 3


def test_a_full_audience_is_refused_with_1_and_counts_nobody_more() -> None:
    core = live_desk(ServerSettings(max_audience=3))
    for number in range(3):
        assert watch(core, f"viewer{number}")["code"] == 0

    answer = watch(core, "late")

    assert (answer["code"], answer["message"]) == (1, "观众列表满了")
    assert audience(core)[0] == 3
    assert watch(core, "viewer0", "again")["code"] == 0


def test_the_audience_may_be_thirty_by_default(core: FakeCore) -> None:
    codes = [watch(core, f"viewer{number}")["code"] for number in range(31)]

    assert codes == [0] * 30 + [1]


def test_who_watches_is_listed_once_and_counted_in_the_list_of_rooms(
    core: FakeCore,
) -> None:
    watch(core, "viewer", "first")
    watch(core, "viewer", "second")

    assert audience(core) == (1, [{"userID": "viewer", "userInfo": "second"}])
    listed = live(core, "get_room_list", {"cnt": 5, "index": 0})["rooms"]
    assert [room["audienceCount"] for room in cast("list[Json]", listed)] == [1]
    assert "audienceCount" not in live(core, "get_pushers", {"roomID": "show"})


def test_leaving_the_audience_twice_leaves_it_once(core: FakeCore) -> None:
    watch(core, "viewer")
    leave = msg.DeleteAudience("show", "viewer").to_wire()

    assert [live(core, "delete_audience", leave)["code"] for _ in range(2)] == [0, 0]
    assert audience(core) == (0, [])
    gone = msg.DeleteAudience("nowhere", "viewer").to_wire()
    assert live(core, "delete_audience", gone)["code"] == 0


@pytest.mark.parametrize("route", ["add_audience", "delete_audience"])
def test_nobody_watches_or_leaves_for_another_user(core: FakeCore, route: str) -> None:
    body: Json = {"roomID": "show", "userID": "host", "userInfo": ""}

    assert live(core, route, body)["code"] == 7


def test_the_audience_is_shown_play_urls_and_passers_by_are_not(
    core: FakeCore,
) -> None:
    def urls() -> list[object]:
        members = live(core, "get_pushers", {"roomID": "show"})["pushers"]
        return [bool(one["accelerateURL"]) for one in cast("list[Json]", members)]

    before = urls()
    watch(core, "viewer")

    assert (before, urls()) == ([False], [True])


def test_an_audience_goes_with_its_room(core: FakeCore) -> None:
    watch(core, "viewer")
    live(core, "destroy_room", msg.DestroyRoom("show", "host").to_wire(), "host")

    assert audience(core) == (0, [])


@pytest.mark.parametrize(
    "route",
    [
        "get_custom_info",
        "set_custom_field",
        "add_audience",
        "delete_audience",
        "get_audiences",
    ],
)
def test_other_types_and_the_dialect_without_login_do_not_know_them(
    core: FakeCore, route: str
) -> None:
    unknown = {"code": 0, "data": {}}

    assert core.ask(route, {"roomID": "show"}, user="host") == unknown
    assert core.ask(route, {"roomID": "show"}, folder=LIVE) == unknown


def test_they_need_a_login(core: FakeCore) -> None:
    answer = core.ask(
        "get_audiences",
        {"roomID": "show"},
        folder=LIVE,
        query={"userID": "viewer", "token": "x"},
    )

    assert answer["code"] == 7
