"""
How much a call's record may hold, and so how large it is as JSON.

What writes, keeps, sends and reads records takes its limits from here, so that
none of them is smaller than what it is given.
"""

from __future__ import annotations

from typing import Final


MOST_PARTIES: Final = 32
MOST_PASSAGES: Final = 100
MOST_LOSSES: Final = 16
LONGEST_REASON: Final = 200
"""In characters."""
MOST_SPANS: Final = 120
"""Of one stream's bit rate."""
MOST_SPANS_RECEIVED: Final = 240
"""Of all parties' streams together."""

_LETTER: Final = 6  # as JSON has one that is not ASCII: \uXXXX
_ID: Final = 256 * _LETTER
_REASON: Final = LONGEST_REASON * 2 * _LETTER
_SPAN, _PASSAGE = 128, 64
_PARTY: Final = 2_048 + _ID
_LOSS: Final = 256 + _REASON
_REST: Final = 4_096 + _ID + _REASON

LARGEST_BYTES: Final = (
    (MOST_SPANS + MOST_SPANS_RECEIVED) * _SPAN
    + MOST_PARTIES * _PARTY
    + MOST_PASSAGES * _PASSAGE
    + MOST_LOSSES * _LOSS
    + _REST
)
"""Of a record as a file."""

IN_MEMORY: Final = 20
"""So many of the last records can be asked for."""
LARGEST_ANSWER_BYTES: Final = IN_MEMORY * LARGEST_BYTES
