from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from tests.fakes.gate_answers import admitted, refused
from tests.fakes.room_core import FakeCore


def parts(url: str) -> tuple[str, str]:
    path, _, query = url.partition("?")
    return path.rsplit("/", 1)[1], query


def test_an_issued_push_url_may_publish_and_not_play() -> None:
    core = FakeCore()
    core.log_in("agent")
    name, query = parts(core.push_url("agent"))

    admitted(core.core.gate.authorize_publish("live", name, query))
    play = core.core.gate.authorize_play("live", name, query)
    assert refused(play) == "the key is wrong"


def test_a_play_url_may_play_and_not_publish() -> None:
    core = FakeCore()
    core.create("agent")
    name, query = parts(core.members("agent")["agent"])

    admitted(core.core.gate.authorize_play("live", name, query))
    publish = core.core.gate.authorize_publish("live", name, query)
    assert refused(publish) == "the key is wrong"


def test_another_application_is_refused() -> None:
    core = FakeCore()
    core.log_in("agent")
    name, query = parts(core.push_url("agent"))

    answer = core.core.gate.authorize_publish("vod", name, query)
    assert "application" in refused(answer)


@pytest.mark.parametrize("end", ["leave", "destroy", "expire", "come back", "unused"])
def test_a_right_key_opens_nothing_once_its_grant_is_over(end: str) -> None:
    core = FakeCore()
    core.create("agent")
    core.log_in("kiosk")
    url = core.push_url("kiosk")
    if end != "unused":
        join = msg.AddPusher("desk", "kiosk", "k", url).to_wire()
        core.ask("add_pusher", join, user="kiosk")
    name, query = parts(url)
    permit = admitted(core.core.gate.authorize_publish("live", name, query))

    match end:
        case "leave":
            leave = msg.DeletePusher("desk", "kiosk").to_wire()
            core.ask("delete_pusher", leave, user="kiosk")
        case "destroy":
            destroy = msg.DestroyRoom("desk", "agent").to_wire()
            core.ask("destroy_room", destroy, user="agent")
        case "come back":
            core.join("kiosk")
        case _:
            core.silence(121)

    core.wait(1.0)
    assert name in core.relay.cuts
    again = core.core.gate.authorize_publish("live", name, query)
    over = "the stream was not issued, or its seat was given up"
    assert refused(again) == over
    first = permit()
    core.clock.move(1)
    assert (first, permit()) == ("", over)


def test_a_lost_stream_keeps_its_seat_and_is_told() -> None:
    core = FakeCore()
    core.create("agent")
    stream = core.join("kiosk")

    core.core.gate.on_stream_ended(stream)
    core.core.gate.on_stream_ended(stream)
    core.core.gate.on_stream_started(stream)
    core.core.gate.on_stream_started(stream)

    assert list(core.members("agent")) == ["agent", "kiosk"]
    assert [event["kind"] for event in core.events("agent", 2)] == [
        "stream_lost",
        "pushers_changed",
    ]


def test_a_stream_without_a_seat_is_nobodys_news() -> None:
    core = FakeCore()
    core.log_in("agent")
    stream, _ = parts(core.push_url("agent"))
    before = list(core.rung)

    core.core.gate.on_stream_started(stream)
    core.core.gate.on_stream_ended(stream)
    core.core.gate.on_stream_ended("unknown")

    assert core.rung == before


def test_the_backend_passes_on_to_the_relay() -> None:
    core = FakeCore()
    backend = core.core.streams.relay_backend(core.relay, 1935)
    core.relay.live.add("s")

    backend.request_idr("s")

    assert backend.is_live("s")
    assert core.relay.idr_requests == ["s"]


def test_a_grant_revoked_before_any_backend_is_there_needs_no_cut() -> None:
    core = FakeCore()
    core.log_in("agent")
    core.push_url("agent")
    core.core.streams.backend = None
    core.clock.move(200)

    core.sweep()

    assert core.relay.cuts == []
