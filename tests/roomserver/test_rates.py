"""How often one login or one address may ask, and anybody guess (S11, S14)."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from kiosk.room.im import ImCode
from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.asking import Page
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.fleet_routes import FleetDoor
from kiosk.roomserver.rates import RateLimits
from kiosk.roomserver.routes import Answer
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.im_client import ImClient
from tests.fakes.raw_http import HEARTBEAT, LIST, post, raw_server
from tests.fakes.room_core import LOOPBACK, FakeCore, Json


LISTED: Json = {"cnt": 1, "index": 0}
FAR = "192.0.2.7"


def ask(core: FakeCore, user: str, token: str = "", **asked: str) -> Answer:
    query = {"userID": user, "token": token or core.tokens[user]}
    route = asked.pop("route", "get_room_list")
    return core.ask_anything(
        route, {**LISTED, "roomID": "desk", "userID": user}, query=query, **asked
    )


def code_of(answer: Answer) -> object:
    """Return RTCRoom's code, or HTTP's status where that says no."""
    if isinstance(answer, Page):
        return answer.status
    assert isinstance(answer, dict)
    return answer["code"]


def flooded(user: str = "alice") -> FakeCore:
    core = FakeCore(ServerSettings(rates=RateLimits(requests_per_identity=2.0)))
    core.log_in(user)
    answers = [code_of(ask(core, user)) for _ in range(12)]
    assert answers == [0] * 9 + [429] * 3  # its login was one of ten
    return core


def test_who_asks_too_often_is_told_for_how_long_to_stay_away() -> None:
    answer = ask(flooded(), "alice")

    assert isinstance(answer, Page)
    assert answer.status == 429
    assert ("Retry-After", "1") in answer.headers
    assert answer.body == b'{"code":6,"message":"too often"}'


def test_a_flood_costs_nobody_else_anything() -> None:
    core = flooded()
    core.log_in("bob")

    assert code_of(ask(core, "bob")) == 0


def test_heartbeats_are_never_refused_for_their_number() -> None:
    core = flooded()

    beats = {code_of(ask(core, "alice", route="pusher_heartbeat")) for _ in range(99)}

    assert beats == {5}  # there is no such room: answered, not put off


def test_time_grants_what_was_refused() -> None:
    core = flooded()
    core.clock.move(1.0)

    assert [code_of(ask(core, "alice")) for _ in range(3)] == [0, 0, 429]


def test_logins_are_counted_with_the_rest() -> None:
    core = FakeCore(ServerSettings(rates=RateLimits(requests_per_identity=1.0)))
    for _ in range(5):
        core.log_in("alice")

    with pytest.raises(AssertionError, match="429"):
        core.log_in("alice")


async def test_reports_of_one_login_are_counted_too() -> None:
    core = flooded()
    door = FleetDoor(core.core.fleet, core.core.caller, core.core.turns)
    routes = door.routes()
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    query = {"userID": "alice", "token": core.tokens["alice"]}
    async with httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        answer = await client.post("/kiosk/report", params=query, json={})

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"


def test_commands_of_the_im_channel_are_counted_and_refused_in_its_words() -> None:
    limits = RateLimits(requests_per_identity=1.0)
    client = ImClient(FakeCore(ServerSettings(rates=limits)), "kiosk")
    client.log_in()
    codes = [client.ask("v4/openim/authkey")["ErrorCode"] for _ in range(5)]

    assert codes == [0] * 4 + [ImCode.TOO_OFTEN]


def guessing(address: str = FAR) -> tuple[FakeCore, str]:
    """Return a desk at which an address has guessed alice's token five times."""
    core = FakeCore()
    core.log_in("alice")
    right = core.tokens["alice"]
    wrong = "0" * 32 + right[32:]
    answers = [code_of(ask(core, "alice", wrong, address=address)) for _ in range(6)]
    assert answers == [7] * 5 + [429]
    return core, wrong


def test_wrong_tokens_have_to_wait_after_five() -> None:
    core, wrong = guessing()

    assert code_of(ask(core, "alice", wrong, address=FAR)) == 429
    core.clock.move(60.0)
    assert code_of(ask(core, "alice", wrong, address=FAR)) == 7


def test_guessing_in_somebodys_name_shuts_nobody_out() -> None:
    core, wrong = guessing(LOOPBACK)
    core.log_in("bob")

    assert code_of(ask(core, "alice")) == 0
    assert code_of(ask(core, "bob")) == 0
    assert code_of(ask(core, "alice", wrong, address=FAR)) == 7


def test_a_wrong_token_with_a_heartbeat_is_just_wrong() -> None:
    core, wrong = guessing()

    answer = ask(core, "alice", wrong, address=FAR, route="pusher_heartbeat")

    assert code_of(answer) == 7


def test_a_token_of_a_login_the_server_forgot_is_no_guess() -> None:
    core, wrong = guessing()
    elsewhere = [
        code_of(ask(core, f"kiosk-{number}", wrong, address=FAR)) for number in range(9)
    ]

    assert elsewhere == [7] * 9


def test_wrong_signatures_have_to_wait_after_five() -> None:
    core = FakeCore()
    account = core.ask(
        "get_login_info", query={"userID": "bob"}, method="GET", folder="utils"
    )
    query = {
        "sdkAppID": str(account["sdkAppID"]),
        "accountType": str(account["accType"]),
        "userID": "alice",  # it is bob's
        "userSig": str(account["userSig"]),
    }
    answers = [code_of(core.ask_anything("login", query=query)) for _ in range(7)]

    assert answers == [7] * 5 + [429] * 2
    assert core.ask("login", query={**query, "userID": "bob"})["code"] == 0


async def test_one_address_may_ask_only_so_often_and_beats_on() -> None:
    limits = AdmissionLimits(requests_per_address=1.0, proxies=())
    async with raw_server(BorderLimits(admission=limits)) as connect:
        client, other = await connect(), await connect()
        within = [await client.ask(post()) for _ in range(5)]
        other.send(post(LIST))
        status, said = await other.answer()
        beats = [await other.ask(post(HEARTBEAT)) for _ in range(9)]

    assert within == [200] * 5
    assert status == 429
    assert b"\r\nRetry-After: 2\r\n" in said
    assert beats == [200] * 9


async def test_proxies_stand_for_many_clients_and_are_not_counted() -> None:
    limits = AdmissionLimits(requests_per_address=1.0)
    async with raw_server(BorderLimits(admission=limits)) as connect:
        client = await connect()

        assert {await client.ask(post()) for _ in range(20)} == {200}
