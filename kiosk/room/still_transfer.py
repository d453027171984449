"""
Carrying one still picture to the room server and back, part by part.

Each part is asked for on its own, with its own patience: a lost answer costs one
part and not the still.
"""

from __future__ import annotations

from kiosk.errors import RoomProtocolError
from kiosk.room.conversation import PATIENCE_S, Conversation
from kiosk.room.script import Script
from kiosk.room.still_requests import PUT_BYTES, GetStill, PutStill, StillPart


def send_still(
    talk: Conversation, room_id: str, jpeg: bytes, now: float
) -> Script[None]:
    """
    Leave a still for the other members of the room.

    Raises:
        RoomError: The server did not take it, or is one that knows no stills.

    """
    talk.begin(now)
    for offset in range(0, len(jpeg), PUT_BYTES):
        part = StillPart(len(jpeg), offset, jpeg[offset : offset + PUT_BYTES])
        request = PutStill(room_id, talk.user_id, part)
        yield from talk.insist(request, talk.now + PATIENCE_S)


def fetch_still(
    talk: Conversation, room_id: str, sender: str, now: float
) -> Script[bytes]:
    """
    Return the newest still of another member, a JPEG.

    Raises:
        RoomError: There is none, or it could not be fetched whole.

    """
    talk.begin(now)
    jpeg = b""
    size = 1
    while len(jpeg) < size:
        request = GetStill(room_id, talk.user_id, sender, len(jpeg))
        part = yield from talk.insist(request, talk.now + PATIENCE_S)
        if part.offset != len(jpeg) or (jpeg and part.size != size):
            raise RoomProtocolError(f"{GetStill.ROUTE}: parts of two stills")
        size = part.size
        jpeg += part.data
    return jpeg
