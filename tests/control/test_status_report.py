"""A status in words."""

from __future__ import annotations

import pytest

from kiosk.control.report import describe_status


IN_CALL = {
    "schema_version": 1,
    "state": "IN_CALL",
    "screen": "in_call",
    "user_id": "kiosk-7",
    "room_id": "service",
    "muted": True,
    "insecure": True,
    "synthetic": ["camera", "speaker"],
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
        "synthetic, for developers: camera, speaker",
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


@pytest.mark.parametrize(
    ("display", "words"),
    [
        ({"missing": "no display is connected", "lit": ""}, "missing: no display"),
        ({"missing": "", "lit": "HDMI-A-1 1280x720@60"}, "HDMI-A-1 1280x720@60"),
        ({"missing": "", "lit": ""}, "there"),
    ],
)
def test_it_is_said_whether_there_is_a_display(
    display: dict[str, str], words: str
) -> None:
    text = describe_status({"state": "IDLE", "screen": "idle", "display": display})

    assert f"display:   {words}" in text


def test_faults_the_door_and_failing_lamps_are_told() -> None:
    faults = [{"fault": "camera", "flashes": 4, "reason": "D001 no camera"}]
    more = {"faults": faults, "door_open": True, "lamps_wrong": "D001 GPIO 5"}

    text = describe_status({**IN_CALL, **more})

    for words in ("camera: D001 no camera", "door:      open", "lamps:     D001"):
        assert words in text


UPDATE = {
    "system": "1.4.0",
    "running": "b",
    "default": "b",
    "update": "committed",
    "version": "1.4.0",
    "slot": "b",
    "reason": "",
    "failed": "",
}
BUNDLE: dict[str, object] = {
    "bundle": "spring",
    "since": "2026-11-28T12:00:00+00:00",
    "is_on_trial": False,
    "given_up": {},
}


@pytest.mark.parametrize(
    ("update", "bundle", "expected"),
    [
        (
            UPDATE,
            BUNDLE,
            (
                "system:    version 1.4.0 in slot b; last update 1.4.0: committed\n",
                "bundle:    spring, in force since 2026-11-28T12:00:00+00:00\n",
            ),
        ),
        (
            UPDATE | {"default": "a", "update": "trial"},
            BUNDLE | {"is_on_trial": True},
            (
                "version 1.4.0 in slot b, on trial; last update 1.4.0: trial\n",
                "spring, being tried since 2026",
            ),
        ),
        (
            UPDATE | {"update": "failed", "version": "1.5.0", "reason": "unhealthy"},
            BUNDLE
            | {
                "given_up": {
                    "older": {"at": "2026-11-01", "reason": "long ago"},
                    "summer": {"at": "2026-11-28T13:00:00+00:00", "reason": "no way"},
                }
            },
            (
                "last update 1.5.0: failed, unhealthy\n",
                "12:00:00+00:00; summer was taken back on 2026-11-28T13:00:00+00:00: no",
            ),
        ),
        (
            dict.fromkeys(UPDATE, "") | {"update": "none"},
            BUNDLE | {"bundle": "", "since": ""},
            ("version unknown; no update yet\n", "bundle:    none applied\n"),
        ),
        (
            {},
            None,
            ("version unknown; no update yet\n", "nobody has looked for one since"),
        ),
    ],
)
def test_the_system_below_and_what_set_the_kiosk_up_have_a_line_each(
    update: dict[str, str], bundle: dict[str, object] | None, expected: tuple[str, str]
) -> None:
    text = describe_status(IN_CALL | {"machine": {"update": update, "bundle": bundle}})

    for words in expected:
        assert words in text
