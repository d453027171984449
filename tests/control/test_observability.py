"""The dashboard and the alerts speak of what a kiosk really tells, and only of that."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.config.metrics_section import MetricsSection
from kiosk.control.metrics import exposition
from kiosk.control.metrics_server import MetricsServer
from tests.fakes.controlled_daemon import FakeDaemon
from tests.fakes.eventually import eventually


ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "config" / "prometheus" / "kiosk-alerts.yml"
DASHBOARD = ROOT / "config" / "grafana" / "kiosk.json"
FUNCTIONS = {"sum", "count", "by", "rate", "increase", "resets", "label_values"}
OF_PROMETHEUS = {"up"}
OF_THE_SCRAPE = {"job", "instance"}
LABELS = {"state", "device", "fault", "thread", "reason", "party", "quantile"}
SPREAD = {"p50": 90.0, "p95": 100.0, "p99": 120.0}
EVERYTHING: dict[str, Any] = {
    "state": "IN_CALL",
    "muted": False,
    "devices": {"camera_open": True},
    "display": {"missing": ""},
    "faults": [{"fault": "camera", "flashes": 4, "reason": "D001"}],
    "door_open": False,
    "calls_ended": 2,
    "loop_stall_ms": {"p999": 20.0, "max": 30.0, "n": 9},
    "rss_mb": 100.0,
    "cpu_s": 12.5,
    "threads": 8,
    "threads_cpu_s": {"camera": 4.25},
    "fds": 20,
    "push": {
        "bitrate": 800_000,
        "pictures_sent": 90,
        "reconnects": 0,
        "backlog_ms": 20.0,
        "round_trip_ms": 9.0,
        "braked_ms": 0.0,
        "microphone_xruns": 0,
        "drops": {"old": 3},
    },
    "live": {
        "sent_kbps": 610,
        "parties": [{"user_id": "a", "pictures_per_second": 29.5}],
    },
    "play": [
        {
            "user_id": "a",
            "pictures_shown": 80,
            "bytes_received": 9,
            "concealed_ms": 1.0,
            "cut_ms": 1.0,
            "underruns": 0,
            "speaker_underruns": 0,
            "late_packets": 0,
            "drops": {"late": 1},
            "video_latency_ms": SPREAD,
            "audio_latency_ms": SPREAD,
            "picture_gap_ms": SPREAD,
        }
    ],
}
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? \S+")
NAME = re.compile(r"[a-z_][a-z_0-9]*(?!\w)")


def told() -> tuple[set[str], set[str]]:
    """Return the names of all figures and labels a kiosk may tell."""
    names, labels = set[str](), set[str]()
    for line in exposition(EVERYTHING).splitlines():
        if not line.startswith("#"):
            found = SAMPLE.fullmatch(line)
            assert found, line
            names.add(found[1])
            labels |= set(re.findall(r'([a-z_]+)="', found[2] or ""))
    return names, labels


def expressions() -> Iterator[str]:
    """Yield every expression of the rules and of the dashboard."""
    for line in ALERTS.read_text("utf-8").splitlines():
        if line.strip().startswith("expr: "):
            yield line.partition("expr: ")[2]
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["definition"]


def test_every_figure_that_is_asked_for_is_told() -> None:
    names, labels = told()
    asked = set[str]()
    for expression in expressions():
        bare = re.sub(r'"[^"]*"|\[[^]]*\]|\b[0-9.]+(e[0-9]+)?\b', "", expression)
        asked |= set(NAME.findall(bare))

    unknown = asked - FUNCTIONS - OF_PROMETHEUS - OF_THE_SCRAPE - names - labels
    assert not unknown
    assert len(asked & names) >= 15


def test_labels_are_few_and_name_nobody() -> None:
    _, labels = told()

    assert labels <= LABELS
    assert 'user_id="a"' not in exposition(EVERYTHING)


def test_every_alert_says_what_is_the_matter_and_what_to_do() -> None:
    text = ALERTS.read_text("utf-8")
    alerts = text.split("- alert: ")[1:]

    assert len(alerts) >= 10
    for alert in alerts:
        assert "summary:" in alert
        assert "cure:" in alert
        assert re.search(r"severity: (critical|warning)\}", alert)


async def test_figures_are_served_to_this_machine_and_nothing_else_is() -> None:
    server = MetricsServer("127.0.0.1", 0, FakeDaemon(EVERYTHING))
    async with asyncio.TaskGroup() as group, httpx.AsyncClient() as client:
        serving = group.create_task(server.run())
        await eventually(lambda: server.port > 0)
        url = f"http://127.0.0.1:{server.port}"
        figures = await client.get(f"{url}/metrics")
        other = await client.get(f"{url}/status")
        pressed = await client.post(f"{url}/metrics")
        serving.cancel()

    assert figures.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'kiosk_state{state="IN_CALL"} 1' in figures.text
    assert other.status_code == 404
    assert pressed.status_code == 405


async def test_a_port_that_is_taken_costs_the_figures_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        await MetricsServer("127.0.0.1", port, FakeDaemon(EVERYTHING)).run()

    assert "metrics not served" in caplog.text


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:9110", "[::]:9110", "branch.example:9110", "9110"]
)
def test_nobody_beyond_this_machine_may_ask(listen: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:9110|HOST:PORT"):
        MetricsSection(listen=listen)
