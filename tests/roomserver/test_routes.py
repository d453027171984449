from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from kiosk.room.stream_url import stream_of
from kiosk.roomserver.key_terms import KeyTerms
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.gate_answers import admitted
from tests.fakes.room_desk import FakeDesk, Json


def join_wire(desk: FakeDesk, user: str, room_id: str = "desk") -> Json:
    return msg.AddPusher(room_id, user, user, desk.push_url(user)).to_wire()


def test_two_parties_meet_and_see_each_others_play_url() -> None:
    desk = FakeDesk()
    agent_stream = desk.create("agent")
    kiosk_stream = desk.join("kiosk")

    seen = desk.members("kiosk")

    assert list(seen) == ["agent", "kiosk"]
    assert {stream_of(url) for url in seen.values()} == {agent_stream, kiosk_stream}
    assert seen == desk.members("agent")


def test_a_play_url_stays_the_same_while_its_seat_does() -> None:
    desk = FakeDesk()
    desk.create("agent")
    first = desk.members("agent")["agent"]
    for _ in range(10):
        desk.clock.move(10.0)
        desk.beat("agent")

    assert desk.members("agent")["agent"] == first


def test_a_play_url_of_a_long_call_is_renewed_before_it_expires() -> None:
    desk = FakeDesk(ServerSettings(keys=KeyTerms(valid_s=100)))
    stream = desk.create("agent")
    desk.clock.move(60.0)
    url = desk.members("agent")["agent"]

    query = url.partition("?")[2]
    desk.clock.move(85.0)
    admitted(desk.desk.gate.authorize_play("live", stream, query))


def test_joining_a_full_room_is_refused_with_5001() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.join("kiosk")
    desk.log_in("late")

    answer = desk.ask("add_pusher", join_wire(desk, "late"), user="late")

    assert answer["code"] == 5001
    assert list(desk.members("agent")) == ["agent", "kiosk"]


def test_joining_an_unknown_room_is_refused_with_3() -> None:
    desk = FakeDesk()
    desk.log_in("kiosk")

    assert desk.ask("add_pusher", join_wire(desk, "kiosk"), user="kiosk")["code"] == 3


def test_joining_again_with_the_same_url_changes_nothing() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.log_in("kiosk")
    wire = join_wire(desk, "kiosk")

    first = desk.ask("add_pusher", wire, user="kiosk")
    second = desk.ask("add_pusher", wire, user="kiosk")

    assert first == second
    assert desk.relay.cuts == []


def test_coming_back_with_a_new_stream_takes_the_seat_over() -> None:
    desk = FakeDesk()
    desk.create("agent")
    old = desk.join("kiosk")
    seq = int(str(desk.beat("agent")["seq"]))
    new = desk.join("kiosk")

    assert stream_of(desk.members("agent")["kiosk"]) == new
    assert desk.relay.cuts == [old]
    assert desk.events("agent", seq) == [
        {"seq": seq + 1, "kind": "pushers_changed", "userID": "kiosk", "epoch": seq + 1}
    ]


def test_creating_a_room_again_after_a_lost_answer_gives_the_same_room() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    url = desk.push_url("agent")
    wire = msg.CreateRoom("agent", "Desk", "", "A", "123", url).to_wire()

    first = desk.ask("create_room", wire, user="agent")
    second = desk.ask("create_room", wire, user="agent")

    assert first == second


def test_a_taken_id_is_refused_with_11_and_named() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.log_in("kiosk")
    wire = msg.CreateRoom("kiosk", "x", "desk").to_wire()

    answer = desk.ask("create_room", wire, user="kiosk")

    assert (answer["code"], answer["roomID"]) == (11, "desk")


def test_a_label_over_1024_bytes_is_refused_with_10() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    wire = msg.CreateRoom("agent", "柜" * 342).to_wire()

    assert desk.ask("create_room", wire, user="agent")["code"] == 10


def test_the_first_to_push_is_the_creator_whoever_reserved_the_room() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    desk.ask(
        "create_room", msg.CreateRoom("agent", "x", "desk").to_wire(), user="agent"
    )
    desk.join("kiosk")
    destroy = msg.DestroyRoom("desk", "agent").to_wire()

    assert desk.ask("destroy_room", destroy, user="agent")["code"] == 3
    destroy = msg.DestroyRoom("desk", "kiosk").to_wire()
    assert desk.ask("destroy_room", destroy, user="kiosk")["code"] == 0


