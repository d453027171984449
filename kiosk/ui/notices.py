"""
Which badges a screen has: what is so besides, and what was just done.

As pure as the screens they belong to.
"""

from __future__ import annotations

from typing import Final

from kiosk.ports import ScreenFacts, ScreenName, StillScene
from kiosk.ui.signs import Icon, Notice, Tone
from kiosk.ui.strip import IN_A_CALL, SELF_VIEW
from kiosk.ui.texts import Texts


RECORDED: Final = frozenset(
    {
        ScreenName.WAITING,
        ScreenName.IN_CALL,
        ScreenName.PEER_AWAY,
        ScreenName.BROADCASTING,
    }
)
"""Where our stream flows: what a recorder acknowledged is so there, and is said."""


def notices_of(
    name: ScreenName, facts: ScreenFacts, texts: Texts, *, over_picture: bool
) -> tuple[Notice, ...]:
    """Return what is so beside what the screen is about, the most lasting first."""
    notices: list[Notice] = []
    if facts.insecure:
        notices.append(
            Notice(Tone.WARNING, Icon.LOCK_OPEN, texts("notice.not_encrypted"))
        )
    if facts.recording and name in RECORDED:
        notices.append(Notice(Tone.WARNING, Icon.RECORDING, texts("notice.recording")))
    if name is ScreenName.RECONNECTING and over_picture:
        notices.append(
            Notice(Tone.WARNING, Icon.WARNING, texts("reconnecting.not_sent"))
        )
    if name in SELF_VIEW and facts.camera_lost:
        notices.append(Notice(Tone.ALARM, Icon.CAMERA, texts("notice.camera_lost")))
    if name in SELF_VIEW and facts.microphone_lost:
        lost = texts("notice.microphone_lost")
        notices.append(Notice(Tone.ALARM, Icon.MICROPHONE_OFF, lost))
    if name in SELF_VIEW and facts.speaker_lost:
        notices.append(Notice(Tone.ALARM, Icon.WARNING, texts("notice.speaker_lost")))
    if name is ScreenName.IN_CALL and facts.still is StillScene.SENDING:
        notices.append(Notice(Tone.WARNING, Icon.CAMERA, texts("still.sending")))
    return tuple(notices)


def muted_of(name: ScreenName, facts: ScreenFacts, texts: Texts) -> Notice | None:
    """Say that nobody hears the customer, in a call."""
    if not facts.muted or name not in IN_A_CALL:
        return None
    return Notice(Tone.ALARM, Icon.MICROPHONE_OFF, texts("notice.muted"))


def volume_of(name: ScreenName, facts: ScreenFacts, texts: Texts) -> Notice | None:
    """Say how loud it is now, just after somebody turned it."""
    if facts.volume is None or name is ScreenName.TECHNICIAN:
        return None
    step, steps = facts.volume
    words = texts("notice.volume", step=step, steps=steps)
    return Notice(Tone.PLAIN, Icon.SPEAKER, words)
