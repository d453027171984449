from __future__ import annotations

import pytest

from kiosk.roomserver.asking import Asked
from tests.fakes.room_core import FakeCore, Json


BAD_IDS = [
    "../etc", "..", "a/b", "a b", "a\x00", "x" * 65, "é", "\u202eabc", "а",  # noqa: RUF001
    "__proto__.x", "a'b", 'a"b', "<b>", "a%2fb", "a\n", "*",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_id_outside_the_grammar_is_refused(bad: str) -> None:
    core = FakeCore()

    assert core.ask("get_push_url", {"userID": bad})["code"] == 1
    assert core.ask("get_pushers", {"roomID": bad})["code"] == 1
    create: Json = {"userID": "u", "roomInfo": "x", "roomID": bad}
    core.log_in("u")
    assert core.ask("create_room", create, user="u")["code"] == 1


@pytest.mark.parametrize("name", ["__proto__", "constructor", "hasOwnProperty"])
def test_names_that_mean_something_elsewhere_mean_nothing_here(name: str) -> None:
    core = FakeCore()

    assert core.ask("get_pushers", {"roomID": name})["code"] == 3


def test_a_field_of_the_wrong_kind_is_an_exception_as_in_the_originals() -> None:
    answer = FakeCore().ask("get_push_url", {"userID": 5})

    assert answer == {"code": -1, "error": "userID: must be text, not a number"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/weapp",
        "/weapp/double_room",
        "/weapp/double_room/",
        "/weapp/double_room/get_pushers/x",
        "/weapp/triple_room/get_pushers",
        "/weapp/double_room/..",
        "/weapp/double_room/../double_room/get_pushers",
        "/weapp/double_room/%67et_pushers",
        "/weapp/utils/getlogfile",
        "/WEAPP/double_room/get_pushers",
        "/get_pushers",
        "/weapp/double_room/__class__",
        "/weapp/double_room/get_pushers\x00",
    ],
)
def test_any_other_path_is_an_unknown_route(path: str) -> None:
    asked = Asked("POST", path, {}, {"roomID": "desk"}, "127.0.0.1")

    assert FakeCore().routes.answer(asked) == {"code": 0, "data": {}}


@pytest.mark.parametrize(
    "path", ["//weapp/double_room//get_pushers", "/weapp//double_room/get_pushers/"]
)
def test_double_slashes_count_once(path: str) -> None:
    asked = Asked("POST", path, {}, {"roomID": "nowhere"}, "127.0.0.1")

    answer = FakeCore().routes.answer(asked)

    assert isinstance(answer, dict)
    assert answer["code"] == 3


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_a_known_route_with_another_method_is_unknown(method: str) -> None:
    answer = FakeCore().ask("get_pushers", {"roomID": "r"}, method=method)

    assert answer == {"code": 0, "data": {}}
