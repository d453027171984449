"""A kiosk's status, as Prometheus reads it."""

from __future__ import annotations

from typing import Any

from kiosk.control.metrics import exposition


IN_CALL: dict[str, Any] = {
    "state": "IN_CALL",
    "muted": True,
    "devices": {"camera_open": True, "speaker_open": False},
    "calls_ended": 2,
    "rss_mb": 100.0,
    "cpu_s": 12.5,
    "threads": 8,
    "threads_cpu_s": {"camera": 4.25},
    "fds": 20,
    "loop_stall_ms": {"p999": 20.0, "max": 30.0, "n": 9},
    "push": {
        "bitrate": 800_000,
        "pictures_sent": 90,
        "drops": {"old": 3},
        "braked_ms": 500.0,
        "microphone_xruns": 6,
    },
    "live": {
        "sent_kbps": 610,
        "parties": [{"user_id": "agent-1", "pictures_per_second": 29.5}],
    },
    "play": [
        {
            "user_id": "agent-1",
            "pictures_shown": 80,
            "bytes_received": 123_456_789,
            "drops": {"late": 1},
            "cut_ms": 330.0,
            "underruns": 2,
            "speaker_underruns": 5,
            "late_packets": 4,
            "video_latency_ms": {"p50": 90.0, "p95": 100.0, "p99": 120.0},
            "audio_latency_ms": None,
        },
        {"user_id": "gone", "pictures_shown": 0},
    ],
}


def test_a_call_is_told_in_base_units_with_parties_as_numbers() -> None:
    lines = exposition(IN_CALL).splitlines()

    for line in (
        'kiosk_state{state="IN_CALL"} 1',
        "kiosk_muted 1",
        'kiosk_device_open{device="camera"} 1',
        'kiosk_device_open{device="speaker"} 0',
        "kiosk_calls_ended_total 2",
        "# TYPE kiosk_calls_ended_total counter",
        "kiosk_loop_late_seconds 0.02",
        "process_resident_memory_bytes 104857600",
        'kiosk_thread_cpu_seconds{thread="camera"} 4.25',
        "kiosk_sent_bps 610000",
        "kiosk_sent_braked_seconds 0.5",
        'kiosk_sent_pictures_dropped{reason="old"} 3',
        'kiosk_received_pictures_per_second{party="1"} 29.5',
        'kiosk_received_bytes{party="1"} 123456789',
        'kiosk_received_pictures_dropped{party="1",reason="late"} 1',
        'kiosk_received_cut_seconds{party="1"} 0.33',
        'kiosk_received_underruns{party="1"} 2',
        "kiosk_sent_microphone_xruns 6",
        'kiosk_received_speaker_underruns{party="1"} 5',
        'kiosk_received_late_packets{party="1"} 4',
        'kiosk_received_picture_delay_seconds{party="1",quantile="0.95"} 0.1',
    ):
        assert line in lines
    assert "agent-1" not in "\n".join(lines)
    assert not any("sound_delay" in line for line in lines)


def test_every_family_is_described_once_before_its_samples() -> None:
    described: set[str] = set()
    for line in exposition(IN_CALL).splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in described
            described.add(name)
        elif not line.startswith("#"):
            assert line.split("{")[0].split(" ")[0] in described


def test_an_idle_kiosk_has_no_figures_of_a_call() -> None:
    text = exposition({"state": "IDLE", "push": None, "play": [], "live": None})

    assert 'kiosk_state{state="IDLE"} 1' in text
    assert "kiosk_sent" not in text
    assert "kiosk_received" not in text


def test_a_missing_display_is_a_figure() -> None:
    for missing, figure in (("no display is connected", "1"), ("", "0")):
        text = exposition({"state": "IDLE", "display": {"missing": missing}})
        assert f"kiosk_display_missing {figure}\n" in text

    assert "kiosk_display_missing" not in exposition({"state": "IDLE"})


def test_faults_and_the_door_are_figures() -> None:
    faults = [{"fault": "camera", "flashes": 4, "reason": "D001 no camera"}]

    text = exposition({"state": "IDLE", "faults": faults, "door_open": True})

    assert 'kiosk_fault{fault="camera"} 1' in text
    assert "kiosk_door_open 1" in text
    assert "kiosk_door_open" not in exposition({"state": "IDLE", "door_open": None})
