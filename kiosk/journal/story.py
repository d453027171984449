"""
Of which call, and in which state, a line of the log tells.

It follows the events as they pass: nobody hands a call's name around only so that
it can be logged.  One story a process, told under the lock of the one who writes.
"""

from __future__ import annotations

import logging
import re

from kiosk.journal.events import Event, event_of
from kiosk.journal.redaction import room_hash


_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_CODE = re.compile(r"[A-Z][0-9]{3}\b")
_LAST_OF_A_CALL = "call-ended"


class Story:
    """What is known of the moment from the lines before."""

    def __init__(self) -> None:
        self._state = self._call_id = self._room = ""

    def tell(self, record: logging.LogRecord) -> dict[str, str]:
        """
        Return what a line is, and of what: ``event`` and ``message_id`` if it is one.

        ``state``, ``call_id`` and ``room``, a hash, are of the moment of the line;
        ``code`` is the one it shows people, or that its reason begins with.
        """
        event = event_of(record)
        facts = record.__dict__
        if event is not None:
            self._follow(facts)
        code = _CODE.match(str(facts.get("code") or facts.get("reason") or ""))
        known = {
            "event": event.name if event else "",
            "message_id": event.message_id if event else "",
            "code": code[0] if code else "",
            "state": self._state,
            "call_id": self._call_id,
            "room": self._room,
        }
        self._end(event)
        return {name: text for name, text in known.items() if text}

    def _follow(self, facts: dict[str, object]) -> None:
        self._state = str(facts.get("state") or self._state)
        self._call_id = str(facts.get("reference") or self._call_id)
        if facts.get("room"):
            self._room = room_hash(str(facts["room"]))

    def _end(self, event: Event | None) -> None:
        if event is not None and event.name == _LAST_OF_A_CALL:
            self._call_id = self._room = ""


def facts_of(record: logging.LogRecord) -> dict[str, object]:
    """
    Return the facts of a line.

    An event's room is its hash: where a call went to is in its record, and need not
    be wherever journals are sent.
    """
    facts = {k: v for k, v in record.__dict__.items() if k not in _STANDARD}
    if facts.get("room") and event_of(record) is not None:
        facts["room"] = room_hash(str(facts["room"]))
    return facts
