"""
One answer of the long poll, sorted by what it means to a member.

Events arrive at least once and may miss some: they are hints about *why*, and
say whether a look at ``get_pushers`` is needed; the look has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.room.messages import EventKind, Events, RoomEvent


_GONE = frozenset({EventKind.LEFT, EventKind.EXPIRED})
_TOLD = _GONE | {EventKind.TEXT, EventKind.STREAM_LOST}


@dataclass(frozen=True, slots=True)
class EventBatch:
    """
    What one answer brings.

    Attributes:
        seq: What to wait after next.
        closed: The room is gone.
        gone: Who left, and whether for silence.
        told: Departures, texts and lost streams, in order.
        changed: Only a look can say what the room is like now.
        fresh: Whether anything happened, were it only our own text message.

    """

    seq: int
    closed: bool
    gone: dict[str, bool]
    told: tuple[RoomEvent, ...]
    changed: bool
    fresh: bool


def sort_events(events: Events, after: int, known_digest: str) -> EventBatch:
    """
    Sort an answer.

    Args:
        events: The answer.
        after: Number of the last event already heard.
        known_digest: Name of the member set as we know it.

    """
    fresh = [event for event in events.events if event.seq > after]
    last = fresh[-1].seq if fresh else after
    kinds = {event.kind for event in fresh}
    gone = {
        event.user_id: event.kind is EventKind.EXPIRED
        for event in fresh
        if event.kind in _GONE
    }
    return EventBatch(
        seq=events.seq if events.resync else max(last, events.seq),
        closed=EventKind.ROOM_CLOSED in kinds,
        gone=gone,
        told=tuple(event for event in fresh if event.kind in _TOLD),
        changed=events.resync
        or EventKind.PUSHERS_CHANGED in kinds
        or (not gone and _differs(events, fresh, after, known_digest)),
        fresh=events.seq > after or events.resync,
    )


def _differs(
    events: Events, fresh: list[RoomEvent], after: int, known_digest: str
) -> bool:
    if events.digest:
        return events.digest != known_digest
    return any(event.seq != after + n for n, event in enumerate(fresh, 1))