def test_a_reserved_room_nobody_comes_to_is_forgotten() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    wire = msg.CreateRoom("agent", "x", "desk").to_wire()
    desk.ask("create_room", wire, user="agent")
    desk.clock.move(60.0)
    desk.sweep()
    assert desk.ask("create_room", wire, user="agent")["code"] == 11
    desk.clock.move(0.1)
    desk.sweep()

    assert desk.ask("create_room", wire, user="agent")["code"] == 0


def test_rooms_per_owner_are_bounded() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    codes = [
        desk.ask("create_room", msg.CreateRoom("agent", "x").to_wire(), user="agent")
        for _ in range(17)
    ]

    assert [answer["code"] for answer in codes] == [0] * 16 + [6]


def test_push_urls_per_user_are_bounded() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    first = stream_of(desk.push_url("agent"))
    for _ in range(4):
        desk.push_url("agent")
    assert desk.relay.cuts == [first]

    for number in range(8):
        desk.create("agent", f"room{number}")
    answer = desk.ask("get_push_url", {"userID": "agent"}, user="agent")
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
    desk = FakeDesk()
    desk.create("agent")
    desk.join("mallory")
    before = desk.members("agent")

    answer = desk.ask(
        request_of_victim.ROUTE, request_of_victim.to_wire(), user="mallory"
    )

    assert answer["code"] == 7
    assert desk.members("agent") == before


def test_only_members_and_who_is_about_to_join_see_play_urls() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.log_in("kiosk")
    desk.log_in("other")
    assert desk.members("kiosk") == {"agent": ""}

    desk.push_url("kiosk")
    assert desk.members("kiosk")["agent"]
    desk.clock.move(121.0)
    assert desk.members("kiosk") == {"agent": ""}

    desk.join("kiosk")
    desk.push_url("other")
    assert desk.members("other") == {"agent": "", "kiosk": ""}
    listed = desk.ask("get_room_list", {"cnt": 9, "index": 0}, user="other")
    assert "rtmp" not in str(listed)


def test_without_login_play_urls_go_to_addresses_that_fetched_a_push_url() -> None:
    desk = FakeDesk(ServerSettings(compat_networks=("10.0.0.0/8",)))
    url = desk.ask("get_push_url", {"userID": "agent"}, address="10.0.0.1")["pushURL"]
    create = msg.CreateRoom("agent", "Desk", "desk", "A", "123", str(url)).to_wire()
    desk.ask("create_room", create, address="10.0.0.1")

    near = desk.ask("get_pushers", {"roomID": "desk"}, address="10.0.0.1")
    far = desk.ask("get_pushers", {"roomID": "desk"}, address="10.0.0.2")

    assert "rtmp://" in str(near)
    assert "rtmp://" not in str(far)


def test_a_silent_member_goes_within_26_s_and_its_stream_is_cut() -> None:
    desk = FakeDesk()
    desk.create("agent")
    stream = desk.join("kiosk")
    desk.relay.live.add(stream)
    for _ in range(4):
        desk.clock.move(5.0)
        desk.beat("agent")
        desk.sweep()
    assert list(desk.members("agent")) == ["agent", "kiosk"]

    desk.clock.move(5.0)
    desk.beat("agent")
    desk.sweep()

    assert list(desk.members("agent")) == ["agent"]
    assert desk.relay.cuts == [stream]
    assert desk.events("agent", 2)[-1]["kind"] == "expired"
    assert desk.beat("kiosk")["code"] == 5


def test_a_heartbeat_of_no_member_is_refused_with_5() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.log_in("kiosk")

    assert desk.beat("kiosk")["code"] == 5
    assert desk.beat("kiosk", "nowhere")["code"] == 5


def test_leaving_twice_is_5_the_second_time() -> None:
    desk = FakeDesk()
    desk.create("agent")
    wire = msg.DeletePusher("desk", "agent").to_wire()

    codes = [desk.ask("delete_pusher", wire, user="agent")["code"] for _ in range(2)]

    assert codes == [0, 5]


