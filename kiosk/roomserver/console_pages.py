"""
The operators' pages: plain HTML that needs no script, and JSON beside it.

Pure.  Everything strangers chose (labels, ids, versions) is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from kiosk.room.wire_json import Wire, dump_json
from kiosk.roomserver.console_view import ServerView
from kiosk.roomserver.fleet import Kiosk
from kiosk.roomserver.recorder_terms import TeeState, TeeStats


_REFRESH_S = 10
_STYLE = (
    "body{font:15px sans-serif;margin:1.5em}table{border-collapse:collapse}"
    "td,th{padding:.25em .8em;border-bottom:1px solid #ccc;text-align:left}"
    ".bad{background:#fdd}"
)
_CLOCK_TOLERANCE_S = 5.0


def fleet_json(view: ServerView) -> bytes:
    """Return ``/fleet.json``."""
    return dump_json(
        {
            "kiosks": [_kiosk_wire(kiosk, view.now) for kiosk in view.kiosks],
            "silent": view.silent_kiosks,
        }
    )


def fleet_page(view: ServerView) -> bytes:
    """Return ``/fleet``; kiosks with something wrong come first."""
    order = sorted(view.kiosks, key=lambda kiosk: not _is_bad(kiosk, view.now))
    heads = (
        "serial",
        "name",
        "branch",
        "state",
        "health",
        "last heard",
        "version",
        "clock",
        "free",
    )
    rows = [
        (
            _is_bad(kiosk, view.now),
            (
                kiosk.report.serial,
                kiosk.report.name,
                kiosk.report.branch,
                "SILENT" if kiosk.is_silent(view.now) else kiosk.report.state,
                " ".join(kiosk.report.health) or "good",
                f"{kiosk.silent_s(view.now):.0f} s ago",
                kiosk.report.version,
                f"{kiosk.clock_offset_s:+.1f} s",
                f"{kiosk.report.free_bytes / 1e9:.1f} GB",
                _call(kiosk),
            ),
        )
        for kiosk in order
    ]
    title = f"{len(rows)} kiosks, {view.silent_kiosks} silent"
    return _page("Fleet", [f"<p>{title}</p>", _table((*heads, "last call"), rows)])


def status_page(view: ServerView) -> bytes:
    """Return ``/status``: rooms, members, heartbeats, streams and bit rates."""
    rooms = [
        (
            False,
            (
                room.room_type,
                room.room_id,
                room.label,
                member.user_id,
                f"{member.silent_s:.1f} s ago",
                member.stream,
            ),
        )
        for room in view.rooms
        for member in room.members
    ]
    streams = [
        (
            not stream.stats.is_live or _is_missed(stream.tee),
            (
                stream.name,
                "live" if stream.stats.is_live else "waited for",
                str(stream.stats.subscribers),
                f"{stream.received_bps / 1e3:.0f} kbit/s",
                f"{stream.sent_bps / 1e3:.0f} kbit/s",
                str(stream.stats.dropped_units),
                _tee(stream.tee),
            ),
        )
        for stream in view.streams
    ]
    room_heads = ("type", "room", "label", "member", "heartbeat", "stream")
    stream_heads = ("stream", "state", "players", "in", "out", "dropped", "recorder")
    return _page(
        "Room server",
        [
            f"<p>{len(view.rooms)} rooms, {len(rooms)} members, ",
            f"{view.polls} waiting for events; ",
            '<a href="fleet">fleet</a></p>',
            _table(room_heads, rooms),
            "<h2>Streams</h2>",
            _table(stream_heads, streams),
        ],
    )


def _tee(tee: TeeStats | None) -> str:
    if tee is None:
        return ""
    lost = f", {tee.dropped_units} dropped" if tee.dropped_units else ""
    failed = f", {tee.failures} failures" if tee.failures else ""
    return f"{tee.state.value}{lost}{failed}"


def _is_missed(tee: TeeStats | None) -> bool:
    return tee is not None and tee.state is not TeeState.RECORDING


def _is_bad(kiosk: Kiosk, now: float) -> bool:
    wrong_time = abs(kiosk.clock_offset_s) > _CLOCK_TOLERANCE_S
    return kiosk.is_silent(now) or bool(kiosk.report.health) or wrong_time


def _call(kiosk: Kiosk) -> str:
    return " ".join(f"{name}={value}" for name, value in kiosk.report.last_call.items())


def _kiosk_wire(kiosk: Kiosk, now: float) -> Wire:
    report = kiosk.report
    return {
        "serial": report.serial,
        "name": report.name,
        "branch": report.branch,
        "version": report.version,
        "state": report.state,
        "health": list(report.health),
        "userID": kiosk.user_id,
        "address": kiosk.address,
        "silent": kiosk.is_silent(now),
        "heardS": round(kiosk.silent_s(now), 1),
        "periodS": report.period_s,
        "clockOffsetS": round(kiosk.clock_offset_s, 3),
        "freeBytes": report.free_bytes,
        "lastCall": dict(report.last_call),
    }


def _page(title: str, parts: Iterable[str]) -> bytes:
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="{_REFRESH_S}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1>{''.join(parts)}"
    )
    return text.encode("utf-8")


def _table(heads: Sequence[str], rows: Iterable[tuple[bool, Sequence[str]]]) -> str:
    head = "".join(f"<th>{escape(text)}" for text in heads)
    lines = [
        f"<tr{' class=bad' if bad else ''}>"
        + "".join(f"<td>{escape(text)}" for text in cells)
        for bad, cells in rows
    ]
    return f"<table><tr>{head}{''.join(lines)}</table>"
