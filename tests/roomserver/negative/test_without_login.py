"""The dialect without login: whoever speaks it is his address and nobody else."""

from __future__ import annotations

import dataclasses

import httpx
import pytest
from starlette.applications import Starlette

from kiosk.room.fleet_report import FleetReport
from kiosk.roomserver.fleet_routes import FleetDoor
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.noting_ledger import NotingLedger
from tests.fakes.room_core import FakeCore, Json


OWN, OTHER, OUTSIDE = "10.0.0.1", "10.0.0.2", "192.0.2.7"
SETTINGS = ServerSettings(compat_networks=("10.0.0.0/8",))
ACTING = [
    "get_push_url",
    "add_pusher",
    "create_room",
    "delete_pusher",
    "destroy_room",
    "pusher_heartbeat",
    "wait_events",
    "send_room_text_msg",
    "queue_seat",
    "leave_queue",
]


def body_for(url: str, room_id: str = "desk") -> Json:
    return {
        "roomID": room_id,
        "userID": "agent",
        "userName": "A",
        "userAvatar": "1",
        "roomName": "Desk",
        "pushURL": url,
        "afterSeq": 0,
        "text": "hello",
        "targets": ["desk"],
        "position": 0,
    }


def seated_without_login(settings: ServerSettings = SETTINGS) -> tuple[FakeCore, Json]:
    """Return a desk where ``agent`` sits from his own address, and his body."""
    core = FakeCore(settings)
    asked = core.ask("get_push_url", {"userID": "agent"}, address=OWN)
    body = body_for(str(asked["pushURL"]))
    assert core.ask("create_room", body, address=OWN)["code"] == 0
    return core, body


def members(core: FakeCore) -> list[object]:
    answer = core.ask("get_pushers", {"roomID": "desk"}, address=OWN)
    assert answer["code"] == 0
    pushers = answer["pushers"]
    assert isinstance(pushers, list)
    return [one["userID"] for one in pushers]


@pytest.mark.parametrize("route", ACTING)
def test_without_a_token_nobody_acts_for_a_name_of_another_address(route: str) -> None:
    core, body = seated_without_login()

    assert core.ask(route, body, address=OTHER)["code"] == 7

    assert members(core) == ["agent"]
    beat: Json = {"roomID": "desk", "userID": "agent"}
    assert core.ask("pusher_heartbeat", beat, address=OWN)["code"] == 0


@pytest.mark.parametrize("route", ACTING)
def test_without_a_token_nobody_acts_for_who_is_logged_in(route: str) -> None:
    core = FakeCore()
    core.create("agent")
    body = body_for(core.push_url("agent"))

    assert core.ask(route, body)["code"] == 7  # from his own machine, too

    assert list(core.members("agent")) == ["agent"]


def test_a_name_in_use_is_logged_in_from_nowhere_else() -> None:
    core, _ = seated_without_login()
    query = {"userID": "agent"}

    for address, code in ((OTHER, 7), (OWN, 0)):
        wanted = core.ask(
            "get_login_info", query=query, method="GET", folder="utils", address=address
        )
        assert wanted["code"] == code
        assert ("userSig" in wanted) is (code == 0)
        assert core.ask("login", query=query, address=address)["code"] == code


def test_a_login_without_proof_holds_its_name_for_its_address() -> None:
    core = FakeCore(SETTINGS)
    query = {"userID": "agent"}
    assert core.ask("login", query=query, address=OWN)["code"] == 0

    assert core.ask("login", query=query, address=OTHER)["code"] == 7
    assert core.ask("get_push_url", {"userID": "agent"}, address=OTHER)["code"] == 7
    assert core.ask("get_push_url", {"userID": "agent"}, address=OWN)["code"] == 0


def test_a_login_without_proof_takes_no_login_away() -> None:
    core = FakeCore()
    core.create("agent")

    assert core.ask("login", query={"userID": "agent"})["code"] == 7
    assert core.beat("agent")["code"] == 0


