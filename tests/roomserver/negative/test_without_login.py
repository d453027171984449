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
from tests.fakes.room_desk import FakeDesk, Json


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


def seated_without_login(settings: ServerSettings = SETTINGS) -> tuple[FakeDesk, Json]:
    """Return a desk where ``agent`` sits from his own address, and his body."""
    desk = FakeDesk(settings)
    asked = desk.ask("get_push_url", {"userID": "agent"}, address=OWN)
    body = body_for(str(asked["pushURL"]))
    assert desk.ask("create_room", body, address=OWN)["code"] == 0
    return desk, body


def members(desk: FakeDesk) -> list[object]:
    answer = desk.ask("get_pushers", {"roomID": "desk"}, address=OWN)
    assert answer["code"] == 0
    pushers = answer["pushers"]
    assert isinstance(pushers, list)
    return [one["userID"] for one in pushers]


@pytest.mark.parametrize("route", ACTING)
def test_without_a_token_nobody_acts_for_a_name_of_another_address(route: str) -> None:
    desk, body = seated_without_login()

    assert desk.ask(route, body, address=OTHER)["code"] == 7

    assert members(desk) == ["agent"]
    beat: Json = {"roomID": "desk", "userID": "agent"}
    assert desk.ask("pusher_heartbeat", beat, address=OWN)["code"] == 0


@pytest.mark.parametrize("route", ACTING)
def test_without_a_token_nobody_acts_for_who_is_logged_in(route: str) -> None:
    desk = FakeDesk()
    desk.create("agent")
    body = body_for(desk.push_url("agent"))

    assert desk.ask(route, body)["code"] == 7  # from his own machine, too

    assert list(desk.members("agent")) == ["agent"]


def test_a_name_in_use_is_logged_in_from_nowhere_else() -> None:
    desk, _ = seated_without_login()
    query = {"userID": "agent"}

    for address, code in ((OTHER, 7), (OWN, 0)):
        wanted = desk.ask(
            "get_login_info", query=query, method="GET", folder="utils", address=address
        )
        assert wanted["code"] == code
        assert ("userSig" in wanted) is (code == 0)
        assert desk.ask("login", query=query, address=address)["code"] == code


def test_a_login_without_proof_holds_its_name_for_its_address() -> None:
    desk = FakeDesk(SETTINGS)
    query = {"userID": "agent"}
    assert desk.ask("login", query=query, address=OWN)["code"] == 0

    assert desk.ask("login", query=query, address=OTHER)["code"] == 7
    assert desk.ask("get_push_url", {"userID": "agent"}, address=OTHER)["code"] == 7
    assert desk.ask("get_push_url", {"userID": "agent"}, address=OWN)["code"] == 0


def test_a_login_without_proof_takes_no_login_away() -> None:
    desk = FakeDesk()
    desk.create("agent")

    assert desk.ask("login", query={"userID": "agent"})["code"] == 7
    assert desk.beat("agent")["code"] == 0


def waiting_without_login() -> FakeDesk:
    """Return a desk that is taken, and ``kiosk`` in line for it from his address."""
    desk, _ = seated_without_login(dataclasses.replace(SETTINGS, capacity=2))
    url = desk.ask("get_push_url", {"userID": "guest"}, address=OWN)["pushURL"]
    guest = body_for(str(url)) | {"userID": "guest"}
    assert desk.ask("add_pusher", guest, address=OWN)["code"] == 0
    assert place_of("kiosk", desk) == (0, 1)
    return desk


def place_of(user: str, desk: FakeDesk, address: str = OWN) -> tuple[object, object]:
    body: Json = {"userID": user, "targets": ["desk"], "position": 0, "holdS": 10}
    answer = desk.ask("queue_seat", body, address=address)
    return answer["code"], answer.get("position")


@pytest.mark.parametrize("route", ACTING)
def test_a_place_in_line_is_nobodys_at_another_address(route: str) -> None:
    desk = waiting_without_login()
    body = body_for("") | {"userID": "kiosk", "targets": ["elsewhere"]}

    assert desk.ask(route, body, address=OTHER)["code"] == 7

    assert place_of("rival", desk, OTHER) == (0, 2)
    assert place_of("kiosk", desk) == (0, 1)


def test_who_waits_without_login_is_logged_in_from_nowhere_else() -> None:
    desk = waiting_without_login()
    query = {"userID": "kiosk"}
    for address, code in ((OTHER, 7), (OWN, 0)):
        wanted = desk.ask(
            "get_login_info", query=query, method="GET", folder="utils", address=address
        )

        assert wanted["code"] == code


def test_a_place_in_line_is_of_its_address_after_a_restart_as_well() -> None:
    ledger = NotingLedger()
    before = FakeDesk(SETTINGS, ledger=ledger)
    assert place_of("kiosk", before) == (0, 1)
    after = FakeDesk(SETTINGS, ledger=ledger.reopened())

    assert after.ask("leave_queue", {"userID": "kiosk"}, address=OTHER)["code"] == 7
    assert place_of("rival", after, OTHER) == (0, 2)
    assert place_of("kiosk", after) == (0, 1)


def test_a_name_that_waited_is_free_again_once_it_fell_silent() -> None:
    desk = waiting_without_login()
    desk.clock.move(16.0)

    assert place_of("kiosk", desk, OTHER) == (0, 1)


def test_a_name_is_free_again_once_its_push_url_expired() -> None:
    desk = FakeDesk(SETTINGS)
    wanted: Json = {"userID": "agent"}
    assert desk.ask("get_push_url", wanted, address=OWN)["code"] == 0
    assert desk.ask("get_push_url", wanted, address=OTHER)["code"] == 7

    desk.clock.move(121.0)

    assert desk.ask("get_push_url", wanted, address=OTHER)["code"] == 0


def test_a_creator_who_left_destroys_nothing_without_a_token() -> None:
    settings = dataclasses.replace(SETTINGS, creator_leaves=CreatorLeaves.STAY)
    desk, body = seated_without_login(settings)
    url = desk.ask("get_push_url", {"userID": "kiosk"}, address=OWN)["pushURL"]
    join = body | {"userID": "kiosk", "pushURL": url}
    assert desk.ask("add_pusher", join, address=OWN)["code"] == 0
    assert desk.ask("delete_pusher", body, address=OWN)["code"] == 0

    assert desk.ask("destroy_room", body, address=OTHER)["code"] == 3

    assert members(desk) == ["kiosk"]


@pytest.mark.parametrize(("address", "code"), [(OWN, 0), (OUTSIDE, 7)])
async def test_a_report_without_a_token_is_for_named_networks_only(
    address: str, code: int
) -> None:
    desk = FakeDesk(SETTINGS)
    door = FleetDoor(desk.desk.fleet, desk.desk.caller, desk.desk.turns)
    app = Starlette(routes=door.routes())
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    report = FleetReport("s1", "1", "IDLE", (), 1_800_000_000_000, 1, 30)
    async with httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        answer = await client.post("/kiosk/report", json=report.to_wire())

    assert answer.json()["code"] == code
    assert len(list(desk.desk.fleet.kiosks())) == (code == 0)
