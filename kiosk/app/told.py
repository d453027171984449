"""What a kiosk tells the others in its room by itself, in the words of its screens."""

from __future__ import annotations

from kiosk.daemon.notices import Notice
from kiosk.room.still_requests import StillWord
from kiosk.ui.words import FALLBACK, LANGUAGES


def notices_in(language: str) -> dict[Notice, str]:
    """Return the notices of a kiosk."""
    words = LANGUAGES.get(language, LANGUAGES[FALLBACK])
    return {
        Notice.MUTED: words.told_muted,
        Notice.UNMUTED: words.told_unmuted,
        Notice.RECONNECTING: words.told_reconnecting,
        Notice.BACK: words.told_back,
        Notice.CAMERA_LOST: words.told_camera_lost,
        Notice.MICROPHONE_LOST: words.told_microphone_lost,
    }


def still_words_in(language: str) -> dict[StillWord, str]:
    """Return what is said about a still picture."""
    words = LANGUAGES.get(language, LANGUAGES[FALLBACK]).still
    return {
        StillWord.ASKED: words.asked,
        StillWord.AGREED: words.agreed,
        StillWord.SENT: words.sent,
        StillWord.REFUSED: words.refused,
        StillWord.UNANSWERED: words.unanswered,
        StillWord.BUSY: words.busy,
        StillWord.INTERRUPTED: words.interrupted,
        StillWord.FAILED: words.failed,
    }
