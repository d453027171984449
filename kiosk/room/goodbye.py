"""
What a server that stops adds to the answers of held requests (ours, additive).

``stopping`` says that it goes, ``retryMs`` when another may be there. A client then
stays away for so long: no failure is counted, and its seat or place is kept.
"""

from __future__ import annotations

from typing import Final

from kiosk.room.fields import Fields
from kiosk.room.wire_json import Wire


LONGEST_S: Final = 5.0
"""How long we stay away, at most, whatever the server says."""


def goodbye_wire(retry_ms: int) -> Wire:
    """Return the fields to add; none where ``retry_ms`` is 0: it does not stop."""
    return {"stopping": True, "retryMs": retry_ms} if retry_ms else {}


def read_goodbye(fields: Fields) -> int:
    """Return the milliseconds to stay away; 0: the server goes on."""
    return fields.optional_count("retryMs") if fields.optional_flag("stopping") else 0


def absence_s(retry_ms: int) -> float:
    """Return for how many seconds we stay away."""
    return min(retry_ms / 1000, LONGEST_S)
