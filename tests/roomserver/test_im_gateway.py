from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from kiosk.room.wire_json import Wire
from kiosk.roomserver.admission import RouteClass, class_of
from kiosk.roomserver.asking import Hold
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.im_client import GROUPS, POLLS, ImClient, joined_client, kinds
from tests.fakes.room_core import FakeCore


def call_of_two(settings: ServerSettings | None = None) -> tuple[ImClient, ImClient]:
    """Two members, both in the group, nothing unheard."""
    core = FakeCore(settings)
    core.create("agent")
    agent = joined_client(core, "agent")
    core.join("kiosk")
    kiosk = joined_client(core, "kiosk")
    agent.hear()
    return agent, kiosk


def test_the_commands_of_a_login_are_all_answered() -> None:
    client = ImClient(FakeCore(), "a")

    login = client.log_in()
    assert login["ActionStatus"] == "OK"
    assert login["TinyId"]
    assert login["A2Key"]
    for command in (
        "v4/profile/portrait_get",
        f"{GROUPS}/get_joined_group_list",
        "v4/openim/authkey",
        "v4/profile/portrait_set",
        "v4/openim/getlongpollingid",
        "v4/imopenstat/web_report",
        "v4/openim/longpollinglogout",
    ):
        assert client.ask(command)["ActionStatus"] == "OK", command


def test_a_poll_for_messages_between_users_is_held_and_brings_nothing() -> None:
    client = ImClient(FakeCore(), "a")
    client.log_in()

    held = client.raw("v4/openim/longpolling", {"Timeout": 60})

    assert isinstance(held, Hold)
    assert client.core.routes.finish(held)["ErrorCode"] == 60008


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"identifier": "a", "usersig": "x"},
        {"identifier": "b", "usersig": "{sig}"},
    ],
)
def test_nobody_logs_in_without_a_signature_of_his_own(query: dict[str, str]) -> None:
    client = ImClient(FakeCore(), "a")
    sent = {name: value.format(sig=client.user_sig) for name, value in query.items()}

    answer = client.raw("v4/openim/login", {}, sent)

    assert not isinstance(answer, Hold)
    assert (answer["ActionStatus"], answer["ErrorCode"]) == ("FAIL", 70003)


def test_an_expired_signature_is_void_and_its_client_told_to_stop() -> None:
    client = ImClient(FakeCore(), "a")
    client.log_in()
    client.core.clock.move(31 * 24 * 3600)

    assert client.ask("v4/openim/longpolling")["ErrorCode"] == 91101


@pytest.mark.parametrize(
    ("method", "command"),
    [
        ("POST", "v4/openim/sendmsg"),
        ("POST", "v1/openim/login"),
        ("POST", "v4/group_open_http_svc"),
        ("POST", f"{GROUPS}/create_group"),
        ("GET", "v4/openim/login"),
    ],
)
def test_other_commands_are_refused(method: str, command: str) -> None:
    client = ImClient(FakeCore(), "a")
    client.log_in()

    answer = client.raw(command, method=method)

    assert not isinstance(answer, Hold)
    assert answer["ErrorCode"] == 10003


def test_a_new_member_is_told_to_everybody_with_notice_255_and_a_tip() -> None:
    core = FakeCore()
    core.create("agent")
    agent = joined_client(core, "agent")
    held = agent.poll()

    core.join("kiosk")

    assert "desk" in core.rung
    assert kinds(agent.finish(held)) == [("tip", 1, "kiosk"), 255]


def test_who_joined_the_group_before_its_seat_hears_of_its_own_seat() -> None:
    core = FakeCore()
    core.create("agent")
    kiosk = joined_client(core, "kiosk")  # as v1 does
    held = kiosk.poll()

    core.join("kiosk")

    assert kinds(kiosk.finish(held)) == [("tip", 1, "kiosk"), 255]


def test_a_room_only_reserved_is_a_group_already() -> None:
    core = FakeCore()
    core.log_in("agent")
    wire = msg.CreateRoom("agent", "Desk", "desk").to_wire()
    assert core.ask("create_room", wire, user="agent")["code"] == 0
    agent = joined_client(core, "agent")

    core.join("agent")

    assert kinds(agent.hear()) == [("tip", 1, "agent"), 255]


def test_several_changes_are_one_notice() -> None:
    agent, _ = call_of_two()
    core = agent.core
    core.ask("delete_pusher", msg.DeletePusher("desk", "kiosk").to_wire(), user="kiosk")
    core.join("kiosk")

    assert kinds(agent.hear()) == [("tip", 2, "kiosk"), ("tip", 1, "kiosk"), 255]
    assert agent.hear() == []


