from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Hold
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_core import FakeCore


def test_a_wait_without_news_is_held_and_finished_later() -> None:
    core = FakeCore()
    core.create("agent")
    wire = msg.WaitEvents("desk", "agent", 1).to_wire()

    held = core.ask_or_hold("wait_events", wire, user="agent")
    assert isinstance(held, Hold)
    core.join("kiosk")

    answer = core.routes.finish(held)
    assert core.rung[-1] == "desk"
    assert answer["seq"] == 2
    assert [event["kind"] for event in answer["events"]] == ["pushers_changed"]  # type: ignore[attr-defined]


def test_a_wait_that_outlives_its_seat_is_answered_with_5() -> None:
    core = FakeCore(ServerSettings(creator_leaves=CreatorLeaves.STAY))
    core.create("agent")
    core.join("kiosk")
    held = core.ask_or_hold(
        "wait_events", msg.WaitEvents("desk", "kiosk", 2).to_wire(), user="kiosk"
    )
    assert isinstance(held, Hold)
    core.ask("delete_pusher", msg.DeletePusher("desk", "kiosk").to_wire(), user="kiosk")

    assert core.routes.finish(held)["code"] == 5


@pytest.mark.parametrize(("room_id", "code"), [("desk", 5), ("nowhere", 3)])
def test_only_members_may_wait_for_events(room_id: str, code: int) -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    wire = msg.WaitEvents(room_id, "kiosk", 0).to_wire()

    assert core.ask("wait_events", wire, user="kiosk")["code"] == code


def test_a_text_reaches_the_others_and_not_its_sender() -> None:
    core = FakeCore()
    core.create("agent")
    core.join("kiosk")
    wire = msg.SendRoomTextMsg("desk", "kiosk", "microphone off").to_wire()

    assert core.ask("send_room_text_msg", wire, user="kiosk")["code"] == 0
    assert core.events("kiosk", 2) == []
    (event,) = core.events("agent", 2)
    assert (event["kind"], event["text"]) == ("text", "microphone off")


def test_texts_are_limited_to_five_a_second() -> None:
    core = FakeCore()
    core.create("agent")
    wire = msg.SendRoomTextMsg("desk", "agent", "x").to_wire()

    codes = [
        core.ask("send_room_text_msg", wire, user="agent")["code"] for _ in "123456"
    ]
    core.clock.move(0.2)

    assert codes == [0, 0, 0, 0, 0, 6]
    assert core.ask("send_room_text_msg", wire, user="agent")["code"] == 0


def test_a_text_of_no_member_is_refused_with_5() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    wire = msg.SendRoomTextMsg("desk", "kiosk", "x").to_wire()

    assert core.ask("send_room_text_msg", wire, user="kiosk")["code"] == 5


def test_a_text_may_say_what_kind_it_is_and_a_custom_one_may_be_empty() -> None:
    core = FakeCore()
    core.create("agent")
    core.join("kiosk")
    for wire in (
        msg.SendRoomTextMsg("desk", "kiosk", "microphone off", "muted").to_wire(),
        msg.SendRoomTextMsg("desk", "kiosk", "", "wave", custom=True).to_wire(),
    ):
        assert core.ask("send_room_text_msg", wire, user="kiosk")["code"] == 0

    text, custom = core.events("agent", 2)
    assert (text["kind"], text["text"], text["cmd"]) == (
        "text",
        "microphone off",
        "muted",
    )
    assert (custom["kind"], custom["text"], custom["cmd"]) == ("custom", "", "wave")
    assert core.events("kiosk", 2) == []
