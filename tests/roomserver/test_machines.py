"""A name in use by one machine is not given to another, whoever copied its card."""

from __future__ import annotations

from kiosk.roomserver.sessions import LEASE_S
from tests.fakes.room_core import FakeCore, Json


def log_in(core: FakeCore, instance: str = "") -> Json:
    account = core.ask(
        "get_login_info", query={"userID": "kiosk7"}, method="GET", folder="utils"
    )
    query = {
        "sdkAppID": str(account["sdkAppID"]),
        "accountType": str(account["accType"]),
        "userID": "kiosk7",
        "userSig": str(account["userSig"]),
    }
    answer = core.ask("login", query={**query, "instance": instance})
    if answer["code"] == 0:
        core.tokens["kiosk7"] = str(answer["token"])
    return answer


def serves(core: FakeCore) -> bool:
    return core.ask("get_room_list", {"cnt": 1, "index": 0}, user="kiosk7")["code"] == 0


def test_clients_are_told_that_machines_are_told_apart() -> None:
    account = FakeCore().ask(
        "get_login_info", query={"userID": "kiosk7"}, method="GET", folder="utils"
    )

    assert account["instances"] is True


def test_a_clone_is_kept_out_and_the_first_one_serves_on() -> None:
    core = FakeCore()
    log_in(core, "a1")

    refused = log_in(core, "b2")

    assert refused["code"] == 7
    assert "in use by another machine" in str(refused["message"])
    assert serves(core)


def test_the_same_machine_is_let_in_again_at_once() -> None:
    core = FakeCore()
    log_in(core, "a1")

    assert log_in(core, "a1")["code"] == 0
    assert serves(core)


def test_another_machine_takes_the_place_of_one_that_was_silent_for_long() -> None:
    core = FakeCore()
    log_in(core, "a1")
    core.clock.move(LEASE_S - 0.1)
    assert log_in(core, "b2")["code"] == 7
    assert serves(core)
    core.clock.move(LEASE_S + 0.1)

    assert log_in(core, "b2")["code"] == 0


def test_whoever_does_not_say_which_machine_it_is_is_as_with_the_originals() -> None:
    core = FakeCore()
    log_in(core, "a1")
    assert log_in(core)["code"] == 0

    assert log_in(core, "b2")["code"] == 0
