from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import Hold
from kiosk.roomserver.rooms import CreatorLeaves, RoomRules
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.spaces import id_of, key_of, type_of
from tests.fakes.room_core import FakeCore, Json


TYPES = [room_type.value for room_type in RoomType]


def join(core: FakeCore, user: str, folder: str, room_id: str = "desk") -> Json:
    if user not in core.tokens:
        core.log_in(user)
    wire = msg.AddPusher(room_id, user, user, core.push_url(user)).to_wire()
    return core.ask("add_pusher", wire, user=user, folder=folder)


def open_room(core: FakeCore, user: str, folder: str, room_id: str = "desk") -> Json:
    core.log_in(user)
    wire = msg.CreateRoom(user, "Desk", room_id, user, "1", core.push_url(user))
    return core.ask("create_room", wire.to_wire(), user=user, folder=folder)


def pushers(core: FakeCore, user: str, folder: str) -> Json:
    return core.ask("get_pushers", {"roomID": "desk"}, user=user, folder=folder)


@pytest.mark.parametrize("room_type", list(RoomType))
def test_a_key_tells_type_and_id(room_type: RoomType) -> None:
    key = key_of(room_type, "desk")

    assert (type_of(key), id_of(key)) == (room_type, "desk")


def test_the_same_id_in_two_types_is_two_rooms() -> None:
    core = FakeCore()
    assert open_room(core, "agent", "double_room")["roomID"] == "desk"
    assert open_room(core, "host", "live_room")["roomID"] == "desk"

    assert core.members("agent").keys() == {"agent"}
    seen = pushers(core, "host", "live_room")
    assert [one["userID"] for one in seen["pushers"]] == ["host"]  # type: ignore[attr-defined]
    assert seen["roomID"] == "desk"


def test_a_room_is_unknown_under_every_other_type() -> None:
    core = FakeCore()
    open_room(core, "agent", "multi_room")

    for folder in ("double_room", "live_room"):
        assert pushers(core, "agent", folder)["code"] == 3
        assert join(core, "kiosk", folder)["code"] == 3
        answer = core.ask(
            "get_room_list", {"cnt": 10, "index": 0}, user="agent", folder=folder
        )
        assert answer["rooms"] == []


@pytest.mark.parametrize(
    ("folder", "seats"), [("double_room", 2), ("multi_room", 4), ("live_room", 4)]
)
def test_each_type_has_its_own_capacity(folder: str, seats: int) -> None:
    core = FakeCore()
    open_room(core, "agent", folder)

    codes = [join(core, f"guest{number}", folder)["code"] for number in range(seats)]

    assert codes == [0] * (seats - 1) + [5001]


def test_capacities_can_be_configured_per_type() -> None:
    rules = ServerSettings(capacity=3, capacity_multi=5, capacity_live=7).rules

    assert [rules.seats_in(key_of(one, "x")) for one in RoomType] == [3, 5, 7]


@pytest.mark.parametrize(
    ("leaves", "ends"),
    [
        (CreatorLeaves.DISBAND, [True, True, True]),
        (CreatorLeaves.STAY, [False, False, True]),
    ],
)
def test_a_live_room_always_ends_with_its_creator(
    leaves: CreatorLeaves, ends: list[bool]
) -> None:
    rules = RoomRules(creator_leaves=leaves)

    assert [rules.ends_with_creator(key_of(one, "x")) for one in RoomType] == ends


def test_a_live_room_is_disbanded_when_its_creator_leaves() -> None:
    core = FakeCore(ServerSettings(creator_leaves=CreatorLeaves.STAY))
    open_room(core, "host", "live_room")
    join(core, "guest", "live_room")
    leave = msg.DeletePusher("desk", "host").to_wire()

    core.ask("delete_pusher", leave, user="host", folder="live_room")

    assert pushers(core, "guest", "live_room")["code"] == 3


def test_a_push_url_of_one_space_opens_no_room_in_another() -> None:
    core = FakeCore()
    core.log_in("agent")
    wire = msg.CreateRoom("agent", "Desk", "", "A", "1", core.push_url("agent"))
    core.ask("create_room", wire.to_wire(), user="agent", folder="double_room")

    answer = core.ask("create_room", wire.to_wire(), user="agent", folder="live_room")

    assert answer["code"] == 1


@pytest.mark.parametrize("folder", TYPES)
def test_events_of_a_room_are_waited_for_and_told_in_its_space(folder: str) -> None:
    core = FakeCore()
    seq = open_room(core, "agent", folder)["seq"]
    wait = msg.WaitEvents("desk", "agent", int(str(seq)), 5.0).to_wire()

    hold = core.ask_or_hold("wait_events", wait, user="agent", folder=folder)
    assert isinstance(hold, Hold)
    join(core, "kiosk", folder)
    text = msg.SendRoomTextMsg("desk", "kiosk", "hello").to_wire()
    assert (
        core.ask("send_room_text_msg", text, user="kiosk", folder=folder)["code"] == 0
    )

    assert core.rung[-1] == hold.wait.room_id
    events = core.routes.finish(hold)["events"]
    assert [event["kind"] for event in events] == ["pushers_changed", "text"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("folder", TYPES)
def test_a_silent_member_goes_in_every_type(folder: str) -> None:
    core = FakeCore()
    open_room(core, "agent", folder)

    core.silence(20.1)

    assert pushers(core, "agent", folder)["code"] == 3


def test_logging_in_is_possible_under_every_type_and_good_for_all() -> None:
    core = FakeCore()
    account = core.ask("get_im_login_info", {"userIDPrefix": "x"}, folder="live_room")
    query = {
        "sdkAppID": str(account["sdkAppID"]),
        "accountType": str(account["accType"]),
        "userID": str(account["userID"]),
        "userSig": str(account["userSig"]),
    }
    token = core.ask("login", query=query, folder="multi_room")["token"]
    core.tokens[query["userID"]] = str(token)

    answer = core.ask("get_push_url", {"userID": query["userID"]}, user=query["userID"])
    assert answer["code"] == 0
    logged_out = core.ask("logout", user=query["userID"], folder="live_room")
    assert logged_out["code"] == 0
