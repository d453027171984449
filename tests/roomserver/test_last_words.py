"""A room that ends: its members hear what came before, then the end (P5)."""

from __future__ import annotations

from typing import cast

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Hold
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.im_client import ImClient, joined_client, kinds
from tests.fakes.room_core import FakeCore, Json


END = ("room_closed", "")


def room_of_three() -> tuple[FakeCore, Json | Hold]:
    """Return a room whose member ``kiosk`` waits for news."""
    core = FakeCore(ServerSettings(capacity=3))
    core.create("agent")
    core.join("expert")
    core.join("kiosk")
    wire = msg.WaitEvents("desk", "kiosk", 3).to_wire()
    return core, core.ask_or_hold("wait_events", wire, user="kiosk")


def say(core: FakeCore, user: str, text: str) -> None:
    wire = msg.SendRoomTextMsg("desk", user, text).to_wire()
    assert core.ask("send_room_text_msg", wire, user=user)["code"] == 0


def leave(core: FakeCore, user: str) -> None:
    wire = msg.DeletePusher("desk", user).to_wire()
    assert core.ask("delete_pusher", wire, user=user)["code"] == 0


def everything_at_once(core: FakeCore) -> None:
    """A text, a departure and the end of the room, before any poll is answered."""
    say(core, "agent", "goodbye")
    say(core, "kiosk", "thank you")
    leave(core, "expert")
    leave(core, "agent")


def told(answer: Json) -> list[tuple[object, object]]:
    events = cast("list[Json]", answer["events"])
    return [(event["kind"], event.get("text", "")) for event in events]


def numbers(answer: Json) -> list[object]:
    return [event["seq"] for event in cast("list[Json]", answer["events"])]


def test_what_was_said_last_is_heard_before_the_end() -> None:
    core, held = room_of_three()
    everything_at_once(core)

    assert isinstance(held, Hold)
    answer = core.routes.finish(held)

    assert told(answer) == [("text", "goodbye"), ("left", ""), END]
    assert numbers(answer) == [4, 6, 7]  # 5 is the kiosk's own text
    assert answer["seq"] == 7
    assert not answer.get("resync")


@pytest.mark.parametrize(
    ("heard", "left_to_hear"), [(3, [4, 6, 7]), (4, [6, 7]), (6, [7]), (7, [])]
)
def test_who_lost_the_answer_hears_the_rest_of_it_again(
    heard: int, left_to_hear: list[int]
) -> None:
    core, _ = room_of_three()
    everything_at_once(core)

    for _ in "twice":
        wire = msg.WaitEvents("desk", "kiosk", heard, 0.0).to_wire()
        assert numbers(core.ask("wait_events", wire, user="kiosk")) == left_to_hear


def test_who_left_before_the_end_hears_none_of_it() -> None:
    core, _ = room_of_three()
    everything_at_once(core)

    wire = msg.WaitEvents("desk", "expert", 3, 0.0).to_wire()

    assert core.ask("wait_events", wire, user="expert")["code"] == 3


def listening(core: FakeCore, user: str) -> ImClient:
    client = joined_client(core, user)
    client.hear()
    return client


def test_a_group_hears_the_last_text_and_departure_before_its_end() -> None:
    core, _ = room_of_three()
    kiosk = listening(core, "kiosk")
    held = kiosk.poll()
    everything_at_once(core)

    heard = kiosk.finish(held)

    # No 255 among it: there is no room any more to look at.
    assert kinds(heard) == ["goodbye", "thank you", ("tip", 2, "expert"), 5]
    head = cast("list[Json]", heard[0]["MsgBody"])[0]["MsgContent"]
    assert '"nickName":"agent"' in str(cast("Json", head)["Data"])
    assert kiosk.hear() == []


def test_the_audience_of_a_live_room_hears_the_last_text_too() -> None:
    core = FakeCore()
    core.log_in("host")
    url = core.push_url("host")
    created = msg.CreateRoom("host", "Show", "show", "host", "123", url)
    folder = "live_room"
    core.ask("create_room", created.to_wire(), user="host", folder=folder)
    core.log_in("viewer")
    watching: Json = {"roomID": "show", "userID": "viewer", "userInfo": ""}
    core.ask("add_audience", watching, user="viewer", folder=folder)
    viewer = joined_client(core, "viewer", "show")
    wire = msg.SendRoomTextMsg("show", "host", "good night").to_wire()
    core.ask("send_room_text_msg", wire, user="host", folder=folder)
    left = msg.DeletePusher("show", "host").to_wire()
    core.ask("delete_pusher", left, user="host", folder=folder)

    assert kinds(viewer.hear()) == ["good night", 5]
