"""What a kiosk tells the others in its room by itself, in the words of its screens."""

from __future__ import annotations

from kiosk.daemon.notices import Notice
from kiosk.room.still_requests import StillWord
from kiosk.ui.texts import Texts


def notices_in(texts: Texts) -> dict[Notice, str]:
    """Return the notices of a kiosk."""
    return {
        Notice.MUTED: texts("told.muted"),
        Notice.UNMUTED: texts("told.unmuted"),
        Notice.RECONNECTING: texts("told.reconnecting"),
        Notice.BACK: texts("told.back"),
        Notice.CAMERA_LOST: texts("told.camera_lost"),
        Notice.CAMERA_BACK: texts("told.camera_back"),
        Notice.MICROPHONE_LOST: texts("told.microphone_lost"),
        Notice.MICROPHONE_BACK: texts("told.microphone_back"),
        Notice.SPEAKER_LOST: texts("told.speaker_lost"),
        Notice.SPEAKER_BACK: texts("told.speaker_back"),
        Notice.DISPLAY_LOST: texts("told.display_lost"),
        Notice.DISPLAY_BACK: texts("told.display_back"),
    }


def still_words_in(texts: Texts) -> dict[StillWord, str]:
    """Return what is said about a still picture."""
    return {
        StillWord.ASKED: texts("told.still.asked"),
        StillWord.AGREED: texts("told.still.agreed"),
        StillWord.SENT: texts("told.still.sent"),
        StillWord.REFUSED: texts("told.still.refused"),
        StillWord.UNANSWERED: texts("told.still.unanswered"),
        StillWord.BUSY: texts("told.still.busy"),
        StillWord.INTERRUPTED: texts("told.still.interrupted"),
        StillWord.FAILED: texts("told.still.failed"),
    }
