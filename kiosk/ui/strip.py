"""
What the strip says that mirrors the real buttons: which do something, and what.

As pure as the screens it belongs to: a button that does nothing is not lit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.ports import Button, ScreenFacts, ScreenName, StillScene
from kiosk.ui.screen_words import ScreenWords
from kiosk.ui.texts import Texts


MAY_CALL: Final = frozenset(
    {
        ScreenName.IDLE,
        ScreenName.CONSENT,
        ScreenName.ENDED,
        ScreenName.NO_ANSWER,
    }
)
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


_ORDER: Final = (Button.CALL, Button.MUTE, Button.HANGUP)
"""As the real ones stand below the display."""


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
    name: ScreenName, facts: ScreenFacts, texts: Texts, said: ScreenWords
) -> tuple[StripButton, ...]:
    """Return the buttons as they are below the display."""
    if name is ScreenName.TECHNICIAN:
        back = texts("button.back")
        return tuple(StripButton(button, back, lit=True) for button in _ORDER)
    if name is ScreenName.IN_CALL and facts.still is StillScene.ASKED:
        return (
            StripButton(Button.CALL, texts("still.yes"), lit=True),
            StripButton(Button.MUTE, texts("still.no"), lit=True),
            StripButton(Button.HANGUP, texts("button.hang_up"), lit=True),
        )
    in_a_call = name in IN_A_CALL
    muted = in_a_call and facts.muted
    mute = "button.unmute" if muted else "button.mute"
    return (
        StripButton(
            Button.CALL,
            texts(_call_key(name, facts)),
            name in MAY_CALL,
        ),
        StripButton(Button.MUTE, texts(mute), in_a_call, muted),
        StripButton(
            Button.HANGUP,
            texts(said.hangup),
            in_a_call or name is ScreenName.CONSENT,
        ),
    )


def _call_key(name: ScreenName, facts: ScreenFacts) -> str:
    if name is ScreenName.CONSENT:
        return "button.agree"
    if facts.broadcasts:
        return "live.start"
    again = name in {ScreenName.ENDED, ScreenName.NO_ANSWER}
    return "button.call_again" if again else "button.call"
