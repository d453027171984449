"""The record of a technician's test call, and the verdict on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.app.echo_call import EchoCall, as_test_caller
from kiosk.config.schema import KioskConfig
from kiosk.ports import Distribution, PlayStats, PushStats


def late(milliseconds: float) -> Distribution:
    return Distribution(100, milliseconds, milliseconds, milliseconds, milliseconds)


GOOD_PLAY = PlayStats(
    "echo",
    pictures_received=300,
    pictures_shown=298,
    bytes_received=687_500,
    video_latency_ms=late(1120.4),
    audio_latency_ms=late(140.0),
)


def call(play: PlayStats | None = GOOD_PLAY) -> EchoCall:
    steps = {"reserved": 7_000, "published": 30_000, "entered": 51_000}
    return EchoCall(
        steps | {"first_picture": 1_030_000},
        echo_s=1.0,
        seconds=10.0,
        push=PushStats(pictures_sent=330, bytes_sent=687_500),
        play=play,
    )


def test_the_record_names_steps_delays_frames_and_rates_without_the_loop() -> None:
    assert call().record() == {
        "verdict": "good",
        "reserved_ms": 7,
        "published_ms": 30,
        "entered_ms": 51,
        "first_picture_ms": 30,
        "picture_delay_ms": 120,
        "sound_delay_ms": 140,
        "echo_s": 1.0,
        "pictures_sent": 330,
        "pictures_received": 300,
        "pictures_shown": 298,
        "pictures_dropped": 0,
        "concealed_ms": 0,
        "sent_kbps": 500,
        "received_kbps": 550,
    }


def test_what_never_happened_is_null_and_the_problem_is_the_verdict() -> None:
    record = EchoCall().record("R001 no echo room")

    assert record["verdict"] == "R001 no echo room"
    assert record["first_picture_ms"] is None
    assert record["picture_delay_ms"] is None
    assert record["sent_kbps"] == 0


@pytest.mark.parametrize(
    ("play", "verdict"),
    [
        (None, "no picture came back"),
        (replace(GOOD_PLAY, pictures_shown=100), "only 100 of about 300 pictures"),
        (replace(GOOD_PLAY, concealed_ms=1001.0), "1001 ms of the sound were lost"),
        (replace(GOOD_PLAY, video_latency_ms=late(1900)), "the picture is 900 ms late"),
        (
            replace(GOOD_PLAY, video_latency_ms=None, audio_latency_ms=None),
            "good",
        ),
    ],
)
def test_the_verdict_names_the_first_thing_that_is_wrong(
    play: PlayStats | None, verdict: str
) -> None:
    assert call(play).record()["verdict"].startswith(verdict)


@pytest.mark.parametrize(
    ("room", "name"),
    [
        ({"user_id": "kiosk-7", "enrolment_key": "a1" * 16}, "kiosk-7-test"),
        ({"user_id": "kiosk-7"}, None),
        ({}, None),
    ],
)
def test_a_test_call_never_uses_the_name_of_the_kiosk_itself(
    room: dict[str, str], name: str | None
) -> None:
    wanted = {"server": "https://a", "create": True, **room}
    config = KioskConfig.model_validate({"room": wanted})

    calling = as_test_caller(config).room
    assert calling.user_id == name
    assert calling.target == ("echo",)
    assert not calling.create
    assert calling.enrolment_key == config.room.enrolment_key


def test_a_test_call_of_a_multi_room_kiosk_goes_to_the_echo_room_too() -> None:
    wanted = {"server": "https://a", "type": "multi_room"}
    config = KioskConfig.model_validate({"room": wanted})

    assert as_test_caller(config).room.type == "double_room"
