"""The members of a room, as its events alone tell them."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.room import messages as msg


GONE = (msg.EventKind.LEFT, msg.EventKind.EXPIRED)


def follow(events: Iterable[msg.RoomEvent], known: set[str]) -> None:
    """Change who is known by what each event tells."""
    for event in events:
        if event.kind in GONE:
            known.discard(event.user_id)
        elif event.kind is msg.EventKind.PUSHERS_CHANGED:
            known.add(event.user_id)
