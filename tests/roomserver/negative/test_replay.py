"""A whole call captured request by request, and sent again (S19)."""

from __future__ import annotations

from dataclasses import replace

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Asked, Hold, Page
from kiosk.roomserver.enrolment import Enrolled, hash_of
from kiosk.roomserver.routes import Answer, Routes
from tests.fakes.room_desk import FakeDesk, Json


FAR = "192.0.2.7"
KEY = "a1" * 16
PUBLIC = {"get_login_info", "login"}
"""What proves somebody anew: those are what TLS protects."""


class TappedRoutes:
    """The routes, with everything that is asked written down."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self.heard: list[Asked] = []

    def answer(self, asked: Asked) -> Answer:
        self.heard.append(asked)
        return self._routes.answer(asked)


def captured_call() -> tuple[FakeDesk, list[Asked]]:
    """Return a desk at which a kiosk made a call, and all that it asked."""
    desk = FakeDesk()
    desk.create("agent")
    routes = desk.routes
    tapped = TappedRoutes(routes)
    desk.routes = tapped  # type: ignore[assignment]
    desk.join("kiosk")
    desk.beat("kiosk")
    desk.members("kiosk")
    text = msg.SendRoomTextMsg("desk", "kiosk", "hello").to_wire()
    desk.ask_anything("send_room_text_msg", text, user="kiosk")
    wait = msg.WaitEvents("desk", "kiosk", 0, 0.0).to_wire()
    desk.ask_anything("wait_events", wait, user="kiosk")
    line = msg.QueueSeat("kiosk", ("elsewhere",)).to_wire()
    desk.ask_anything("queue_seat", line, user="kiosk")
    leave = msg.DeletePusher("desk", "kiosk").to_wire()
    desk.ask_anything("delete_pusher", leave, user="kiosk")
    desk.ask_anything("logout", user="kiosk")
    desk.routes = routes
    return desk, tapped.heard


def code_of(answer: Answer) -> object:
    if isinstance(answer, Page):
        return answer.status
    return 0 if isinstance(answer, Hold) else answer["code"]  # type: ignore[index]


def test_a_call_sent_again_after_its_end_opens_nothing() -> None:
    desk, heard = captured_call()
    names = [asked.route()[1] for asked in heard]

    codes = {
        asked.route()[1]: code_of(desk.routes.answer(replace(asked, address=FAR)))
        for asked in heard
        if asked.route()[1] not in PUBLIC
    }

    assert names[:3] == ["get_login_info", "login", "get_push_url"]
    assert len(codes) == 9
    assert set(codes.values()) == {7}
    assert list(desk.members("agent")) == ["agent"]


def test_what_was_said_at_the_login_is_void_once_the_user_has_a_new_key() -> None:
    desk, heard = captured_call()
    desk.clock.move(1)
    now = int(desk.clock.unix)
    desk.desk.enrol({"kiosk": Enrolled(now, hash_of(KEY))})

    codes = {code_of(desk.routes.answer(asked)) for asked in heard}
    assert codes == {7}


def test_a_request_sent_twice_in_a_call_has_its_effect_once() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.log_in("kiosk")
    join = msg.AddPusher("desk", "kiosk", "k", desk.push_url("kiosk")).to_wire()
    leave = msg.DeletePusher("desk", "kiosk").to_wire()

    first, again = (desk.ask("add_pusher", join, user="kiosk") for _ in range(2))
    events = len(desk.events("agent", 0))
    gone = [desk.ask("delete_pusher", leave, user="kiosk")["code"] for _ in range(2)]
    back = desk.ask("add_pusher", join, user="kiosk")

    assert first["epoch"] == again["epoch"]
    assert events == 2  # the room, and one joining
    assert gone == [0, 5]
    assert back["code"] == 1  # its push URL went with the seat


def test_another_body_under_a_captured_token_is_refused_to_other_names() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.join("kiosk")
    stolen = {"userID": "kiosk", "token": desk.tokens["kiosk"]}
    body: Json = {"roomID": "desk", "userID": "agent"}

    for route in ("delete_pusher", "destroy_room", "pusher_heartbeat"):
        assert code_of(desk.ask_anything(route, body, query=stolen)) == 7
