from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from kiosk.room.stream_url import stream_of
from kiosk.roomserver.key_terms import KeyTerms
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.gate_answers import admitted
from tests.fakes.room_core import FakeCore, Json


def join_wire(core: FakeCore, user: str, room_id: str = "desk") -> Json:
    return msg.AddPusher(room_id, user, user, core.push_url(user)).to_wire()


def test_two_parties_meet_and_see_each_others_play_url() -> None:
    core = FakeCore()
    agent_stream = core.create("agent")
    kiosk_stream = core.join("kiosk")

    seen = core.members("kiosk")

    assert list(seen) == ["agent", "kiosk"]
    assert {stream_of(url) for url in seen.values()} == {agent_stream, kiosk_stream}
    assert seen == core.members("agent")


def test_a_play_url_stays_the_same_while_its_seat_does() -> None:
    core = FakeCore()
    core.create("agent")
    first = core.members("agent")["agent"]
    for _ in range(10):
        core.clock.move(10.0)
        core.beat("agent")

    assert core.members("agent")["agent"] == first


def test_a_play_url_of_a_long_call_is_renewed_before_it_expires() -> None:
    core = FakeCore(ServerSettings(keys=KeyTerms(valid_s=100)))
    stream = core.create("agent")
    core.clock.move(60.0)
    url = core.members("agent")["agent"]

    query = url.partition("?")[2]
    core.clock.move(85.0)
    admitted(core.core.gate.authorize_play("live", stream, query))


def test_joining_a_full_room_is_refused_with_5001() -> None:
    core = FakeCore()
    core.create("agent")
    core.join("kiosk")
    core.log_in("late")

    answer = core.ask("add_pusher", join_wire(core, "late"), user="late")

    assert answer["code"] == 5001
    assert list(core.members("agent")) == ["agent", "kiosk"]


def test_joining_an_unknown_room_is_refused_with_3() -> None:
    core = FakeCore()
    core.log_in("kiosk")

    assert core.ask("add_pusher", join_wire(core, "kiosk"), user="kiosk")["code"] == 3


def test_joining_again_with_the_same_url_changes_nothing() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    wire = join_wire(core, "kiosk")

    first = core.ask("add_pusher", wire, user="kiosk")
    second = core.ask("add_pusher", wire, user="kiosk")

    assert first == second
    assert core.relay.cuts == []


def test_coming_back_with_a_new_stream_takes_the_seat_over() -> None:
    core = FakeCore()
    core.create("agent")
    old = core.join("kiosk")
    seq = int(str(core.beat("agent")["seq"]))
    new = core.join("kiosk")

    assert stream_of(core.members("agent")["kiosk"]) == new
    assert core.relay.cuts == [old]
    assert core.events("agent", seq) == [
        {"seq": seq + 1, "kind": "pushers_changed", "userID": "kiosk", "epoch": seq + 1}
    ]


def test_creating_a_room_again_after_a_lost_answer_gives_the_same_room() -> None:
    core = FakeCore()
    core.log_in("agent")
    url = core.push_url("agent")
    wire = msg.CreateRoom("agent", "Desk", "", "A", "123", url).to_wire()

    first = core.ask("create_room", wire, user="agent")
    second = core.ask("create_room", wire, user="agent")

    assert first == second


def test_a_taken_id_is_refused_with_11_and_named() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    wire = msg.CreateRoom("kiosk", "x", "desk").to_wire()

    answer = core.ask("create_room", wire, user="kiosk")

    assert (answer["code"], answer["roomID"]) == (11, "desk")


def test_a_label_over_1024_bytes_is_refused_with_10() -> None:
    core = FakeCore()
    core.log_in("agent")
    wire = msg.CreateRoom("agent", "柜" * 342).to_wire()

    assert core.ask("create_room", wire, user="agent")["code"] == 10


def test_the_first_to_push_is_the_creator_whoever_reserved_the_room() -> None:
    core = FakeCore()
    core.log_in("agent")
    core.ask(
        "create_room", msg.CreateRoom("agent", "x", "desk").to_wire(), user="agent"
    )
    core.join("kiosk")
    destroy = msg.DestroyRoom("desk", "agent").to_wire()

    assert core.ask("destroy_room", destroy, user="agent")["code"] == 3
    destroy = msg.DestroyRoom("desk", "kiosk").to_wire()
    assert core.ask("destroy_room", destroy, user="kiosk")["code"] == 0


