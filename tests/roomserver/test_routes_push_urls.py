from __future__ import annotations

from kiosk.room import messages as msg
from kiosk.room.stream_url import stream_of
from tests.fakes.room_core import FakeCore, Json


def join_wire(core: FakeCore, user: str, room_id: str = "desk") -> Json:
    return msg.AddPusher(room_id, user, user, core.push_url(user)).to_wire()


def test_a_push_url_the_server_did_not_issue_is_refused() -> None:
    core = FakeCore()
    stream = core.create("agent")
    core.log_in("kiosk")
    for url in (
        f"rtmp://127.0.0.1/live/{stream}?txSecret=0&txTime=1",
        "rtmp://elsewhere/live/any?x",
        "nonsense",
    ):
        wire = msg.AddPusher("desk", "kiosk", "kiosk", url).to_wire()
        answer = core.ask("add_pusher", wire, user="kiosk")

        assert answer["code"] == 1
        assert str(answer["field"]).startswith("pushURL: ")


def test_a_push_url_of_another_user_is_refused() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    core.log_in("mallory")
    wire = join_wire(core, "kiosk")

    answer = core.ask("add_pusher", {**wire, "userID": "mallory"}, user="mallory")

    assert answer["code"] == 1


def test_a_push_url_that_holds_a_seat_opens_no_second_room() -> None:
    core = FakeCore()
    core.log_in("kiosk")
    core.create("agent", "one")
    core.create("agent", "two")
    wire = join_wire(core, "kiosk", "one")
    core.ask("add_pusher", wire, user="kiosk")

    assert core.ask("add_pusher", {**wire, "roomID": "two"}, user="kiosk")["code"] == 1
    again = msg.CreateRoom("kiosk", "mine", "", "k", "1", str(wire["pushURL"]))
    assert core.ask("create_room", again.to_wire(), user="kiosk")["code"] == 1


def test_a_push_url_is_dead_once_its_seat_was_given_up() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    wire = join_wire(core, "kiosk")
    core.ask("add_pusher", wire, user="kiosk")
    core.ask("delete_pusher", msg.DeletePusher("desk", "kiosk").to_wire(), user="kiosk")

    assert core.relay.cuts == [stream_of(str(wire["pushURL"]))]
    assert core.ask("add_pusher", wire, user="kiosk")["code"] == 1
