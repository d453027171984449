from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from tests.fakes.gate_answers import admitted, refused
from tests.fakes.room_desk import FakeDesk


def parts(url: str) -> tuple[str, str]:
    path, _, query = url.partition("?")
    return path.rsplit("/", 1)[1], query


def test_an_issued_push_url_may_publish_and_not_play() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    name, query = parts(desk.push_url("agent"))

    admitted(desk.desk.gate.authorize_publish("live", name, query))
    play = desk.desk.gate.authorize_play("live", name, query)
    assert refused(play) == "the key is wrong"


def test_a_play_url_may_play_and_not_publish() -> None:
    desk = FakeDesk()
    desk.create("agent")
    name, query = parts(desk.members("agent")["agent"])

    admitted(desk.desk.gate.authorize_play("live", name, query))
    publish = desk.desk.gate.authorize_publish("live", name, query)
    assert refused(publish) == "the key is wrong"


def test_another_application_is_refused() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    name, query = parts(desk.push_url("agent"))

    answer = desk.desk.gate.authorize_publish("vod", name, query)
    assert "application" in refused(answer)


@pytest.mark.parametrize("end", ["leave", "destroy", "expire", "come back", "unused"])
def test_a_right_key_opens_nothing_once_its_grant_is_over(end: str) -> None:
    desk = FakeDesk()
    desk.create("agent")
    desk.log_in("kiosk")
    url = desk.push_url("kiosk")
    if end != "unused":
        join = msg.AddPusher("desk", "kiosk", "k", url).to_wire()
        desk.ask("add_pusher", join, user="kiosk")
    name, query = parts(url)
    permit = admitted(desk.desk.gate.authorize_publish("live", name, query))

    match end:
        case "leave":
            leave = msg.DeletePusher("desk", "kiosk").to_wire()
            desk.ask("delete_pusher", leave, user="kiosk")
        case "destroy":
            destroy = msg.DestroyRoom("desk", "agent").to_wire()
            desk.ask("destroy_room", destroy, user="agent")
        case "come back":
            desk.join("kiosk")
        case _:
            desk.silence(121)

    desk.wait(1.0)
    assert name in desk.relay.cuts
    again = desk.desk.gate.authorize_publish("live", name, query)
    over = "the stream was not issued, or its seat was given up"
    assert refused(again) == over
    first = permit()
    desk.clock.move(1)
    assert (first, permit()) == ("", over)


def test_a_lost_stream_keeps_its_seat_and_is_told() -> None:
    desk = FakeDesk()
    desk.create("agent")
    stream = desk.join("kiosk")

    desk.desk.gate.on_stream_ended(stream)
    desk.desk.gate.on_stream_ended(stream)
    desk.desk.gate.on_stream_started(stream)
    desk.desk.gate.on_stream_started(stream)

    assert list(desk.members("agent")) == ["agent", "kiosk"]
    assert [event["kind"] for event in desk.events("agent", 2)] == [
        "stream_lost",
        "pushers_changed",
    ]


def test_a_stream_without_a_seat_is_nobodys_news() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    stream, _ = parts(desk.push_url("agent"))
    before = list(desk.rung)

    desk.desk.gate.on_stream_started(stream)
    desk.desk.gate.on_stream_ended(stream)
    desk.desk.gate.on_stream_ended("unknown")

    assert desk.rung == before


def test_the_backend_passes_on_to_the_relay() -> None:
    desk = FakeDesk()
    backend = desk.desk.streams.relay_backend(desk.relay, 1935)
    desk.relay.live.add("s")

    backend.request_idr("s")

    assert backend.is_live("s")
    assert desk.relay.idr_requests == ["s"]


def test_a_grant_revoked_before_any_backend_is_there_needs_no_cut() -> None:
    desk = FakeDesk()
    desk.log_in("agent")
    desk.push_url("agent")
    desk.desk.streams.backend = None
    desk.clock.move(200)

    desk.sweep()

    assert desk.relay.cuts == []
