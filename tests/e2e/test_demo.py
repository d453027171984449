"""``kiosk demo`` as a developer starts it, judged by what it leaves behind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.fakes.branch import wait_until
from tests.fakes.painted_time import painted_seconds
from tests.fakes.programs import ROOT


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def run_kiosk(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kiosk", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        timeout=90,
        env={**os.environ, **(environment or {})},
    )


def processes_marked(mark: str) -> list[str]:
    """Return the command lines of processes that inherited a variable."""
    found: list[str] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            inherited = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"KIOSK_TEST_MARK={mark}".encode() in inherited:
            found.append(command.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


def clock_in(picture: Path) -> float | None:
    """Return the time painted into a screenshot, in monotonic seconds."""
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert image.size == (1280, 720)
        grey = image.convert("L").tobytes()
        return painted_seconds(grey, image.width, time.monotonic())


def assert_sane(summary: dict[str, Any]) -> None:
    assert summary["schema_version"] == 1
    assert summary["n_calls"] == 2
    pressed = summary["press_to_picture_ms"]
    assert pressed["n"] == 2
    assert 0 < pressed["p50"] <= pressed["p95"] <= pressed["max"] < 10_000
    video = summary["video_latency_ms"]
    assert video["n"] > 60
    assert 0 < video["p50"] <= video["p95"] <= video["p99"] < 5_000
    sound = summary["audio_latency_ms"]
    assert sound["n"] >= 4
    assert 0 < sound["p50"] <= sound["p95"] < 500
    assert abs(summary["av_offset_ms"]["p50"]) <= summary["av_offset_ms"]["max_abs"]
    frames = summary["frames"]
    assert frames["sent"] > 60
    assert 0 < frames["shown"] <= frames["sent"] + 10
    assert frames["dropped"] >= 0
    assert 0 < summary["cpu_percent"] < 800
    assert summary["rss_mb"].keys() == {"kiosk", "server"}
    assert all(1 < size < 2_000 for size in summary["rss_mb"].values())


def test_an_unattended_demonstration_reports_two_calls_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    mark = f"demo-{os.getpid()}-{time.monotonic_ns()}"
    began = time.monotonic()

    demo = run_kiosk(
        *("demo", "--for", "8", "--calls", "2", "--json", "--out", str(tmp_path)),
        environment={"KIOSK_TEST_MARK": mark},
    )

    assert demo.returncode == os.EX_OK, demo.stderr
    assert len(demo.stdout.splitlines()) == 1
    summary = json.loads(demo.stdout)
    assert summary.keys() == {
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
    }
    assert_sane(summary)
    painted = clock_in(Path(summary["screenshot"]))
    assert painted is not None
    assert began < painted < time.monotonic()
    assert "muted" in demo.stderr
    wait_until(lambda: processes_marked(mark) == [], "every child gone")


def test_a_demonstration_without_a_terminal_makes_a_call_and_ends(
    tmp_path: Path,
) -> None:
    demo = run_kiosk("demo", "--out", str(tmp_path))

    assert demo.returncode == os.EX_OK, demo.stderr
    assert "the kiosk is a page in a browser: http://127.0.0.1:" in demo.stdout
    assert "calls                     1\n" in demo.stdout
    assert clock_in(tmp_path / "kiosk-in-call.png") is not None


def test_a_server_whose_port_is_taken_says_so_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        kept = {"STATE_DIRECTORY": str(tmp_path)}

        http, rtmp = (
            run_kiosk("server", "--http", http, "--rtmp", rtmp, environment=kept)
            for http, rtmp in ((address, "127.0.0.1:0"), ("127.0.0.1:0", address))
        )

    for name, server in (("http", http), ("rtmp", rtmp)):
        assert server.returncode == os.EX_UNAVAILABLE
        assert server.stdout == ""
        assert len(server.stderr.splitlines()) == 1
        assert address in server.stderr
        assert name in server.stderr
        assert "Traceback" not in server.stderr


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("--for", "1", "--calls", "2"), "--for must give each call at least 1 s"),
        (("--preset", "8k"), "--preset must be one of 180p, 360p, 480p, 720p"),
        (("--for", "2", "--out", "/dev/null/x"), "/dev/null/x"),
        (("--for", "2", "--camera", "fiel:a"), 'device: must be "synthetic" or'),
    ],
)
def test_a_demonstration_that_cannot_be_says_why(
    arguments: tuple[str, ...], cause: str
) -> None:
    demo = run_kiosk("demo", "--json", *arguments)

    assert demo.returncode != os.EX_OK
    assert demo.stdout == ""
    assert cause in demo.stderr
    assert "Traceback" not in demo.stderr
