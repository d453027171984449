from __future__ import annotations

from kiosk.room import messages as msg
from kiosk.room.stream_url import stream_of
from tests.fakes.room_desk import FakeDesk, Json


def join_wire(desk: FakeDesk, user: str, room_id: str = "desk") -> Json:
    return msg.AddPusher(room_id, user, user, desk.push_url(user)).to_wire()


def test_a_push_url_the_server_did_not_issue_is_refused() -> None:
    desk = FakeDesk()
    stream = desk.create("agent")
    desk.log_in("kiosk")
    for url in (
        f"rtmp://127.0.0.1/live/{stream}?txSecret=0&txTime=1",
        "rtmp://elsewhere/live/any?x",
        "nonsense",
    ):
        wire = msg.AddPusher("desk", "kiosk", "kiosk", url).to_wire()
        answer = desk.ask("add_pusher", wire, user="kiosk")

        assert answer["code"] == 1
        assert str(answer["field"]).startswith("pushURL: ")


def test_a_push_url_of_another_user_is_refused() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.log_in("kiosk")
    desk.log_in("mallory")
    wire = join_wire(desk, "kiosk")

    answer = desk.ask("add_pusher", {**wire, "userID": "mallory"}, user="mallory")

    assert answer["code"] == 1


def test_a_push_url_that_holds_a_seat_opens_no_second_room() -> None:
    desk = FakeDesk()
    desk.log_in("kiosk")
    desk.create("agent", "one")
    desk.create("agent", "two")
    wire = join_wire(desk, "kiosk", "one")
    desk.ask("add_pusher", wire, user="kiosk")

    assert desk.ask("add_pusher", {**wire, "roomID": "two"}, user="kiosk")["code"] == 1
    again = msg.CreateRoom("kiosk", "mine", "", "k", "1", str(wire["pushURL"]))
    assert desk.ask("create_room", again.to_wire(), user="kiosk")["code"] == 1


def test_a_push_url_is_dead_once_its_seat_was_given_up() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.log_in("kiosk")
    wire = join_wire(desk, "kiosk")
    desk.ask("add_pusher", wire, user="kiosk")
    desk.ask("delete_pusher", msg.DeletePusher("desk", "kiosk").to_wire(), user="kiosk")

    assert desk.relay.cuts == [stream_of(str(wire["pushURL"]))]
    assert desk.ask("add_pusher", wire, user="kiosk")["code"] == 1