def test_a_member_that_leaves_is_told_and_one_that_falls_silent_too() -> None:
    agent, _ = call_of_two()
    for _ in range(5):
        agent.core.clock.move(5)
        agent.core.beat("agent")
        agent.core.sweep()

    assert kinds(agent.hear()) == [("tip", 2, "kiosk"), 255]


def test_a_stream_that_stalls_is_no_news_to_a_group() -> None:
    core = FakeCore()
    stream = core.create("agent")
    agent = joined_client(core, "agent")
    core.core.gate.on_stream_ended(stream)

    assert agent.hear() == []
    assert agent.next_seq == 3


def test_a_room_that_ends_is_told_once_with_notice_5() -> None:
    agent, kiosk = call_of_two()
    core = agent.core
    held = kiosk.poll()

    core.ask("delete_pusher", msg.DeletePusher("desk", "agent").to_wire(), user="agent")

    assert kinds(kiosk.finish(held)) == [5]
    assert isinstance(kiosk.poll(), Hold)
    assert kiosk.hear() == []


def test_who_never_had_a_seat_learns_that_the_room_is_gone() -> None:
    core = FakeCore()
    core.create("agent")
    stranger = joined_client(core, "stranger")
    core.ask("destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent")

    assert kinds(stranger.hear()) == [5]
    assert isinstance(stranger.poll(), Hold)


def test_a_poll_begun_after_its_room_closed_long_ago_ends_the_same_way() -> None:
    agent, _ = call_of_two()
    agent.core.ask(
        "destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent"
    )
    agent.core.clock.move(3600)
    for _ in range(20):
        agent.core.sweep()

    assert kinds(agent.hear()) == [5]


def test_a_text_reaches_its_group_the_sender_too_and_the_other_route() -> None:
    agent, kiosk = call_of_two()

    assert kiosk.say("a }} &quot;b&quot;")["ActionStatus"] == "OK"

    assert kinds(agent.hear()) == ["a }} &quot;b&quot;"]
    assert kinds(kiosk.hear()) == ["a }} &quot;b&quot;"]
    (event,) = kiosk.core.events("agent", 2)
    assert event["text"] == 'a }} "b"'
    assert kiosk.core.events("kiosk", 2) == []


def test_a_text_of_the_other_route_reaches_the_group_escaped() -> None:
    _, kiosk = call_of_two()
    wire = msg.SendRoomTextMsg("desk", "agent", '<b> "x"', "muted").to_wire()
    kiosk.core.ask("send_room_text_msg", wire, user="agent")

    (message,) = kiosk.hear()

    assert message["From_Account"] == "agent"
    assert kinds([message]) == ["&lt;b&gt; &quot;x&quot;"]


def test_a_custom_message_stays_one() -> None:
    agent, kiosk = call_of_two()
    head = '{"cmd":"CustomCmdMsg","data":{"userName":"x","cmd":"wave","msg":"hi"}}'
    kiosk.send([{"MsgType": "TIMCustomElem", "MsgContent": {"Data": head}}])

    (event,) = agent.core.events("agent", 2)
    assert (event["kind"], event["cmd"], event["text"]) == ("custom", "wave", "hi")
    assert kinds(agent.hear()) == ["hi"]


def test_names_in_a_text_are_those_of_the_seat_not_of_the_sender() -> None:
    agent, kiosk = call_of_two()
    kiosk.say("hi")

    (message,) = agent.hear()

    body = message["MsgBody"]
    assert isinstance(body, list)
    assert '"nickName":"kiosk"' in body[0]["MsgContent"]["Data"]


def test_a_text_outlives_the_seat_of_its_sender() -> None:
    agent, kiosk = call_of_two(ServerSettings(creator_leaves=CreatorLeaves.STAY))
    kiosk.say("bye")
    kiosk.core.ask(
        "delete_pusher", msg.DeletePusher("desk", "kiosk").to_wire(), user="kiosk"
    )

    assert kinds(agent.hear()) == ["bye", ("tip", 2, "kiosk"), 255]


def test_without_a_seat_one_hears_no_texts_and_says_none() -> None:
    agent, _ = call_of_two()
    stranger = joined_client(agent.core, "stranger")
    agent.say("secret")

    assert kinds(stranger.hear()) == [255]
    assert stranger.say("hello")["ErrorCode"] == 10007