def test_the_creator_leaving_ends_the_room_for_everybody() -> None:
    desk = FakeDesk()
    streams = {desk.create("agent"), desk.join("kiosk")}
    desk.ask("delete_pusher", msg.DeletePusher("desk", "agent").to_wire(), user="agent")

    answer = desk.ask("get_pushers", {"roomID": "desk"}, user="kiosk")

    assert answer["code"] == 3
    desk.wait(1.0)
    assert set(desk.relay.cuts) == streams


def test_members_hear_that_their_room_ended_before_their_streams_are_cut() -> None:
    desk = FakeDesk()
    agents, kiosks = desk.create("agent"), desk.join("kiosk")
    rung = len(desk.rung)
    desk.ask("delete_pusher", msg.DeletePusher("desk", "agent").to_wire(), user="agent")

    assert desk.rung[rung:] == ["desk"]
    assert desk.relay.cuts == [agents]  # given up by whoever it was
    desk.wait(0.1)
    assert desk.relay.cuts == [agents]
    desk.wait(0.9)
    assert desk.relay.cuts == [agents, kiosks]


def test_who_destroys_a_room_hears_of_it_before_its_stream_is_cut_too() -> None:
    desk = FakeDesk()
    streams = [desk.create("agent"), desk.join("kiosk")]
    desk.ask("destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent")

    assert desk.relay.cuts == []
    desk.wait(1.0)
    assert desk.relay.cuts == streams


def test_a_member_that_leaves_expires_or_comes_back_is_cut_at_once() -> None:
    desk = FakeDesk(ServerSettings(capacity=4))
    desk.create("agent")
    left, moved, silent = (desk.join(user) for user in ("left", "moved", "silent"))
    desk.ask("delete_pusher", msg.DeletePusher("desk", "left").to_wire(), user="left")
    desk.join("moved")
    for _ in range(6):
        desk.clock.move(5.0)
        for user in ("agent", "moved"):
            desk.beat(user)
        desk.sweep()

    assert desk.relay.cuts == [left, moved, silent]


def test_the_room_outlives_its_creator_where_configured() -> None:
    desk = FakeDesk(ServerSettings(creator_leaves=CreatorLeaves.STAY))
    desk.create("agent")
    desk.join("kiosk")
    desk.ask("delete_pusher", msg.DeletePusher("desk", "agent").to_wire(), user="agent")

    answer = desk.ask("get_pushers", {"roomID": "desk"}, user="kiosk")

    assert answer["roomCreator"] == "agent"
    assert list(desk.members("kiosk")) == ["kiosk"]


def test_the_list_pages_by_position_and_counts_0_by_dialect() -> None:
    desk = FakeDesk()
    for number in range(3):
        desk.create(f"agent{number}", f"room{number}")

    def listed(count: object, index: object, user: str) -> list[str]:
        answer = desk.ask("get_room_list", {"cnt": count, "index": index}, user=user)
        rooms = answer["rooms"]
        assert isinstance(rooms, list)
        return [room["roomID"] for room in rooms]

    assert listed(2, 0, "agent0") == ["room0", "room1"]
    assert listed("2", "2", "") == ["room2"]
    assert listed(5, 9, "") == []
    assert listed(0, 0, "") == ["room0", "room1", "room2"]
    assert listed(0, 1, "agent0") == ["room1"]


def test_the_id_of_a_destroyed_room_names_no_room() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.ask("destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent")

    for request in (msg.GetPushers("desk"), msg.DestroyRoom("desk", "agent")):
        answer = desk.ask(request.ROUTE, request.to_wire(), user="agent")
        assert answer["code"] == 3


def test_a_recreated_room_goes_on_counting_its_events() -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.join("kiosk")
    desk.ask("destroy_room", msg.DestroyRoom("desk", "agent").to_wire(), user="agent")
    desk.create("agent")

    assert desk.beat("agent")["seq"] == 4
    wire = msg.WaitEvents("desk", "agent", 2, 0.0).to_wire()
    assert desk.ask("wait_events", wire, user="agent")["resync"] is True
