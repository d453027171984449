from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.server_process import settings_of
from kiosk.config.load import load_server
from kiosk.room import messages as msg
from kiosk.room.usersig import DEFAULT_VALIDITY_S
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_core import FakeCore, Json


STRANGER = "192.0.2.7"


def login_query(core: FakeCore, user: str) -> dict[str, str]:
    account = core.ask(
        "get_login_info", query={"userID": user}, method="GET", folder="utils"
    )
    return {
        "sdkAppID": str(account["sdkAppID"]),
        "accountType": str(account["accType"]),
        "userID": user,
        "userSig": str(account["userSig"]),
    }


def test_a_user_signature_opens_a_session() -> None:
    core = FakeCore()
    answer = core.ask("login", query=login_query(core, "alice"), address=STRANGER)
    core.tokens["alice"] = str(answer["token"])

    assert answer["userID"] == "alice"
    listed = core.ask(
        "get_room_list", {"cnt": 1, "index": 0}, user="alice", address=STRANGER
    )
    assert listed["code"] == 0


@pytest.mark.parametrize("route", ["get_im_login_info", "get_login_info"])
def test_a_fresh_user_id_is_unguessable_and_of_the_grammar(route: str) -> None:
    core = FakeCore()
    folder = "utils" if route == "get_login_info" else "double_room"

    given = {
        str(core.ask(route, {"userIDPrefix": "x"}, folder=folder)["userID"])
        for _ in range(3)
    }

    assert len(given) == 3
    assert {len(user_id) for user_id in given} == {len("user_") + 32}


def test_a_user_signature_is_given_to_trusted_networks_only() -> None:
    core = FakeCore()

    for route, folder in (
        ("get_login_info", "utils"),
        ("get_im_login_info", "double_room"),
    ):
        answer = core.ask(route, {"userIDPrefix": "x"}, folder=folder, address=STRANGER)
        assert answer["code"] == 7
        assert "userSig" not in answer


def test_who_may_speak_the_old_dialect_is_given_the_signature_it_begins_with() -> None:
    core = FakeCore(ServerSettings(compat_networks=("192.0.2.0/24",)))
    asked: Json = {"userIDPrefix": "x"}

    assert core.ask("get_im_login_info", asked, address=STRANGER)["code"] == 0
    assert core.ask("get_im_login_info", asked)["code"] == 7  # loopback is not added
    nobody = FakeCore(ServerSettings(trusted_networks=()))
    assert nobody.ask("get_im_login_info", asked)["code"] == 7


def test_a_file_that_turns_originals_off_gives_nobody_a_signature(
    tmp_path: Path,
) -> None:
    file = tmp_path / "server.toml"
    file.write_text('[compat]\noriginals = "off"\n', encoding="utf-8")
    core = FakeCore(settings_of(load_server(file).config))

    for route, folder in (
        ("get_login_info", "utils"),
        ("get_im_login_info", "double_room"),
    ):
        answer = core.ask(route, {"userIDPrefix": "x"}, folder=folder)
        assert answer["code"] == 7
        assert "userSig" not in answer


@pytest.mark.parametrize(
    "route",
    [
        "get_push_url", "create_room", "add_pusher", "delete_pusher", "destroy_room",
        "pusher_heartbeat", "get_pushers", "get_room_list", "wait_events",
        "send_room_text_msg", "logout", "login",
    ],
)  # fmt: skip
def test_the_dialect_without_login_is_for_named_networks_only(route: str) -> None:
    core = FakeCore()
    body: dict[str, object] = {"userID": "u", "roomID": "r", "cnt": 1, "index": 0}

    assert core.ask(route, body, address=STRANGER)["code"] == 7
    off = FakeCore(ServerSettings(compat_networks=()))
    assert off.ask(route, body)["code"] == 7


@pytest.mark.parametrize("address", ["", "testclient", "::g", "10.0.0.256"])
def test_an_address_that_is_none_is_in_no_network(address: str) -> None:
    answer = FakeCore().ask("get_pushers", {"roomID": "r"}, address=address)

    assert answer["code"] == 7


@pytest.mark.parametrize("address", ["127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_every_loopback_address_is_loopback(address: str) -> None:
    answer = FakeCore().ask("get_pushers", {"roomID": "r"}, address=address)

    assert answer["code"] == 3


def test_an_expired_user_signature_logs_nobody_in() -> None:
    core = FakeCore()
    query = login_query(core, "alice")
    core.clock.move(DEFAULT_VALIDITY_S + 1)

    assert core.ask("login", query=query)["code"] == 7


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("userID", "mallory", 7),
        ("sdkAppID", "1", 7),
        ("accountType", "1", 7),
        ("userSig", "AAAA", -1),
        ("userSig", "", 7),
        ("userID", "", 7),
        ("userID", "a b", 1),
    ],
)
def test_a_login_with_one_wrong_field_is_refused(
    name: str, value: str, code: int
) -> None:
    core = FakeCore()
    query = {**login_query(core, "alice"), name: value}

    answer = core.ask("login", query=query)

    assert answer["code"] == code
    assert "token" not in answer


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"userID": "alice", "token": "{bob}"}, 1),
        ({"userID": "alice", "token": "abc"}, 2),
        ({"userID": "carol", "token": "{bob}"}, 3),
        ({"userID": "alice"}, 4),
        ({"token": "{bob}"}, 4),
    ],
)
def test_a_token_is_refused_with_the_originals_sub_code(
    query: dict[str, str], number: int
) -> None:
    core = FakeCore()
    core.log_in("alice")
    core.log_in("bob")
    query = {
        name: value.replace("{bob}", core.tokens["bob"])
        for name, value in query.items()
    }

    answer = core.ask("get_room_list", {"cnt": 1, "index": 0}, query=query)

    assert answer["code"] == 7
    assert f"错误码:{number} " in str(answer["message"])


def test_a_new_login_voids_the_old_token() -> None:
    core = FakeCore()
    core.log_in("alice")
    old = core.tokens["alice"]
    core.log_in("alice")
    query = {"userID": "alice", "token": old}

    assert core.ask("get_pushers", {"roomID": "r"}, query=query)["code"] == 7
    assert core.ask("get_pushers", {"roomID": "r"}, user="alice")["code"] == 3


def test_logging_out_voids_the_token() -> None:
    core = FakeCore()
    core.log_in("alice")

    assert core.ask("logout", user="alice")["code"] == 0
    assert core.ask("get_pushers", {"roomID": "r"}, user="alice")["code"] == 7


def test_a_token_not_used_for_long_is_void() -> None:
    core = FakeCore()
    for user in ("alice", "bob"):
        core.log_in(user)
    core.clock.move(11 * 3600)
    assert core.ask("get_pushers", {"roomID": "r"}, user="alice")["code"] == 3
    core.clock.move(2 * 3600)

    assert core.ask("get_pushers", {"roomID": "r"}, user="bob")["code"] == 7
    core.sweep()
    assert core.ask("get_pushers", {"roomID": "r"}, user="alice")["code"] == 3


def test_the_old_dialects_login_is_answered_with_an_account() -> None:
    answer = FakeCore().ask("login", query={"userID": "alice"})

    assert answer["code"] == 0
    assert {"token", "userSig", "sdkAppID", "accType"} <= set(answer)
    account = msg.read_answer(msg.Login("", "", "alice", ""), msg.dump_json(answer))
    assert account.account is not None