def test_nobody_speaks_as_another_user() -> None:
    agent, kiosk = call_of_two()
    kiosk.user = "agent"

    assert kiosk.say("hello")["ErrorCode"] == 10007
    assert agent.hear() == []


@pytest.mark.parametrize(
    ("text", "code"), [("", 10004), ("\0", 10004), ("x" * 1025, 80002)]
)
def test_texts_have_the_limits_of_the_room_route(text: str, code: int) -> None:
    _, kiosk = call_of_two()

    assert kiosk.say(text)["ErrorCode"] == code


def test_a_message_over_the_limit_of_groups_is_refused() -> None:
    _, kiosk = call_of_two()

    assert kiosk.say("x" * 8898)["ErrorCode"] == 80002


def test_texts_are_as_frequent_as_the_room_route_allows() -> None:
    _, kiosk = call_of_two()

    codes = [kiosk.say("x")["ErrorCode"] for _ in "123456"]

    assert codes == [0, 0, 0, 0, 0, 60007]


@pytest.mark.parametrize("group", ["nowhere", "a/b", ""])
def test_there_is_no_group_without_a_room(group: str) -> None:
    client = ImClient(FakeCore(), "a")
    client.log_in()

    assert client.join(group)["ActionStatus"] == "FAIL"
    assert client.say("x", group)["ActionStatus"] == "FAIL"


def test_a_poll_with_a_key_of_its_own_making_is_refused() -> None:
    client = ImClient(FakeCore(), "a")
    client.log_in()

    answer = client.ask(f"{POLLS}/get_msg", {"StartSeq": 0, "Key": "nonsense"})

    assert answer["ErrorCode"] == 10004


def test_quitting_answers_the_poll_left_open_with_nothing() -> None:
    _, kiosk = call_of_two()
    held = kiosk.poll()
    rung = len(kiosk.core.rung)

    assert kiosk.ask(f"{GROUPS}/quit_group", {"GroupId": "desk"})["ErrorCode"] == 0

    assert "desk" in kiosk.core.rung[rung:]
    assert kiosk.finish(held) == []


def test_a_group_is_the_room_of_that_id_in_which_one_sits() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    url = core.ask(
        "get_push_url", {"userID": "kiosk"}, user="kiosk", folder="multi_room"
    )
    created: Wire = msg.CreateRoom(
        "kiosk", "Desk", "desk", "kiosk", "123", str(url["pushURL"])
    ).to_wire()
    answer = core.ask("create_room", created, user="kiosk", folder="multi_room")
    assert answer["code"] == 0
    kiosk = joined_client(core, "kiosk")
    agent = joined_client(core, "agent")

    kiosk.say("in the other room")

    assert kiosk.key.startswith("multi_room/desk#")
    assert kinds(kiosk.hear()) == ["in the other room"]
    assert agent.hear() == []


def test_the_audience_of_a_live_room_hears_its_texts() -> None:
    core = FakeCore()
    core.log_in("host")
    url = core.ask("get_push_url", {"userID": "host"}, user="host", folder="live_room")
    created = msg.CreateRoom("host", "Show", "show", "host", "1", str(url["pushURL"]))
    core.ask("create_room", created.to_wire(), user="host", folder="live_room")
    host = joined_client(core, "host", "show")
    fan, stranger = (joined_client(core, user, "show") for user in ("fan", "stranger"))
    core.log_in("fan")
    watch: Wire = {"roomID": "show", "userID": "fan", "userInfo": "{}"}
    answer = core.ask("add_audience", watch, user="fan", folder="live_room")
    assert answer["code"] == 0

    host.say("welcome", "show")

    assert kinds(fan.hear()) == ["welcome"]
    assert kinds(stranger.hear()) == [255]


def test_what_was_missed_too_long_is_one_notice_to_look() -> None:
    agent, kiosk = call_of_two()
    for number in range(140):
        agent.core.clock.move(1)
        agent.core.beat("agent")
        agent.core.beat("kiosk")
        kiosk.say(str(number))

    assert kinds(agent.hear()) == [255]
    assert agent.hear() == []


@pytest.mark.parametrize("command", ["get_msg", "longpolling"])
def test_polls_compete_with_long_polls_and_not_with_requests(command: str) -> None:
    assert class_of(command) is RouteClass.POLL


def test_the_channel_can_be_elsewhere_or_off() -> None:
    below = ImClient(FakeCore(ServerSettings(im_path="/im")), "a", base="/im/")
    off = ImClient(FakeCore(ServerSettings(im_path=None)), "a")

    assert below.log_in()["ActionStatus"] == "OK"
    assert off.log_in() == {"code": 0, "data": {}}