def test_a_reserved_room_nobody_comes_to_is_forgotten() -> None:
    core = FakeCore()
    core.log_in("agent")
    wire = msg.CreateRoom("agent", "x", "desk").to_wire()
    core.ask("create_room", wire, user="agent")
    core.clock.move(60.0)
    core.sweep()
    assert core.ask("create_room", wire, user="agent")["code"] == 11
    core.clock.move(0.1)
    core.sweep()

    assert core.ask("create_room", wire, user="agent")["code"] == 0


def test_rooms_per_owner_are_bounded() -> None:
    core = FakeCore()
    core.log_in("agent")
    codes = [
        core.ask("create_room", msg.CreateRoom("agent", "x").to_wire(), user="agent")
        for _ in range(17)
    ]

    assert [answer["code"] for answer in codes] == [0] * 16 + [6]


def test_push_urls_per_user_are_bounded() -> None:
    core = FakeCore()
    core.log_in("agent")
    first = stream_of(core.push_url("agent"))
    for _ in range(4):
        core.push_url("agent")
    assert core.relay.cuts == [first]

    for number in range(8):
        core.create("agent", f"room{number}")
    answer = core.ask("get_push_url", {"userID": "agent"}, user="agent")
    assert answer["code"] == 6


@pytest.mark.parametrize(
    "request_of_victim",
    [
        msg.GetPushUrl("agent"),
        msg.CreateRoom("agent", "x"),
        msg.AddPusher("desk", "agent", "A", "rtmp://h/live/s?x"),
        msg.DeletePusher("desk", "agent"),
        msg.DestroyRoom("desk", "agent"),
        msg.PusherHeartbeat("desk", "agent"),
        msg.WaitEvents("desk", "agent", 0, 0.0),
        msg.SendRoomTextMsg("desk", "agent", "hi"),
    ],
)
def test_nobody_acts_for_another_user(request_of_victim: msg.Request[object]) -> None:
    core = FakeCore()
    core.create("agent")
    core.join("mallory")
    before = core.members("agent")

    answer = core.ask(
        request_of_victim.ROUTE, request_of_victim.to_wire(), user="mallory"
    )

    assert answer["code"] == 7
    assert core.members("agent") == before


def test_only_members_and_who_is_about_to_join_see_play_urls() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    core.log_in("other")
    assert core.members("kiosk") == {"agent": ""}

    core.push_url("kiosk")
    assert core.members("kiosk")["agent"]
    core.clock.move(121.0)
    assert core.members("kiosk") == {"agent": ""}

    core.join("kiosk")
    core.push_url("other")
    assert core.members("other") == {"agent": "", "kiosk": ""}
    listed = core.ask("get_room_list", {"cnt": 9, "index": 0}, user="other")
    assert "rtmp" not in str(listed)


def test_without_login_play_urls_go_to_addresses_that_fetched_a_push_url() -> None:
    core = FakeCore(ServerSettings(compat_networks=("10.0.0.0/8",)))
    url = core.ask("get_push_url", {"userID": "agent"}, address="10.0.0.1")["pushURL"]
    create = msg.CreateRoom("agent", "Desk", "desk", "A", "123", str(url)).to_wire()
    core.ask("create_room", create, address="10.0.0.1")

    near = core.ask("get_pushers", {"roomID": "desk"}, address="10.0.0.1")
    far = core.ask("get_pushers", {"roomID": "desk"}, address="10.0.0.2")

    assert "rtmp://" in str(near)
    assert "rtmp://" not in str(far)


def test_a_silent_member_goes_within_26_s_and_its_stream_is_cut() -> None:
    core = FakeCore()
    core.create("agent")
    stream = core.join("kiosk")
    core.relay.live.add(stream)
    for _ in range(4):
        core.clock.move(5.0)
        core.beat("agent")
        core.sweep()
    assert list(core.members("agent")) == ["agent", "kiosk"]

    core.clock.move(5.0)
    core.beat("agent")
    core.sweep()

    assert list(core.members("agent")) == ["agent"]
    assert core.relay.cuts == [stream]
    assert core.events("agent", 2)[-1]["kind"] == "expired"
    assert core.beat("kiosk")["code"] == 5


def test_a_heartbeat_of_no_member_is_refused_with_5() -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")

    assert core.beat("kiosk")["code"] == 5
    assert core.beat("kiosk", "nowhere")["code"] == 5


