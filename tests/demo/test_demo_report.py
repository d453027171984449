"""What the demonstration makes of statuses; its options and settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.config.load import load_kiosk, load_server
from kiosk.config.server_schema import NOTHING_KEPT
from kiosk.demo.options import DemoOptions
from kiosk.demo.report import (
    CallRecord,
    Snapshot,
    live_line,
    percentile,
    summarise,
    table,
)
from kiosk.demo.settings import Place, agent_toml, kiosk_toml, server_toml


def distribution(n: int, p50: float, high: float) -> dict[str, float]:
    return {"n": n, "p50": p50, "p95": high, "p99": high + 1, "max": high + 2}


def snapshot(at_s: float, shown: int = 0, sent: int = 0, **play: Any) -> Snapshot:
    return Snapshot(
        at_s=at_s,
        kiosk={
            "state": "IN_CALL",
            "cpu_s": at_s / 4,
            "rss_mb": 70 + at_s,
            "timings": {"call_pressed_us": 1000, "first_picture_us": 201_000},
            "play": [{"pictures_shown": shown, "pictures_dropped": 1, **play}],
        },
        agent={"push": {"pictures_sent": sent}},
        server_rss_mb=40 - at_s,
    )


def test_frames_are_counted_between_the_first_look_and_the_last() -> None:
    call = CallRecord(snapshot(0, shown=3, sent=100), snapshot(10, shown=303, sent=401))

    assert summarise([call], None)["frames"] == {
        "sent": 301,
        "shown": 300,
        "dropped": 0,
    }


def test_cpu_and_memory_are_the_kiosks_share_and_the_peaks() -> None:
    summary = summarise([CallRecord(snapshot(0), snapshot(10))], None)

    assert summary["cpu_percent"] == 25.0
    assert summary["rss_mb"] == {"kiosk": 80.0, "server": 40.0}


def test_several_calls_are_put_together_without_flattery() -> None:
    calls = [
        CallRecord(
            snapshot(0),
            snapshot(
                10,
                video_latency_ms=distribution(n, p50, high),
                audio_latency_ms=distribution(n, p50, high),
                av_offset_ms={"n": n, "p50": p50 - 100, "max": -high},
            ),
        )
        for n, p50, high in ((100, 90.0, 110.0), (300, 94.0, 105.0))
    ]

    summary = summarise(calls, "a.png")

    assert summary["video_latency_ms"] == {
        "n": 400,
        "p50": 93.0,
        "p95": 110.0,
        "p99": 111.0,
    }
    assert summary["audio_latency_ms"] == {"n": 400, "p50": 93.0, "p95": 110.0}
    assert summary["av_offset_ms"] == {"p50": -7.0, "max_abs": 110.0}
    assert summary["press_to_picture_ms"] == {
        "n": 2,
        "p50": 200.0,
        "p95": 200.0,
        "max": 200.0,
    }
    assert summary["screenshot"] == "a.png"


def test_what_was_not_measured_is_null_not_zero() -> None:
    blank = Snapshot(0, {}, {}, 0.0)

    summary = summarise([CallRecord(blank, blank)], None)

    assert summary["video_latency_ms"] == {
        "n": 0,
        "p50": None,
        "p95": None,
        "p99": None,
    }
    assert summary["press_to_picture_ms"]["max"] is None
    assert summary["cpu_percent"] is None
    assert "?" in table(summary)


def test_no_calls_are_reported_as_none() -> None:
    summary = summarise([], None)

    assert summary["n_calls"] == 0
    assert summary["rss_mb"]["kiosk"] is None


def test_the_summary_has_exactly_the_agreed_keys() -> None:
    assert list(summarise([], None)) == [
        "schema_version",
        "n_calls",
        "press_to_picture_ms",
        "video_latency_ms",
        "audio_latency_ms",
        "av_offset_ms",
        "frames",
        "cpu_percent",
        "rss_mb",
        "screenshot",
    ]


def test_a_live_line_shows_rates_of_the_last_second() -> None:
    before = snapshot(1, shown=30, bytes_received=0)
    now = snapshot(
        3,
        shown=90,
        bytes_received=200_000,
        video_latency_ms=distribution(9, 91.0, 99),
        av_offset_ms=distribution(9, -4.0, 9),
    )

    line = live_line(before, now)

    assert "30.0 fps" in line
    assert "latency   91 ms" in line
    assert "sound    ? ms" in line
    assert "A/V   -4 ms" in line
    assert "800 kbit/s" in line


def test_a_live_line_says_when_the_sound_is_off() -> None:
    muted = Snapshot(1, {"muted": True}, {}, 0)

    assert live_line(muted, muted).endswith("muted")


def test_the_table_names_every_figure() -> None:
    text = table(summarise([CallRecord(snapshot(0), snapshot(10))], "a.png"))

    for name in ("press to picture (ms)", "frames", "rss (MB)", "a.png", "calls"):
        assert name in text


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, None),
        ([3.0], 95, 3.0),
        ([1.0, 2.0, 3.0, 4.0], 50, 2.0),
        ([2.0], 0, 2.0),
    ],
)
def test_percentiles_are_values_that_occurred(
    values: list[float], percent: float, expected: float | None
) -> None:
    assert percentile(values, percent) == expected


@pytest.mark.parametrize("write", [agent_toml, kiosk_toml])
def test_the_parties_configurations_pass_the_checker(
    tmp_path: Path, write: Any
) -> None:
    options = DemoOptions(preset="720p", camera='file:/tmp/a "b" ü.mp4')
    place = Place(tmp_path)
    (tmp_path / "a.toml").write_text(write(place, "http://127.0.0.1:9", options))

    config = load_kiosk(tmp_path / "a.toml").config

    assert config.camera.preset == "720p"
    assert config.room.target == ("service",)
    assert config.control.socket.startswith(str(tmp_path))


def test_the_demonstrations_server_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text(server_toml())

    config = load_server(tmp_path / "server.toml").config

    assert config.store.path == NOTHING_KEPT


def test_agent_and_kiosk_differ_in_role_creation_and_camera(tmp_path: Path) -> None:
    options = DemoOptions(camera="file:a.mp4")
    for name, write in (("agent", agent_toml), ("kiosk", kiosk_toml)):
        Place(tmp_path).config(name).write_text(
            write(Place(tmp_path), "http://localhost", options)
        )

    agent = load_kiosk(tmp_path / "agent.toml").config
    kiosk = load_kiosk(tmp_path / "kiosk.toml").config

    assert (agent.call.role, agent.room.create) == ("agent", True)
    assert (kiosk.call.role, kiosk.room.create) == ("kiosk", False)
    assert (agent.camera.device, kiosk.camera.device) == ("file:a.mp4", "synthetic")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"calls": 0}, "--calls must be"),
        ({"calls": 2}, "--calls needs --for"),
        ({"seconds": 1.0, "calls": 2}, "at least 1 s"),
        ({"seconds": float("nan")}, "at least 1 s"),
        ({"seconds": float("inf")}, "at most"),
        ({"seconds": 5.0, "desk": True}, "--desk needs a person"),
        ({"preset": "4k"}, "--preset must be one of 180p, 360p"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        DemoOptions(**wrong)


def test_the_time_is_shared_by_the_calls() -> None:
    assert DemoOptions(seconds=20, calls=4).call_s == 5.0
