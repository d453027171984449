"""
What the strip says that mirrors the real buttons: which do something, and what.

As pure as the screens it belongs to: a button that does nothing is not lit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.ports import Button, ScreenFacts, ScreenName, StillScene
from kiosk.ui.screen_words import ScreenWords
from kiosk.ui.words import Words


MAY_CALL: Final = frozenset({ScreenName.IDLE, ScreenName.ENDED, ScreenName.NO_ANSWER})
SELF_VIEW: Final = frozenset(
    {
        ScreenName.CONNECTING,
        ScreenName.WAITING,
        ScreenName.IN_CALL,
        ScreenName.RECONNECTING,
        ScreenName.PEER_AWAY,
        ScreenName.BROADCASTING,
    }
)
IN_A_CALL: Final = SELF_VIEW | {ScreenName.QUEUED}


@dataclass(frozen=True, slots=True)
class StripButton:
    """
    A button of the strip, as the real one below it.

    Attributes:
        lit: Whether pressing it does something now; its lamp is on then.
        engaged: Whether what it switches is on (muted).

    """

    button: Button
    label: str
    lit: bool
    engaged: bool = False


def strip_of(
    name: ScreenName, facts: ScreenFacts, words: Words, said: ScreenWords
) -> tuple[StripButton, ...]:
    """Return the buttons as they are below the display."""
    if name is ScreenName.IN_CALL and facts.still is StillScene.ASKED:
        return (
            StripButton(Button.CALL, words.still.yes, lit=True),
            StripButton(Button.MUTE, words.still.no, lit=True),
            StripButton(Button.HANGUP, words.hang_up, lit=True),
        )
    begin = words.live.start if facts.broadcasts else words.call
    again = name in {ScreenName.ENDED, ScreenName.NO_ANSWER}
    in_a_call = name in IN_A_CALL
    muted = in_a_call and facts.muted
    return (
        StripButton(
            Button.CALL,
            words.call_again if again and not facts.broadcasts else begin,
            name in MAY_CALL,
        ),
        StripButton(
            Button.MUTE, words.unmute if muted else words.mute, in_a_call, muted
        ),
        StripButton(Button.HANGUP, said.hangup or words.hang_up, in_a_call),
    )
