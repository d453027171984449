"""What only live_room has: custom fields and an audience."""

from __future__ import annotations

import json
from typing import cast

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.live_routes import MAX_FIELDS
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_desk import FakeDesk, Json


LIVE = "live_room"


@pytest.fixture
def desk() -> FakeDesk:
    return live_desk()


def live_desk(settings: ServerSettings | None = None) -> FakeDesk:
    desk = FakeDesk(settings)
    for user in ("host", "viewer"):
        desk.log_in(user)
    wire = msg.CreateRoom("host", "Show", "show", "Host", "1", desk.push_url("host"))
    assert live(desk, "create_room", wire.to_wire(), "host")["code"] == 0
    return desk


def live(desk: FakeDesk, route: str, body: Json, user: str = "viewer") -> Json:
    return desk.ask(route, body, user=user, folder=LIVE)


def change(desk: FakeDesk, name: object, operation: str, **value: object) -> Json:
    body: Json = {"roomID": "show", "fieldName": name, "operation": operation, **value}
    return live(desk, "set_custom_field", body)


def custom(desk: FakeDesk) -> object:
    answer = live(desk, "get_custom_info", {"roomID": "show"})
    return json.loads(str(answer["custom"]))


def watch(desk: FakeDesk, user: str, info: str = "", room: str = "show") -> Json:
    if user not in desk.tokens:
        desk.log_in(user)
    wire = msg.AddAudience(room, user, info).to_wire()
    return live(desk, "add_audience", wire, user)


def audience(desk: FakeDesk) -> tuple[object, list[Json]]:
    answer = live(desk, "get_audiences", {"roomID": "show"})
    return answer["audienceCount"], cast("list[Json]", answer["audiences"])


def test_a_field_is_counted_up_and_down_and_told(desk: FakeDesk) -> None:
    answers = [change(desk, "likes", op)["custom"] for op in ("inc", "inc", "dec")]

    assert answers == ['{"likes":1}', '{"likes":2}', '{"likes":1}']
    assert custom(desk) == {"likes": 1}


def test_a_field_is_set_to_a_number_or_a_text(desk: FakeDesk) -> None:
    change(desk, "topic", "set", value="柜台")
    change(desk, "price", "set", value=7)
    change(desk, "price", "inc")

    assert custom(desk) == {"topic": "柜台", "price": 8}


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
    desk: FakeDesk, name: str, operation: str, value: Json
) -> None:
    change(desk, "topic", "set", value="text")

    assert change(desk, name, operation, **value)["code"] == 1
    assert custom(desk) == {"topic": "text"}


def test_a_value_of_another_kind_is_refused(desk: FakeDesk) -> None:
    assert change(desk, "likes", "set", value=[1])["code"] == -1


def test_a_name_of_every_javascript_object_is_an_ordinary_field(desk: FakeDesk) -> None:
    change(desk, "__proto__", "inc")

    assert custom(desk) == {"__proto__": 1}


def test_fields_of_a_room_are_bounded(desk: FakeDesk) -> None:
    for number in range(MAX_FIELDS):
        assert change(desk, f"field{number}", "inc")["code"] == 0

    assert change(desk, "one_more", "inc")["code"] == 6
    assert change(desk, "field0", "inc")["code"] == 0


def test_custom_fields_are_told_with_the_room(desk: FakeDesk) -> None:
    change(desk, "likes", "inc")

    room = live(desk, "get_pushers", {"roomID": "show"})
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
    desk: FakeDesk, route: str, body: Json
) -> None:
    assert live(desk, route, {"roomID": "nowhere", **body})["code"] == 3


def test_a_full_audience_is_refused_with_1_and_counts_nobody_more() -> None:
    desk = live_desk(ServerSettings(max_audience=3))
    for number in range(3):
        assert watch(desk, f"viewer{number}")["code"] == 0

    answer = watch(desk, "late")

    assert (answer["code"], answer["message"]) == (1, "观众列表满了")
    assert audience(desk)[0] == 3
    assert watch(desk, "viewer0", "again")["code"] == 0


def test_the_audience_may_be_thirty_by_default(desk: FakeDesk) -> None:
    codes = [watch(desk, f"viewer{number}")["code"] for number in range(31)]

    assert codes == [0] * 30 + [1]


def test_who_watches_is_listed_once_and_counted_in_the_list_of_rooms(
    desk: FakeDesk,
) -> None:
    watch(desk, "viewer", "first")
    watch(desk, "viewer", "second")

    assert audience(desk) == (1, [{"userID": "viewer", "userInfo": "second"}])
    listed = live(desk, "get_room_list", {"cnt": 5, "index": 0})["rooms"]
    assert [room["audienceCount"] for room in cast("list[Json]", listed)] == [1]
    assert "audienceCount" not in live(desk, "get_pushers", {"roomID": "show"})


def test_leaving_the_audience_twice_leaves_it_once(desk: FakeDesk) -> None:
    watch(desk, "viewer")
    leave = msg.DeleteAudience("show", "viewer").to_wire()

    assert [live(desk, "delete_audience", leave)["code"] for _ in range(2)] == [0, 0]
    assert audience(desk) == (0, [])
    gone = msg.DeleteAudience("nowhere", "viewer").to_wire()
    assert live(desk, "delete_audience", gone)["code"] == 0


@pytest.mark.parametrize("route", ["add_audience", "delete_audience"])
def test_nobody_watches_or_leaves_for_another_user(desk: FakeDesk, route: str) -> None:
    body: Json = {"roomID": "show", "userID": "host", "userInfo": ""}

    assert live(desk, route, body)["code"] == 7


def test_the_audience_is_shown_play_urls_and_passers_by_are_not(
    desk: FakeDesk,
) -> None:
    def urls() -> list[object]:
        members = live(desk, "get_pushers", {"roomID": "show"})["pushers"]
        return [bool(one["accelerateURL"]) for one in cast("list[Json]", members)]

    before = urls()
    watch(desk, "viewer")

    assert (before, urls()) == ([False], [True])


def test_an_audience_goes_with_its_room(desk: FakeDesk) -> None:
    watch(desk, "viewer")
    live(desk, "destroy_room", msg.DestroyRoom("show", "host").to_wire(), "host")

    assert audience(desk) == (0, [])


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
    desk: FakeDesk, route: str
) -> None:
    unknown = {"code": 0, "data": {}}

    assert desk.ask(route, {"roomID": "show"}, user="host") == unknown
    assert desk.ask(route, {"roomID": "show"}, folder=LIVE) == unknown


def test_they_need_a_login(desk: FakeDesk) -> None:
    answer = desk.ask(
        "get_audiences",
        {"roomID": "show"},
        folder=LIVE,
        query={"userID": "viewer", "token": "x"},
    )

    assert answer["code"] == 7
