"""
A call's record in two dozen facts: for the log, and for the operators' page.

Several parties are summed up: counts added, the worst of a duration taken.
What was not measured is left out.  24 facts at most, named by letters and
underscores, whole numbers or short text: what ``kiosk/report`` carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kiosk.ports import Distribution
from kiosk.ports.call_record import CallRecord, RateSpan, ReceivedRecord, SentRecord


_CODE = re.compile(r"[A-Z][0-9]{3}\b")


def facts_of(record: CallRecord) -> dict[str, int | str]:
    """
    Return the facts of a call.

    ``picture_delay_ms`` and ``sound_delay_ms`` are what 95 % were below, from
    camera and microphone to display and loudspeaker; ``av_offset_ms`` is the
    median; ``longest_freeze_ms`` the longest time without a new picture.
    """
    code = _CODE.match(record.reason)
    facts: dict[str, int | str | None] = {
        "call": record.call,
        "room": record.room_id,
        "ended_by": record.ended_by,
        "code": code[0] if code else None,
        "duration_ms": record.duration_ms,
        "talked_ms": record.talked_ms,
        "reserved_ms": record.set_up.reserved_ms,
        "published_ms": record.set_up.published_ms,
        "entered_ms": record.set_up.entered_ms,
        "peer_known_ms": record.set_up.peer_known_ms,
        "first_picture_ms": record.set_up.first_picture_ms,
    }
    if record.sent is not None:
        facts |= _sent(record.sent)
    if record.received:
        facts |= _received(record.received)
    return {name: fact for name, fact in facts.items() if fact is not None}


def _sent(sent: SentRecord) -> dict[str, int | str | None]:
    return {
        "pictures_sent": sent.pictures,
        "sent_dropped": sent.pictures_dropped,
        "sent_kbps": _mean_kbps(sent.rates),
        "reconnects": sent.reconnects,
    }


def _received(parties: tuple[ReceivedRecord, ...]) -> dict[str, int | str | None]:
    offsets = [p.av_offset_ms.p50 for p in parties if p.av_offset_ms is not None]
    return {
        "parties": len(parties),
        "pictures_shown": sum(party.pictures_shown for party in parties),
        "shown_dropped": sum(party.pictures_dropped for party in parties),
        "concealed_ms": sum(party.concealed_ms for party in parties),
        "silent_ms": sum(party.silent_ms for party in parties),
        "longest_freeze_ms": _worst(
            None if gap is None else gap.max
            for gap in (party.picture_gap_ms for party in parties)
        ),
        "picture_delay_ms": _worst(_p95(p.video_latency_ms) for p in parties),
        "sound_delay_ms": _worst(_p95(p.audio_latency_ms) for p in parties),
        "av_offset_ms": _furthest(offsets),
    }


def _p95(measured: Distribution | None) -> float | None:
    return None if measured is None else measured.p95


def _worst(values: Iterable[float | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(max(known)) if known else None


def _furthest(offsets: list[float]) -> int | None:
    if not offsets:
        return None
    least, most = min(offsets), max(offsets)
    return round(most if most > -least else least)


def _mean_kbps(rates: tuple[RateSpan, ...]) -> int | None:
    total_ms = sum(span.for_ms for span in rates)
    if not total_ms:
        return None
    return round(sum(span.kbps * span.for_ms for span in rates) / total_ms)


def log_facts(record: CallRecord) -> dict[str, object]:
    """Return the facts of a call's one line in the log."""
    words = {"reason": record.reason, "reference": record.reference}
    return {**facts_of(record), **words}
