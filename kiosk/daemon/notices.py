"""
What a kiosk tells the others in its room by itself: it has no keyboard.

A notice is a text message that also says which one it is, so that people read
it and programs know it.  It never holds a call up: it has a second, is not
repeated, and its failure is no failure of the call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from enum import Enum
from typing import Final

from kiosk.daemon.peers import Peers
from kiosk.errors import RoomError
from kiosk.ports import RoomService


log = logging.getLogger(__name__)

NOTICE_S: Final = 1.0


class Notice(Enum):
    """The value is what programs read (``cmd`` of the message)."""

    MUTED = "muted"
    UNMUTED = "unmuted"
    RECONNECTING = "reconnecting"
    BACK = "back"
    CAMERA_LOST = "camera_lost"
    CAMERA_BACK = "camera_back"
    MICROPHONE_LOST = "microphone_lost"
    MICROPHONE_BACK = "microphone_back"
    SPEAKER_LOST = "speaker_lost"
    SPEAKER_BACK = "speaker_back"
    DISPLAY_LOST = "display_lost"
    DISPLAY_BACK = "display_back"


OF_A_DEVICE: Final = {
    "camera": (Notice.CAMERA_LOST, Notice.CAMERA_BACK),
    "microphone": (Notice.MICROPHONE_LOST, Notice.MICROPHONE_BACK),
    "speaker": (Notice.SPEAKER_LOST, Notice.SPEAKER_BACK),
}
"""What is told of a device that a call goes on without, and that it works again."""


class Notices:
    """
    Sends notices to the room of one call.

    Args:
        words: What people read; a notice without words is not sent.

    """

    def __init__(
        self, room: RoomService, words: Mapping[Notice, str], peers: Peers
    ) -> None:
        self._room = room
        self._words = words
        self._peers = peers

    async def tell(self, notice: Notice) -> None:
        """Send a notice, if somebody is there to read it; never raises RoomError."""
        await self.say(self._words.get(notice, ""), notice.value)

    async def say(self, text: str, cmd: str) -> None:
        """Send a text that nobody typed, as a notice is sent; an empty one is not."""
        if not text or not self._peers.known:
            return
        try:
            async with asyncio.timeout(NOTICE_S):
                await self._room.send_text(text, cmd)
        except (RoomError, TimeoutError) as exc:
            reason = str(exc) or type(exc).__name__
            log.info("notice not sent", extra={"cmd": cmd, "reason": reason})
