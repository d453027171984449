"""
What was received, as numbers and as a table. Pure: statuses in, values out.

Several calls are put together so that nothing looks better than it was: a
median is the mean of the calls' medians weighted by their samples, a high
percentile is that of the worst call.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


SCHEMA_VERSION = 1
Status = Mapping[str, Any]
Numbers = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    Both parties and the server at one moment.

    Attributes:
        at_s: When, on the monotonic clock.
        kiosk: The kiosk's status.
        agent: The agent's status.
        server_rss_mb: The server's memory.

    """

    at_s: float
    kiosk: Status
    agent: Status
    server_rss_mb: float

    @property
    def play(self) -> Status:
        """What the kiosk says of the agent's stream."""
        streams: Sequence[Status] = self.kiosk.get("play") or ()
        return streams[0] if streams else {}

    @property
    def sent(self) -> int:
        """Pictures the agent sent since it began to publish."""
        push: Status = self.agent.get("push") or {}
        return int(push.get("pictures_sent", 0))


@dataclass(frozen=True, slots=True)
class CallRecord:
    """
    One call.

    Attributes:
        first: Soon after its first picture.
        last: The last moment it was seen going on.

    """

    first: Snapshot
    last: Snapshot

    @property
    def press_to_picture_ms(self) -> float | None:
        """From the press of the button to the first picture."""
        timings: Status = self.last.kiosk.get("timings") or {}
        pressed, shown = timings.get("call_pressed_us"), timings.get("first_picture_us")
        return None if pressed is None or shown is None else (shown - pressed) / 1000

    @property
    def seconds(self) -> float:
        """From the first look to the last."""
        return self.last.at_s - self.first.at_s

    @property
    def cpu_s(self) -> float:
        """CPU time of the kiosk between them."""
        return float(self.last.kiosk.get("cpu_s", 0) - self.first.kiosk.get("cpu_s", 0))

    def counted(self, key: str) -> int:
        """Return by how much a counter of the kiosk's player grew between them."""
        return int(self.last.play.get(key, 0) - self.first.play.get(key, 0))


def summarise(calls: Sequence[CallRecord], screenshot: str | None) -> dict[str, Any]:
    """Return the JSON object of ``kiosk demo --json``."""
    presses = [ms for call in calls if (ms := call.press_to_picture_ms) is not None]
    seconds = sum(call.seconds for call in calls)
    snapshots = [moment for call in calls for moment in (call.first, call.last)]
    return {
        "schema_version": SCHEMA_VERSION,
        "n_calls": len(calls),
        "press_to_picture_ms": {
            "n": len(presses),
            "p50": _rounded(percentile(presses, 50)),
            "p95": _rounded(percentile(presses, 95)),
            "max": _rounded(max(presses, default=None)),
        },
        "video_latency_ms": _together(calls, "video_latency_ms", ("p95", "p99")),
        "audio_latency_ms": _together(calls, "audio_latency_ms", ("p95",)),
        "av_offset_ms": _offset(calls),
        "frames": {
            "sent": sum(call.last.sent - call.first.sent for call in calls),
            "shown": sum(call.counted("pictures_shown") for call in calls),
            "dropped": sum(call.counted("pictures_dropped") for call in calls),
        },
        "cpu_percent": _rounded(
            100 * sum(call.cpu_s for call in calls) / seconds if seconds else None
        ),
        "rss_mb": {
            "kiosk": _rounded(
                max((float(m.kiosk.get("rss_mb", 0)) for m in snapshots), default=None)
            ),
            "server": _rounded(max((m.server_rss_mb for m in snapshots), default=None)),
        },
        "screenshot": screenshot,
    }


def live_line(before: Snapshot, now: Snapshot) -> str:
    """Describe what the kiosk received between two moments, in one line."""
    seconds = max(now.at_s - before.at_s, 1e-3)
    pictures = now.play.get("pictures_shown", 0) - before.play.get("pictures_shown", 0)
    octets = now.play.get("bytes_received", 0) - before.play.get("bytes_received", 0)
    parts = [
        f"{now.kiosk.get('state', '?'):<12}",
        f"{max(pictures, 0) / seconds:5.1f} fps",
        f"latency {_brief(now.play, 'video_latency_ms')} ms",
        f"sound {_brief(now.play, 'audio_latency_ms')} ms",
        f"A/V {_brief(now.play, 'av_offset_ms')} ms",
        f"{max(octets, 0) * 8 / seconds / 1000:6.0f} kbit/s",
    ]
    if now.kiosk.get("muted"):
        parts.append("muted")
    return "  ".join(parts)


def table(summary: Mapping[str, Any]) -> str:
    """Write a summary as a table for people."""
    return "\n".join(f"{name:<26}{value}" for name, value in _rows(summary))


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the nearest-rank percentile, or ``None`` of nothing."""
    if not values:
        return None
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def _together(calls: Sequence[CallRecord], key: str, high: Sequence[str]) -> Numbers:
    found = _distributions(calls, key)
    numbers: Numbers = {"n": sum(int(each["n"]) for each in found)}
    numbers["p50"] = _rounded(_weighted(found))
    for name in high:
        numbers[name] = _rounded(max((float(d[name]) for d in found), default=None))
    return numbers


def _offset(calls: Sequence[CallRecord]) -> Numbers:
    found = _distributions(calls, "av_offset_ms")
    worst = max((abs(float(each["max"])) for each in found), default=None)
    return {"p50": _rounded(_weighted(found)), "max_abs": _rounded(worst)}


def _distributions(calls: Sequence[CallRecord], key: str) -> list[Status]:
    found = (call.last.play.get(key) for call in calls)
    return [each for each in found if each and each["n"]]


def _weighted(found: Sequence[Status]) -> float | None:
    total = sum(int(each["n"]) for each in found)
    if not total:
        return None
    return sum(float(each["p50"]) * int(each["n"]) for each in found) / total


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 1)


def _brief(play: Status, key: str) -> str:
    found: Status | None = play.get(key)
    return f"{found['p50']:4.0f}" if found else "   ?"


def _rows(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "calls", str(summary["n_calls"])
    for key, unit in (
        ("press_to_picture_ms", "ms"),
        ("video_latency_ms", "ms"),
        ("audio_latency_ms", "ms"),
        ("av_offset_ms", "ms"),
        ("frames", ""),
        ("rss_mb", "MB"),
    ):
        name = key.removesuffix("_ms").removesuffix("_mb").replace("_", " ")
        numbers: Mapping[str, Any] = summary[key]
        cells = [f"{cell} {_shown(value)}" for cell, value in numbers.items()]
        yield f"{name} ({unit})" if unit else name, "   ".join(cells)
    yield "CPU of the kiosk (%)", _shown(summary["cpu_percent"])
    yield "screenshot", str(summary["screenshot"] or "none")


def _shown(value: object) -> str:
    return "?" if value is None else str(value)
