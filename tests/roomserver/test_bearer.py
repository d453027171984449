"""Tokens and signatures in the Authorization header, which no proxy logs (S15, S16)."""

from __future__ import annotations

import pytest

from kiosk.roomserver.asking import Asked
from tests.fakes.im_client import ImClient
from tests.fakes.room_core import LOOPBACK, FakeCore, Json


LISTED: Json = {"cnt": 1, "index": 0}
FAR = "192.0.2.7"


def listed(
    core: FakeCore, authorization: str, query: dict[str, str], address: str = FAR
) -> object:
    answer = core.ask_anything(
        "get_room_list",
        LISTED,
        query=query,
        authorization=authorization,
        address=address,
    )
    assert isinstance(answer, dict)
    return answer["code"]


def test_a_token_is_as_good_in_the_header_as_in_the_query() -> None:
    core = FakeCore()
    core.log_in("alice")
    token = core.tokens["alice"]

    assert listed(core, f"Bearer {token}", {"userID": "alice"}) == 0
    assert listed(core, f"bearer  {token}", {"userID": "alice"}) == 0
    assert listed(core, "", {"userID": "alice", "token": token}) == 0
    assert listed(core, f"Bearer {token}", {"userID": "alice", "token": token}) == 0


def test_two_tokens_that_are_not_the_same_are_refused() -> None:
    core = FakeCore()
    core.log_in("alice")
    core.log_in("bob")
    alice, bob = core.tokens["alice"], core.tokens["bob"]

    for user, header, query in (("alice", bob, alice), ("alice", alice, bob)):
        asked = {"userID": user, "token": query}
        assert listed(core, f"Bearer {header}", asked) == 7


@pytest.mark.parametrize(
    "authorization",
    ["Basic {token}", "{token}", "Bearer", "Bearer x", "Digest {token}"],
)
def test_another_header_is_no_token(authorization: str) -> None:
    core = FakeCore()
    core.log_in("alice")
    header = authorization.replace("{token}", core.tokens["alice"])

    assert listed(core, header, {"userID": "alice"}) == 7


def test_a_token_without_its_user_is_refused_even_to_the_old_dialects_networks() -> (
    None
):
    core = FakeCore()
    core.log_in("alice")

    assert listed(core, f"Bearer {core.tokens['alice']}", {}, LOOPBACK) == 7


def test_a_signature_is_as_good_in_the_header_as_in_the_query() -> None:
    core = FakeCore()
    account = core.ask(
        "get_login_info", query={"userID": "alice"}, method="GET", folder="utils"
    )
    query = {
        "sdkAppID": str(account["sdkAppID"]),
        "accountType": str(account["accType"]),
        "userID": "alice",
    }
    proof = f"Bearer {account['userSig']}"

    assert account["bearer"] is True
    for sent, header, code in (
        (query, proof, 0),
        ({**query, "userSig": str(account["userSig"])}, proof, 0),
        ({**query, "userSig": "another"}, proof, 7),
        (query, "", 7),
    ):
        answer = core.ask_anything(
            "login", query=sent, authorization=header, address=FAR
        )
        assert isinstance(answer, dict)
        assert answer["code"] == code


def test_only_the_login_of_the_second_dialect_speaks_of_headers() -> None:
    answer = FakeCore().ask("get_im_login_info", {"userIDPrefix": "x"})

    assert "bearer" not in answer


def test_the_channel_of_the_originals_takes_no_header() -> None:
    client = ImClient(FakeCore(), "kiosk")
    client.log_in()
    asked = Asked(
        "POST", "/v4/openim/authkey", {}, {}, LOOPBACK, f"Bearer {client.user_sig}"
    )
    answer = client.core.routes.answer(asked)

    assert isinstance(answer, dict)
    assert answer["ActionStatus"] == "FAIL"
