"""
How old the picture on the panel is, as a customer sees it, and the sound's part.

The age of the picture is taken by an outside reader at every 33 ms tick, so a
picture that stands still is counted again and older.  Sound and the offset
between both are the player's own measurement of stamped beeps in what the
loudspeaker played.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.bench.processes import empty_loop
from tests.bench.report import SPREAD, Bar, Number, Result, Table, percentile, spread
from tests.bench.stage import Reader, open_stage, stream_of


CALL_S, CALL_FULL_S = 30.0, 120.0
CALLS = (("360p", "auto"), ("720p", "auto"), ("360p", "aac"))
"""Presets, and codecs of the sound: two of ours talk in Opus by themselves."""

VIDEO_P95_MS = 170.0
AUDIO_P95_MS = {"auto": 130.0, "aac": 200.0}
OFFSET_P50_MS, OFFSET_WORST_MS = 40.0, 100.0
SHOWN_LEAST, READABLE_LEAST = 95.0, 99.0


@dataclass(frozen=True, slots=True)
class Watched:
    """
    One call.

    Attributes:
        outside: What the outside reader found.
        sent: Pictures the agent sent while it looked.
        play: What the kiosk says of the agent's stream at the end.
        machine: How late an empty event loop beside turned, in ms.

    """

    preset: str
    codec: str
    outside: dict[str, Any]
    sent: int
    play: dict[str, Any]
    machine: dict[str, float]

    @property
    def name(self) -> str:
        return f"{self.preset} AAC" if self.codec == "aac" else f"{self.preset} Opus"

    @property
    def shown_percent(self) -> float:
        return 100 * float(self.outside["written"]) / max(self.sent, 1)

    @property
    def readable_percent(self) -> float:
        return 100 * len(self.outside["ages_ms"]) / max(int(self.outside["ticks"]), 1)


def run(*, full: bool) -> Result:
    seconds = CALL_FULL_S if full else CALL_S
    calls = [_watch(preset, codec, seconds) for preset, codec in CALLS]
    return Result(
        "latency",
        [_latencies(calls), _pictures(calls)],
        [bar for call in calls for bar in _bars(call)],
        numbers={
            call.name: {
                "sent": call.sent,
                "play": call.play,
                "machine": call.machine,
                **call.outside,
            }
            for call in calls
        },
    )


def _watch(preset: str, codec: str, seconds: float) -> Watched:
    sections = {"camera": {"preset": preset}, "audio": {"codec": codec}}
    with open_stage() as stage, empty_loop() as empty:
        stage.start_server()
        agent = stage.start_agent(**sections)
        kiosk = stage.start_kiosk(**sections)
        kiosk.press("call")
        kiosk.wait_until(lambda now: now["timings"]["first_picture_us"], "in a picture")
        with Reader("watch", stage.framebuffer, seconds) as reader:
            empty.snapshot()
            before = int(agent.status()["push"]["pictures_sent"])
            outside = reader.result()
            after = int(agent.status()["push"]["pictures_sent"])
        machine = empty.snapshot()
        play = stream_of(kiosk, preset)
        kiosk.press("hangup")
        kiosk.wait_for("IDLE")
    return Watched(preset, codec, outside, after - before, play, machine)


def _latencies(calls: list[Watched]) -> Table:
    rows: list[tuple[str | Number, ...]] = []
    for call in calls:
        ages = call.outside["ages_ms"]
        rows.append((f"{call.name} picture, every 33 ms, outside", *spread(ages)))
        for key, name in (
            ("video_latency_ms", "picture when presented, daemon"),
            ("audio_latency_ms", "sound when heard, daemon"),
            ("av_offset_ms", "picture minus sound, daemon"),
        ):
            found = call.play[key] or {}
            rows.append((f"{call.name} {name}", *(found.get(cell) for cell in SPREAD)))
    title = "Age of what the customer sees and hears, after playout, ms"
    return Table(title, ("", *SPREAD), rows)


def _pictures(calls: list[Watched]) -> Table:
    header = (
        *("", "s", "sent", "shown", "distinct at ticks", "ticks", "unreadable"),
        *("playout aims at, ms", "concealed ms", "empty loop late, max ms"),
    )
    rows: list[tuple[str | Number, ...]] = [
        (
            call.name,
            float(call.outside["seconds"]),
            call.sent,
            *(int(call.outside[key]) for key in ("written", "distinct", "ticks")),
            int(call.outside["unreadable"]) + int(call.outside["dark"]),
            *(float(call.play[key]) for key in ("playout_target_ms", "concealed_ms")),
            call.machine["max"],
        )
        for call in calls
    ]
    return Table("Pictures, counted from outside", header, rows)


def _bars(call: Watched) -> list[Bar]:
    name, play = call.name, call.play
    sound, offset = play["audio_latency_ms"] or {}, play["av_offset_ms"] or {}
    middle = offset.get("p50")
    return [
        Bar(
            f"{name} picture on the panel, p95, outside",
            percentile(call.outside["ages_ms"], 95),
            VIDEO_P95_MS,
        ),
        Bar(f"{name} sound heard, p95", sound.get("p95"), AUDIO_P95_MS[call.codec]),
        Bar(
            f"{name} |A/V offset|, median",
            None if middle is None else abs(middle),
            OFFSET_P50_MS,
        ),
        Bar(f"{name} |A/V offset|, worst", offset.get("max"), OFFSET_WORST_MS),
        Bar(
            f"{name} shown of sent",
            call.shown_percent,
            SHOWN_LEAST,
            unit="%",
            at_least=True,
        ),
        Bar(
            f"{name} ticks with a readable clock",
            call.readable_percent,
            READABLE_LEAST,
            unit="%",
            at_least=True,
        ),
    ]
