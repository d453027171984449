"""A request that comes again under its id has its effect once (P12)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import cast

import httpx
import pytest

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import CloudCall
from kiosk.roomserver.http import Door
from kiosk.roomserver.kept_answers import (
    KEEP_S,
    MAX_ANSWERS,
    MAX_PER_CALLER,
    KeptAnswers,
    name_of,
)
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.mixing import MixingAccount
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import ForgetfulLedger
from kiosk.roomserver.store_sqlite import open_ledger
from tests.fakes.eventually import eventually
from tests.fakes.http_in_memory import HttpInMemory
from tests.fakes.noting_ledger import NotingLedger
from tests.fakes.room_core import FakeCore, Json
from tests.fakes.room_world import settle


ID = "0123456789abcdef"
LIVE = RoomType.LIVE.value
"""Every route of :data:`~kiosk.room.requests.HAD_ONCE` is there."""


class Scene(FakeCore):
    """A room of each kind with the agent in it; the kiosk is logged in."""

    def __init__(self) -> None:
        account = MixingAccount(1_250_000_000, "k" * 32)
        settings = ServerSettings(creator_leaves=CreatorLeaves.STAY, mixing=account)
        super().__init__(settings)
        self.create("agent")
        self.create("kiosk", "mine")
        wire = msg.CreateRoom("agent", "Show", "show", "A", "1", self.push_url("agent"))
        self.ask("create_room", wire.to_wire(), user="agent", folder=LIVE)

    def bodies(self) -> dict[str, tuple[Json, str]]:
        """Return a good request of each route that has an effect, and its folder."""
        url = self.push_url("kiosk")
        line = msg.QueueSeat("kiosk", ("full",), 0, 0.0).to_wire()
        self.ask("queue_seat", line, user="kiosk")
        inc = msg.FieldChange.INCREASE
        requests: list[tuple[msg.Request[object], str]] = [
            (msg.GetPushUrl("kiosk"), ""),
            (msg.CreateRoom("kiosk", "New"), ""),
            (msg.AddPusher("desk", "kiosk", "K", url), ""),
            (msg.DeletePusher("mine", "kiosk"), ""),
            (msg.DestroyRoom("mine", "kiosk"), ""),
            (msg.SendRoomTextMsg("mine", "kiosk", "hello"), ""),
            (msg.LeaveQueue("kiosk"), ""),
            (msg.SetCustomField("show", "likes", inc), LIVE),
            (msg.AddAudience("show", "kiosk", "K"), LIVE),
            (msg.DeleteAudience("show", "kiosk"), LIVE),
        ]
        return {
            request.ROUTE: (request.to_wire(), folder or "double_room")
            for request, folder in requests
        }


def facts(core: FakeCore) -> object:
    """Return what the tables hold, as others see it."""
    rooms = [
        record for room_type in RoomType for record in core.core.rooms.listed(room_type)
    ]
    return rooms, len(core.core._grants), core.relay.cuts


@pytest.mark.parametrize("route", sorted(msg.HAD_ONCE - {"merge_stream"}))
def test_a_repeated_request_is_answered_alike_and_has_its_effect_once(
    route: str,
) -> None:
    core = Scene()
    body, folder = core.bodies()[route]
    if route == "delete_audience":
        join = msg.AddAudience("show", "kiosk", "K").to_wire()
        core.ask("add_audience", join, user="kiosk", folder=LIVE)

    def ask() -> Json:
        return core.ask(route, body, user="kiosk", folder=folder, request_id=ID)

    first = ask()
    after = facts(core)
    again = [ask() for _ in range(3)]

    assert first["code"] == 0
    assert again == [first] * 3
    assert facts(core) == after


def test_without_an_id_the_same_request_is_another_one() -> None:
    core = FakeCore()
    core.log_in("kiosk")

    assert core.push_url("kiosk") != core.push_url("kiosk")


def push_url(core: FakeCore, user: str, request_id: str = ID, room: str = "") -> str:
    wire = msg.GetPushUrl(user, room).to_wire()
    return str(
        core.ask("get_push_url", wire, user=user, request_id=request_id)["pushURL"]
    )


def test_an_id_is_worth_nothing_to_anybody_else() -> None:
    core = FakeCore()
    for user in ("kiosk", "mallory"):
        core.log_in(user)
    mine = push_url(core, "kiosk")
    body = msg.GetPushUrl("kiosk").to_wire()

    assert push_url(core, "mallory") != mine
    refused = core.ask("get_push_url", body, user="mallory", request_id=ID)
    assert refused["code"] == 7
    assert core.ask("get_push_url", body, request_id=ID)["code"] == 7
    body = msg.GetPushUrl("walk-in").to_wire()
    here, there = (
        core.ask("get_push_url", body, address=address, request_id=ID)
        for address in ("127.0.0.1", "127.0.0.2")
    )
    assert here["code"] == 0
    assert there["code"] == 7


def test_a_void_login_is_given_no_answer_of_its_own_either() -> None:
    core = FakeCore()
    core.log_in("kiosk")
    push_url(core, "kiosk")
    old = core.tokens["kiosk"]
    core.log_in("kiosk")
    core.tokens["kiosk"] = old

    wire = msg.GetPushUrl("kiosk").to_wire()
    assert core.ask("get_push_url", wire, user="kiosk", request_id=ID)["code"] == 7


def test_a_new_login_of_the_same_user_still_has_its_answers() -> None:
    core = FakeCore()
    core.log_in("kiosk")
    first = push_url(core, "kiosk")
    core.log_in("kiosk")

    assert push_url(core, "kiosk") == first


def test_another_request_under_the_same_id_is_no_repetition() -> None:
    core = FakeCore()
    core.log_in("kiosk")
    first = push_url(core, "kiosk")
    made = msg.CreateRoom("kiosk", "Mine").to_wire()
    here, there = (
        core.ask("create_room", made, user="kiosk", request_id=ID, folder=folder)
        for folder in ("double_room", "multi_room")
    )

    assert push_url(core, "kiosk", room="desk") != first
    assert here["roomID"] != there["roomID"]


def test_a_refusal_is_not_kept() -> None:
    core = FakeCore()
    core.log_in("kiosk")
    url = core.push_url("kiosk")
    wire = msg.AddPusher("desk", "kiosk", "K", url).to_wire()
    refused = core.ask("add_pusher", wire, user="kiosk", request_id=ID)
    core.create("agent")

    seated = core.ask("add_pusher", wire, user="kiosk", request_id=ID)

    assert (refused["code"], seated["code"]) == (3, 0)


@pytest.mark.parametrize(
    "bad", ["short", "x" * 65, "0123 4567", "0123456é", "a/b/c/d/e"]
)
def test_an_id_outside_the_grammar_is_refused(bad: str) -> None:
    core = FakeCore()
    core.log_in("kiosk")
    wire = msg.GetPushUrl("kiosk").to_wire()

    answer = core.ask("get_push_url", wire, user="kiosk", request_id=bad)

    assert answer["code"] == 1
    assert str(answer["field"]).startswith("Kiosk-Request-Id: ")


def test_reading_under_an_id_reads_anew() -> None:
    core = FakeCore()
    core.create("agent")
    body = msg.GetPushers("desk").to_wire()
    before = core.ask("get_pushers", body, user="agent", request_id=ID)
    core.join("kiosk")
    after = core.ask("get_pushers", body, user="agent", request_id=ID)

    assert [len(cast("list[Json]", one["pushers"])) for one in (before, after)] == [
        1,
        2,
    ]


def test_answers_are_kept_for_a_minute() -> None:
    core = FakeCore()
    core.log_in("kiosk")
    first = push_url(core, "kiosk")
    core.clock.move(KEEP_S - 1)
    again = push_url(core, "kiosk")
    core.clock.move(1)

    assert again == first
    assert push_url(core, "kiosk") != first
    core.clock.move(KEEP_S)
    core.sweep()
    assert len(core.core._answers) == 0


def test_answers_are_bounded_per_caller_and_in_all() -> None:
    ledger = NotingLedger()
    kept = KeptAnswers(ledger)
    for number in range(MAX_PER_CALLER + 3):
        kept.keep("kiosk", f"mine{number}", {"n": number}, 0.0)
    mine = len(kept)
    for number in range(MAX_ANSWERS + 5):
        kept.keep(f"user{number}", f"other{number}", {}, 0.0)

    assert mine == MAX_PER_CALLER
    assert len(kept) == MAX_ANSWERS
    assert kept.find("mine0", 0.0) is None
    assert kept.find(f"other{MAX_ANSWERS + 4}", 0.0) == {}


def test_fields_of_a_name_cannot_be_moved_into_each_other() -> None:
    names = {
        name_of("V2 a", "r/x", "b" * 8, {}),
        name_of("V2 ar", "/x", "b" * 8, {}),
        name_of("V2 a", "r/xb", "b" * 7, {}),
        name_of("V2 a", "r/x", "b" * 8, {"a": 1}),
    }

    assert len(names) == 4


async def test_an_answer_outlives_the_process_with_what_it_tells(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rooms.db"
    wire = msg.CreateRoom("agent", "Desk").to_wire()
    rooms = []
    tokens: dict[str, str] = {}
    for _ in range(2):
        ledger = open_ledger(path, lambda: "era")
        async with ledger.writing():
            core = FakeCore(ledger=ledger)
            core.tokens = tokens
            if not tokens:
                core.log_in("agent")
            answer = core.ask("create_room", wire, user="agent", request_id=ID)
            rooms.append(answer["roomID"])

    assert rooms[0] == rooms[1]


def test_a_spoilt_answer_is_left_out() -> None:
    ledger = ForgetfulLedger()
    kept = KeptAnswers(ledger)
    kept.take_in("good", {"who": "a", "answer": {"n": 1}}, 0.0)
    kept.take_in("good", {"who": "a", "answer": {"n": 2}}, 0.0)

    assert kept.find("good", 0.0) == {"n": 2}
    kept.take_in("good", None, 0.0)
    assert len(kept) == 0


# -- while the first is still in work -------------------------------------------


Ask = Callable[[httpx.AsyncClient, str], Coroutine[None, None, object]]


class SlowCloud:
    """A cloud that answers when the test says so."""

    def __init__(self) -> None:
        self.calls = 0
        self.may_answer = asyncio.Event()

    async def __call__(self, call: CloudCall) -> bytes | None:
        self.calls += 1
        await self.may_answer.wait()
        return b'{"code":0,"n":%d}' % self.calls


def merge(core: FakeCore) -> Ask:
    """Return how the agent has the streams of its live room mixed."""
    core.log_in("agent")
    url = core.push_url("agent")
    wire = msg.CreateRoom("agent", "Show", "show", "A", "1", url).to_wire()
    core.ask("create_room", wire, user="agent", folder=LIVE)
    stream = url.partition("?")[0].rpartition("/")[2]
    para = {
        "interface": "mix_streamv2.start_mix_stream_advanced",
        "mix_stream_session_id": stream,
        "output_stream_id": stream,
        "input_stream_list": [{"input_stream_id": stream}],
    }
    interface = {"interfaceName": "Mix_StreamV2", "para": para}
    body = msg.MergeStream("show", "agent", {"interface": interface}).to_wire()
    query = {"userID": "agent", "token": core.tokens["agent"]}

    async def ask(client: httpx.AsyncClient, request_id: str) -> object:
        headers = {"kiosk-request-id": request_id} if request_id else {}
        answer = await client.post(
            "/weapp/live_room/merge_stream", json=body, params=query, headers=headers
        )
        return answer.json()["result"]

    return ask


async def test_a_repetition_waits_for_the_first_and_is_answered_alike() -> None:
    account = MixingAccount(1_250_000_000, "k" * 32)
    core, cloud = FakeCore(ServerSettings(mixing=account)), SlowCloud()
    ask = merge(core)
    door = Door(core.routes, LongPolls(), cloud)
    async with (
        httpx.AsyncClient(
            transport=HttpInMemory(door), base_url="http://server"
        ) as client,
        asyncio.TaskGroup() as tasks,
    ):
        first, again = (tasks.create_task(ask(client, ID)) for _ in range(2))
        other = tasks.create_task(ask(client, secrets.token_hex(8)))
        await eventually(lambda: cloud.calls == 2)
        await settle()
        calls_before = cloud.calls
        cloud.may_answer.set()

    assert calls_before == 2
    assert first.result() == again.result()
    assert other.result() != {}
    assert cloud.calls == 2
    assert core.routes.repeats._inside == {}
