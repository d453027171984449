"""
``/metrics`` of a kiosk: its status as Prometheus' text format 0.0.4 has it.

Pure.  Base units (seconds, bytes), as that world wants them; what was not
measured has no sample.  Parties are numbered, not named: a label must not
grow with the staff of a bank.  Source: Prometheus, "Exposition formats".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final


EXPOSITION_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_QUANTILES: Final = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}

_Figures = Mapping[str, Any]
_Labels = Mapping[str, str]
_Sample = tuple[_Labels, Any]


def exposition(status: Mapping[str, Any]) -> str:
    """Write a status, as :mod:`kiosk.control` describes it, for a scraper."""
    lines = [*_kiosk(status), *_process(status)]
    if push := status.get("push"):
        lines += _push(push, status.get("live") or {})
    lines += _parties(status)
    return "\n".join(lines) + "\n"


def _kiosk(status: Mapping[str, Any]) -> Iterator[str]:
    yield from _family(
        "kiosk_state", "State of the call.", [({"state": str(status["state"])}, 1)]
    )
    yield from _one("kiosk_muted", "Microphone off.", status.get("muted"))
    devices: Mapping[str, bool] = status.get("devices") or {}
    yield from _family(
        "kiosk_device_open",
        "Observed at the device.",
        [
            ({"device": n.removesuffix("_open")}, is_open)
            for n, is_open in devices.items()
        ],
    )
    display: Mapping[str, str] = status.get("display") or {}
    missing = None if not display else bool(display.get("missing"))
    yield from _one("kiosk_display_missing", "Nothing can be seen.", missing)
    faults: Sequence[Mapping[str, str]] = status.get("faults") or ()
    yield from _family(
        "kiosk_fault",
        "What keeps it from its work.",
        [({"fault": each["fault"]}, 1) for each in faults],
    )
    yield from _one("kiosk_door_open", "Of the case.", status.get("door_open"))
    yield from _one(
        "kiosk_calls_ended_total", "Since it started.", status.get("calls_ended")
    )
    stall: Mapping[str, float] = status.get("loop_stall_ms") or {}
    yield from _one(
        "kiosk_loop_late_seconds",
        "Event loop, 99.9 % of its turns, in this call.",
        _seconds(stall.get("p999")),
    )


def _process(status: Mapping[str, Any]) -> Iterator[str]:
    rss_mb = status.get("rss_mb")
    memory = None if rss_mb is None else round(rss_mb * 1_048_576)
    yield from _one("process_resident_memory_bytes", "Resident.", memory)
    yield from _one("process_cpu_seconds_total", "Used.", status.get("cpu_s"))
    yield from _one("process_threads", "Running.", status.get("threads"))
    threads: Mapping[str, float] = status.get("threads_cpu_s") or {}
    yield from _family(
        "kiosk_thread_cpu_seconds",
        "Used by threads that run now.",
        [({"thread": name}, used) for name, used in threads.items()],
    )
    yield from _one("process_open_fds", "Open.", status.get("fds"))


def _push(push: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[str]:
    kbps = live.get("sent_kbps")
    for name, text, value in (
        ("bps", "Bits a second, of the last one.", kbps and kbps * 1000),
        ("aimed_bps", "What the encoder is told.", push.get("bitrate")),
        ("pictures", "Of this call.", push.get("pictures_sent")),
        ("reconnects", "Of this call.", push.get("reconnects")),
        ("backlog_seconds", "Not yet arrived.", _seconds(push.get("backlog_ms"))),
        ("round_trip_seconds", "To the relay.", _seconds(push.get("round_trip_ms"))),
        ("braked_seconds", "Without pictures.", _seconds(push.get("braked_ms"))),
        ("microphone_xruns", "Sound lost.", push.get("microphone_xruns")),
    ):
        yield from _one(f"kiosk_sent_{name}", text, value)
    drops: Mapping[str, int] = push.get("drops") or {}
    yield from _family(
        "kiosk_sent_pictures_dropped",
        "Encoded and not sent, in this call.",
        [({"reason": reason}, n) for reason, n in drops.items()],
    )


def _parties(status: Mapping[str, Any]) -> Iterator[str]:
    playing: Sequence[_Figures] = status.get("play") or ()
    plays = {str(n): play for n, play in enumerate(playing, 1)}
    now: _Figures = status.get("live") or {}
    parties: Sequence[_Figures] = now.get("parties", ())
    live = {party["user_id"]: party for party in parties}

    def each(key: str, scale: float = 1) -> list[_Sample]:
        return [
            ({"party": party}, play[key] * scale)
            for party, play in plays.items()
            if play.get(key) is not None
        ]

    rates = [
        ({"party": n}, live[play["user_id"]].get("pictures_per_second"))
        for n, play in plays.items()
        if play["user_id"] in live
    ]
    name = "kiosk_received"
    yield from _family(f"{name}_pictures_per_second", "Shown, last second.", rates)
    yield from _family(f"{name}_pictures", "Shown.", each("pictures_shown"))
    yield from _family(f"{name}_bytes", "Received.", each("bytes_received"))
    yield from _family(
        f"{name}_concealed_seconds", "Of sound.", each("concealed_ms", 0.001)
    )
    yield from _family(
        f"{name}_cut_seconds", "Of sound, thrown away.", each("cut_ms", 0.001)
    )
    yield from _family(f"{name}_underruns", "Sound ran out.", each("underruns"))
    yield from _family(
        f"{name}_speaker_underruns",
        "Nothing to play.",
        each("speaker_underruns"),
    )
    yield from _family(
        f"{name}_late_packets", "Of sound, dropped.", each("late_packets")
    )
    dropped = [sample for n, play in plays.items() for sample in _drops(n, play)]
    yield from _family(f"{name}_pictures_dropped", "Not shown.", dropped)
    for key, what in (
        ("video_latency_ms", "picture_delay"),
        ("audio_latency_ms", "sound_delay"),
        ("picture_gap_ms", "picture_gap"),
    ):
        yield from _family(
            f"{name}_{what}_seconds", "In this call.", _quantiles(plays, key)
        )


def _drops(party: str, play: _Figures) -> Iterator[_Sample]:
    drops: Mapping[str, int] = play.get("drops") or {}
    for reason, count in drops.items():
        yield {"party": party, "reason": reason}, count


def _quantiles(plays: Mapping[str, Mapping[str, Any]], key: str) -> list[_Sample]:
    return [
        ({"party": n, "quantile": quantile}, measured[percentile] / 1000)
        for n, play in plays.items()
        if (measured := play.get(key))
        for percentile, quantile in _QUANTILES.items()
    ]


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _one(name: str, text: str, value: Any) -> Iterator[str]:
    return _family(name, text, [({}, value)])


def _family(name: str, text: str, samples: Iterable[_Sample]) -> Iterator[str]:
    known = [(labels, value) for labels, value in samples if value is not None]
    if not known:
        return
    kind = "counter" if name.endswith("_total") else "gauge"
    kind = "summary" if "quantile" in known[0][0] else kind
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in known:
        inner = ",".join(f'{key}="{value}"' for key, value in labels.items())
        place = f"{name}{{{inner}}}" if inner else name
        yield f"{place} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) else f"{value:.6g}"
