"""A status in words."""

from __future__ import annotations

from kiosk.control.report import describe_status


IN_CALL = {
    "schema_version": 1,
    "state": "IN_CALL",
    "screen": "in_call",
    "user_id": "kiosk-7",
    "room_id": "service",
    "muted": True,
    "insecure": True,
    "reason": "R007 no answer",
    "peers": [
        {"user_id": "agent-1", "name": "Agent", "received": "sound", "loudest": True},
        {"user_id": "b", "name": "", "received": "picture", "loudest": False},
    ],
    "push": {
        "bitrate": 800_000,
        "pictures_sent": 90,
        "pictures_dropped": 1,
        "echo_canceller": "speex",
        "audio_codec": "opus",
    },
    "play": [
        {"user_id": "agent-1", "pictures_shown": 80, "video_latency_ms": {"p50": 91.6}},
        {"user_id": "b", "pictures_shown": 0, "video_latency_ms": None},
    ],
    "devices": {"camera_open": True, "microphone_open": False},
    "rss_mb": 70.2,
    "cpu_s": 1.5,
    "threads": 7,
    "fds": 20,
    "calls_ended": 2,
}


def test_a_call_is_described_with_all_that_support_asks_for() -> None:
    text = describe_status(IN_CALL)

    for words in (
        "IN_CALL (screen: in_call)",
        "R007 no answer",
        "kiosk-7",
        "service",
        "Agent (sound, talks), b (picture)",
        "muted",
        "camera open",
        "insecure",
        "800 kbit/s, 90 pictures, 1 dropped",
        "canceller speex",
        "sound out: opus",
        "agent-1: 80 pictures, 0 dropped, 92 ms late",
        "b: 0 pictures, 0 dropped\n",
        "70 MB, 1.5 s of CPU, 7 threads, 20 descriptors, 2 calls ended",
    ):
        assert words in text


def test_an_idle_kiosk_is_described_without_media() -> None:
    text = describe_status({"state": "IDLE", "screen": "idle", "push": None})

    assert "not logged in" in text
    assert "all closed" in text
    assert "sending" not in text
    assert "insecure" not in text