def test_leaving_twice_is_5_the_second_time() -> None:
    core = FakeCore()
    core.create("agent")
    wire = msg.DeletePusher("desk", "agent").to_wire()

    codes = [core.ask("delete_pusher", wire, user="agent")["code"] for _ in range(2)]

    assert codes == [0, 5]


def test_the_creator_leaving_ends_the_room_for_everybody() -> None:
    core = FakeCore()
    streams = {core.create("agent"), core.join("kiosk")}
    core.ask("delete_pusher", msg.DeletePusher("desk", "agent").to_wire(), user="agent")

    answer = core.ask("get_pushers", {"roomID": "desk"}, user="kiosk")

    assert answer["code"] == 3
    core.wait(1.0)
    assert set(core.relay.cuts) == streams


def test_members_hear_that_their_room_ended_before_their_streams_are_cut() -> None:
    core = FakeCore()
    agents, kiosks = core.create("agent"), core.join("kiosk")
    rung = len(core.rung)
    core.ask("delete_pusher", msg.DeletePusher("desk", "agent").to_wire(), user="agent")

    assert core.rung[rung:] == ["desk"]
    assert core.relay.cuts == [agents]  # given up by whoever it was
    core.wait(0.1)
    assert core.relay.cuts == [agents]
    core.wait(0.9)
    assert core.relay.cuts == [agents, kiosks]


def test_who_destroys_a_room_hears_of_it_before_its_stream_is_cut_too() -> None:
    core = FakeCore()
    streams = [core.create("agent"), core.join("kiosk")]
    core.ask("destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent")

    assert core.relay.cuts == []
    core.wait(1.0)
    assert core.relay.cuts == streams


def test_a_member_that_leaves_expires_or_comes_back_is_cut_at_once() -> None:
    core = FakeCore(ServerSettings(capacity=4))
    core.create("agent")
    left, moved, silent = (core.join(user) for user in ("left", "moved", "silent"))
    core.ask("delete_pusher", msg.DeletePusher("desk", "left").to_wire(), user="left")
    core.join("moved")
    for _ in range(6):
        core.clock.move(5.0)
        for user in ("agent", "moved"):
            core.beat(user)
        core.sweep()

    assert core.relay.cuts == [left, moved, silent]


def test_the_room_outlives_its_creator_where_configured() -> None:
    core = FakeCore(ServerSettings(creator_leaves=CreatorLeaves.STAY))
    core.create("agent")
    core.join("kiosk")
    core.ask("delete_pusher", msg.DeletePusher("desk", "agent").to_wire(), user="agent")

    answer = core.ask("get_pushers", {"roomID": "desk"}, user="kiosk")

    assert answer["roomCreator"] == "agent"
    assert list(core.members("kiosk")) == ["kiosk"]


def test_the_list_pages_by_position_and_counts_0_by_dialect() -> None:
    core = FakeCore()
    for number in range(3):
        core.create(f"agent{number}", f"room{number}")

    def listed(count: object, index: object, user: str) -> list[str]:
        answer = core.ask("get_room_list", {"cnt": count, "index": index}, user=user)
        rooms = answer["rooms"]
        assert isinstance(rooms, list)
        return [room["roomID"] for room in rooms]

    assert listed(2, 0, "agent0") == ["room0", "room1"]
    assert listed("2", "2", "") == ["room2"]
    assert listed(5, 9, "") == []
    assert listed(0, 0, "") == ["room0", "room1", "room2"]
    assert listed(0, 1, "agent0") == ["room1"]


def test_the_id_of_a_destroyed_room_names_no_room() -> None:
    core = FakeCore()
    core.create("agent")
    core.ask("destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent")

    for request in (msg.GetPushers("desk"), msg.DestroyRoom("desk", "agent")):
        answer = core.ask(request.ROUTE, request.to_wire(), user="agent")
        assert answer["code"] == 3


def test_a_recreated_room_goes_on_counting_its_events() -> None:
    core = FakeCore()
    core.create("agent")
    core.join("kiosk")
    core.ask("destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent")
    core.create("agent")

    assert core.beat("agent")["seq"] == 4
    wire = msg.WaitEvents("desk", "agent", 2, 0.0).to_wire()
    assert core.ask("wait_events", wire, user="agent")["resync"] is True
