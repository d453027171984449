"""Which texts each screen says, by their keys: a caller's kiosk and one that goes on air."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.ports import ScreenName


@dataclass(frozen=True, slots=True)
class ScreenWords:
    """
    What one screen says, as keys of :data:`kiosk.english.ENGLISH`.

    Attributes:
        title: The one thing to understand, in large type.
        lines: What to do, or what is so.
        hangup: What the red button does on this screen.

    """

    title: str
    lines: tuple[str, ...]
    hangup: str = "button.hang_up"


_QUEUE_LINES: Final = ("queued.turn", "queued.chime", "queued.devices")

SCREENS: Final[Mapping[ScreenName, ScreenWords]] = {
    ScreenName.STARTING: ScreenWords("starting.title", ("starting.line",)),
    ScreenName.IDLE: ScreenWords("idle.title", ("idle.privacy",)),
    ScreenName.CONSENT: ScreenWords(
        "consent.title",
        ("consent.devices", "consent.yes", "consent.no"),
        "button.back",
    ),
    ScreenName.CONNECTING: ScreenWords(
        "connecting.title", ("line.stay", "connecting.devices"), "button.cancel"
    ),
    ScreenName.WAITING: ScreenWords(
        "waiting.title", ("line.stay", "line.devices_on"), "button.cancel"
    ),
    ScreenName.QUEUED: ScreenWords("queued.title", _QUEUE_LINES, "queued.leave"),
    ScreenName.IN_CALL: ScreenWords("in_call.title", ("in_call.sound_only",)),
    ScreenName.RECONNECTING: ScreenWords(
        "reconnecting.title", ("reconnecting.line", "line.devices_on")
    ),
    ScreenName.PEER_AWAY: ScreenWords(
        "peer_away.title", ("peer_away.line", "line.devices_on")
    ),
    ScreenName.NO_ANSWER: ScreenWords("no_answer.title", ("line.try_again",)),
    ScreenName.ENDED: ScreenWords(
        "ended.title", ("ended.belongings", "line.devices_off")
    ),
    ScreenName.BROADCASTING: ScreenWords(
        "broadcasting.title", ("broadcasting.line",), "live.stop"
    ),
    ScreenName.CLOSED: ScreenWords("closed.title", ("closed.line",)),
    ScreenName.TECHNICIAN: ScreenWords("technician.title", ("technician.leave",)),
    ScreenName.UNCONFIGURED: ScreenWords("unconfigured.title", ("line.ask_staff",)),
    ScreenName.OUT_OF_SERVICE: ScreenWords(
        "out_of_service.title", ("out_of_service.counter", "out_of_service.retry")
    ),
}

FAILED: Final = ScreenWords("failed.title", ("line.try_again", "line.devices_off"))
"""A call that ended for a reason."""

SETTING_CLOCK: Final = ScreenWords("starting.title", ("starting.clock",))
"""A start that waits for something, which is the right time and nothing else."""

NOBODY_THERE: Final = ScreenWords("queued.nobody", _QUEUE_LINES, "queued.leave")
"""A queue before an adviser who has not come yet."""

LIVE: Final[Mapping[ScreenName, ScreenWords]] = {
    ScreenName.IDLE: ScreenWords("live.idle.title", ("live.idle.privacy",)),
    ScreenName.CONSENT: ScreenWords(
        "live.consent.title",
        ("live.consent.devices", "consent.yes", "consent.no"),
        "button.back",
    ),
    ScreenName.CONNECTING: ScreenWords(
        "live.connecting.title", ("live.connecting.devices",), "button.cancel"
    ),
    ScreenName.ENDED: ScreenWords("live.ended.title", ("line.devices_off",)),
}
"""Of a kiosk whose call button goes on air, where it differs from a caller's."""