def waiting_without_login() -> FakeCore:
    """Return a desk that is taken, and ``kiosk`` in line for it from his address."""
    core, _ = seated_without_login(dataclasses.replace(SETTINGS, capacity=2))
    url = core.ask("get_push_url", {"userID": "guest"}, address=OWN)["pushURL"]
    guest = body_for(str(url)) | {"userID": "guest"}
    assert core.ask("add_pusher", guest, address=OWN)["code"] == 0
    assert place_of("kiosk", core) == (0, 1)
    return core


def place_of(user: str, core: FakeCore, address: str = OWN) -> tuple[object, object]:
    body: Json = {"userID": user, "targets": ["desk"], "position": 0, "holdS": 10}
    answer = core.ask("queue_seat", body, address=address)
    return answer["code"], answer.get("position")


@pytest.mark.parametrize("route", ACTING)
def test_a_place_in_line_is_nobodys_at_another_address(route: str) -> None:
    core = waiting_without_login()
    body = body_for("") | {"userID": "kiosk", "targets": ["elsewhere"]}

    assert core.ask(route, body, address=OTHER)["code"] == 7

    assert place_of("rival", core, OTHER) == (0, 2)
    assert place_of("kiosk", core) == (0, 1)


def test_who_waits_without_login_is_logged_in_from_nowhere_else() -> None:
    core = waiting_without_login()
    query = {"userID": "kiosk"}
    for address, code in ((OTHER, 7), (OWN, 0)):
        wanted = core.ask(
            "get_login_info", query=query, method="GET", folder="utils", address=address
        )

        assert wanted["code"] == code


def test_a_place_in_line_is_of_its_address_after_a_restart_as_well() -> None:
    ledger = NotingLedger()
    before = FakeCore(SETTINGS, ledger=ledger)
    assert place_of("kiosk", before) == (0, 1)
    after = FakeCore(SETTINGS, ledger=ledger.reopened())

    assert after.ask("leave_queue", {"userID": "kiosk"}, address=OTHER)["code"] == 7
    assert place_of("rival", after, OTHER) == (0, 2)
    assert place_of("kiosk", after) == (0, 1)


def test_a_name_that_waited_is_free_again_once_it_fell_silent() -> None:
    core = waiting_without_login()
    core.clock.move(16.0)

    assert place_of("kiosk", core, OTHER) == (0, 1)


def test_a_name_is_free_again_once_its_push_url_expired() -> None:
    core = FakeCore(SETTINGS)
    wanted: Json = {"userID": "agent"}
    assert core.ask("get_push_url", wanted, address=OWN)["code"] == 0
    assert core.ask("get_push_url", wanted, address=OTHER)["code"] == 7

    core.clock.move(121.0)

    assert core.ask("get_push_url", wanted, address=OTHER)["code"] == 0


def test_a_creator_who_left_destroys_nothing_without_a_token() -> None:
    settings = dataclasses.replace(SETTINGS, creator_leaves=CreatorLeaves.STAY)
    core, body = seated_without_login(settings)
    url = core.ask("get_push_url", {"userID": "kiosk"}, address=OWN)["pushURL"]
    join = body | {"userID": "kiosk", "pushURL": url}
    assert core.ask("add_pusher", join, address=OWN)["code"] == 0
    assert core.ask("delete_pusher", body, address=OWN)["code"] == 0

    assert core.ask("destroy_room", body, address=OTHER)["code"] == 3

    assert members(core) == ["kiosk"]


@pytest.mark.parametrize(("address", "code"), [(OWN, 0), (OUTSIDE, 7)])
async def test_a_report_without_a_token_is_for_named_networks_only(
    address: str, code: int
) -> None:
    core = FakeCore(SETTINGS)
    door = FleetDoor(core.core.fleet, core.core.caller, core.core.turns)
    app = Starlette(routes=door.routes())
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    report = FleetReport("s1", "1", "IDLE", (), 1_800_000_000_000, 1, 30)
    async with httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        answer = await client.post("/kiosk/report", json=report.to_wire())

    assert answer.json()["code"] == code
    assert len(list(core.core.fleet.kiosks())) == (code == 0)
