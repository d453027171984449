"""The delay line of the echo: order, timestamps, and always an IDR first."""

from __future__ import annotations

from kiosk.roomserver.echo_loop import EchoLoop
from kiosk.rtmp.events import AudioTag, VideoTag
from kiosk.rtmp.live_queue import Kind


SPS = VideoTag(0, b"\x17\0config")


def video(at_ms: int, size: int = 10) -> VideoTag:
    return VideoTag(at_ms, bytes(size))


def test_everything_leaves_in_order_and_so_much_later() -> None:
    loop = EchoLoop(1.0, began=100.0)
    loop.put(Kind.VIDEO_CONFIG, SPS, 105.0)
    loop.put(Kind.IDR, video(7), 105.0)
    loop.put(Kind.AUDIO, AudioTag(20, b"a"), 105.5)

    assert loop.next_due == 106.0
    assert loop.take_due(105.9) == []
    assert [event.payload for event in loop.take_due(106.0)] == [SPS.payload, bytes(10)]
    assert loop.take_due(106.5) == [AudioTag(6020, b"a")]
    assert loop.next_due is None


def test_timestamps_go_on_evenly_when_another_stream_follows() -> None:
    loop = EchoLoop(1.0, began=0.0)
    loop.put(Kind.IDR, video(90_000), 2.0)
    loop.put(Kind.INTER, video(90_040), 2.04)
    loop.restart()
    loop.put(Kind.IDR, video(0), 10.0)
    loop.put(Kind.INTER, video(40), 10.04)

    assert [event.timestamp_ms for event in loop.take_due(99.0)] == [11_000, 11_040]


def test_timestamps_wrap_as_on_the_wire() -> None:
    loop = EchoLoop(0.0, began=0.0)
    loop.put(Kind.IDR, video((1 << 32) - 10), 1.0)
    loop.put(Kind.INTER, video(30), 1.04)

    assert [event.timestamp_ms for event in loop.take_due(2.0)] == [1000, 1040]


def test_pictures_before_the_first_idr_are_left_out_but_not_the_sound() -> None:
    loop = EchoLoop(0.0, began=0.0)
    loop.put(Kind.INTER, video(0), 1.0)
    loop.put(Kind.AUDIO, AudioTag(10, b"a"), 1.0)
    loop.put(Kind.INTER, video(20), 1.0)

    assert [type(event) for event in loop.take_due(2.0)] == [AudioTag]


def test_too_much_is_forgotten_but_for_the_configs_and_an_idr_is_asked_for() -> None:
    loop = EchoLoop(5.0, began=0.0, max_bytes=100)
    assert loop.put(Kind.VIDEO_CONFIG, SPS, 1.0)
    assert loop.put(Kind.IDR, video(0, 80), 1.0)
    assert not loop.put(Kind.INTER, video(40, 80), 1.0)
    assert loop.put(Kind.INTER, video(80), 1.0)
    assert loop.put(Kind.IDR, video(120), 1.1)

    left = loop.take_due(99.0)

    assert [event.payload for event in left] == [SPS.payload, bytes(10)]
