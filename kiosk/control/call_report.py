"""Records of calls as lines a person reads. Pure: dictionaries in, text out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


_COLUMNS = "{:19}  {:>8}  {:>8}  {:>9}  {:>8}  {:16}  {}"
_NONE = "-"
_LONG_MS = 10_000

Record = Mapping[str, Any]


def list_calls(calls: Iterable[Record]) -> Iterator[str]:
    """Write one line a call; wall time is this machine's."""
    yield _COLUMNS.format(
        *("began", "talked", "1st pict.", "delay p95", "freeze", "room", "ended by")
    )
    for call in calls:
        parties = call.get("received") or ()
        delays = [
            p["video_latency_ms"]["p95"] for p in parties if p["video_latency_ms"]
        ]
        freezes = [p["picture_gap_ms"]["max"] for p in parties if p["picture_gap_ms"]]
        yield _COLUMNS.format(
            _moment(call["began_unix_ms"]),
            f"{call['talked_ms'] / 1000:.0f} s",
            _ms(call["set_up"]["first_picture_ms"]),
            _ms(max(delays, default=None)),
            _ms(max(freezes, default=None)),
            call["room_id"] or _NONE,
            _end(call),
        )


def describe_call(call: Record) -> str:
    """Write one record as some lines."""
    return "\n".join(_lines(call))


def _lines(call: Record) -> Iterator[str]:
    yield _line("call", f"{call['call']}, {_moment(call['began_unix_ms'])}")
    yield _line("room", call["room_id"] or "none entered")
    yield _line("reference", call.get("reference") or _NONE)
    yield _line(
        "lasted", f"{_ms(call['duration_ms'])}, {_ms(call['talked_ms'])} in talk"
    )
    yield _line("ended by", _end(call))
    steps = (
        f"{step.removesuffix('_ms').replace('_', ' ')} {_ms(at)}"
        for step, at in call["set_up"].items()
    )
    yield _line("set-up", ", ".join(steps))
    for loss in call["devices_lost"]:
        yield _line(
            "lost", f"{loss['device']} after {_ms(loss['at_ms'])}: {loss['reason']}"
        )
    if sent := call.get("sent"):
        yield from _sent(sent)
    for party in call["received"]:
        yield from _received(party)


def _sent(sent: Record) -> Iterator[str]:
    yield _line(
        "sent",
        f"{sent['pictures']} pictures, dropped {_reasons(sent)}, "
        f"{sent['size_bytes'] / 1e6:.2f} MB, {sent['reconnects']} reconnects",
    )
    yield _line("", _rates(sent["rates"]))
    yield _line(
        "",
        f"braked {_ms(sent['braked_ms'])}, muted {_ms(sent['muted_ms'])}, "
        f"echo {sent['echo_canceller']}, {sent['audio_codec']}",
    )


def _received(party: Record) -> Iterator[str]:
    yield _line(
        "received",
        f"of {party['user_id']}: {party['pictures']} pictures, "
        f"{party['pictures_shown']} shown, dropped {_reasons(party)}, "
        f"{party['size_bytes'] / 1e6:.2f} MB",
    )
    yield _line("", _rates(party["rates"]))
    yield _line(
        "",
        f"sound missing {_ms(party['concealed_ms'])}, thrown away "
        f"{_ms(party.get('cut_ms'))}, silent {party['silences']} times, "
        f"{_ms(party['silent_ms'])}, lost {party['losses']} times",
    )
    for key, what in (
        ("video_latency_ms", "picture delay"),
        ("audio_latency_ms", "sound delay"),
        ("av_offset_ms", "picture after sound, by stamps"),
        ("picture_lag_ms", "picture after sound, by the stream's time"),
        ("picture_hold_ms", "picture from arrival to display"),
        ("picture_gap_ms", "from picture to picture"),
    ):
        yield _line("", f"{what}: {_spread(party[key])}")


def _line(name: str, text: object) -> str:
    return f"{name + ':' if name else '':11}{text}"


def _end(call: Record) -> str:
    return f"{call['ended_by']} {call['reason']}".rstrip()


def _reasons(part: Record) -> str:
    reasons = [f"{n} {reason}" for reason, n in part["drops"].items() if n]
    detail = f" ({', '.join(reasons)})" if reasons else ""
    return f"{part['pictures_dropped']}{detail}"


def _rates(rates: Iterable[Record]) -> str:
    spans = [f"{span['kbps']} for {span['for_ms'] / 1000:.0f} s" for span in rates]
    return f"kbit/s: {', '.join(spans) or 'not measured'}"


def _spread(measured: Record | None) -> str:
    if measured is None:
        return "not measured"
    return (
        ", ".join(
            f"{name} {measured[name]:.0f}" for name in ("p50", "p95", "p99", "max")
        )
        + f" ms ({measured['n']})"
    )


def _ms(milliseconds: float | None) -> str:
    if milliseconds is None:
        return _NONE
    if milliseconds < _LONG_MS:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.0f} s"


def _moment(unix_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(unix_ms / 1000))
