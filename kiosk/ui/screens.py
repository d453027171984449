"""
What every screen says and shows, as a pure function.

1. A screen depends on its name, the facts, the language, the branding and the
   time it is given, and on nothing else.
2. It says what is so: no waiting time that nobody measured, no self-view while
   the camera is closed, no button that does nothing.
3. Text that came from outside (a peer's name, a message, a reason) is made
   plain and short here, before anything draws it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from kiosk.ports import (
    Layer,
    Micros,
    Received,
    ScreenFacts,
    ScreenName,
    StillScene,
)
from kiosk.ui.screen_words import ScreenWords
from kiosk.ui.still_question import StillQuestion, still_question
from kiosk.ui.strip import IN_A_CALL, SELF_VIEW, StripButton, strip_of
from kiosk.ui.words import FALLBACK, LANGUAGES, Words


NAME_LENGTH: Final = 40
MESSAGE_LENGTH: Final = 120
REASON_LENGTH: Final = 160
MICROS: Final = 1_000_000
LONGEST_TIMER_S: Final = 99 * 3600
CODED: Final = re.compile(r"([A-Z][0-9]{3})\b[:\s]*(.*)", re.DOTALL)

_FOR_TECHNICIANS: Final = frozenset(
    {ScreenName.OUT_OF_SERVICE, ScreenName.UNCONFIGURED, ScreenName.ENDED}
)


class Mood(Enum):
    """The colour of the background; it never speaks alone."""

    CALM = auto()
    GOOD = auto()
    GRAVE = auto()


class Icon(Enum):
    """A sign that says the same as the words beside it."""

    CAMERA = auto()
    CHECK = auto()
    CLOCK = auto()
    HANDSET = auto()
    HANDSET_DOWN = auto()
    LOCK_OPEN = auto()
    MESSAGE = auto()
    MICROPHONE = auto()
    MICROPHONE_OFF = auto()
    PERSON = auto()
    SHIELD = auto()
    WARNING = auto()


ICONS: Final[Mapping[ScreenName, Icon]] = {
    ScreenName.STARTING: Icon.CLOCK,
    ScreenName.IDLE: Icon.CAMERA,
    ScreenName.CONNECTING: Icon.HANDSET,
    ScreenName.WAITING: Icon.PERSON,
    ScreenName.QUEUED: Icon.CLOCK,
    ScreenName.IN_CALL: Icon.HANDSET,
    ScreenName.RECONNECTING: Icon.WARNING,
    ScreenName.PEER_AWAY: Icon.WARNING,
    ScreenName.NO_ANSWER: Icon.HANDSET_DOWN,
    ScreenName.ENDED: Icon.CHECK,
    ScreenName.BROADCASTING: Icon.CAMERA,
    ScreenName.CLOSED: Icon.CLOCK,
    ScreenName.UNCONFIGURED: Icon.WARNING,
    ScreenName.OUT_OF_SERVICE: Icon.WARNING,
}


class Tone(Enum):
    """How urgent a notice is."""

    WARNING = auto()
    ALARM = auto()


@dataclass(frozen=True, slots=True)
class Branding:
    """Whose kiosk it is and where it stands; shown on every screen."""

    bank: str = ""
    kiosk: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A badge with a sign and few words."""

    tone: Tone
    icon: Icon
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number to read from afar, and what it counts."""

    number: str
    caption: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What a technician needs: the code and the words behind it."""

    heading: str
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class PeerTile:
    """
    One of several others.

    Attributes:
        layer: Where its picture is.
        note: What stands in the place of the picture; empty while there is one.
        is_loudest: Whether it talks, and of all the others loudest.

    """

    name: str
    layer: Layer
    note: str
    is_loudest: bool


@dataclass(frozen=True, slots=True)
class ScreenContent:
    """
    All there is to draw.

    Attributes:
        over_picture: The base layer belongs to the peer's picture; only what
            lies over it is drawn.
        tiles: Whose pictures there are; a single one has the whole display.
        self_view: Whether the camera may be open, and its picture shown.
        hint: The one thing to press, or empty.
        timer: How long the call has lasted, or empty.

    """

    name: ScreenName
    mood: Mood
    icon: Icon
    branding: Branding
    wall_time: str
    title: str
    lines: tuple[str, ...]
    strip: tuple[StripButton, ...]
    notices: tuple[Notice, ...] = ()
    muted: Notice | None = None
    hint: str = ""
    figure: Figure | None = None
    fault: Fault | None = None
    peer: str = ""
    timer: str = ""
    message: str = ""
    self_view: bool = False
    self_view_label: str = ""
    over_picture: bool = False
    tiles: tuple[PeerTile, ...] = ()
    still: StillQuestion | None = None


def screen_content(
    name: ScreenName,
    facts: ScreenFacts,
    *,
    language: str,
    branding: Branding,
    now: Micros,
    wall_time: str = "",
) -> ScreenContent:
    """
    Return what a screen says.

    Args:
        name: Which screen.
        facts: What it depends on.
        language: A name of :data:`kiosk.ui.words.LANGUAGES`, else English.
        branding: Whose kiosk it is.
        now: Ends the time that the call has lasted.
        wall_time: Hours and minutes on the clock, or empty while unknown.

    """
    words = LANGUAGES.get(language, LANGUAGES[FALLBACK])
    said = _said(name, facts, words)
    in_call = name is ScreenName.IN_CALL
    self_view = name in SELF_VIEW
    is_over_picture = _is_over_picture(name, facts)
    tiles = _tiles(facts, words) if in_call or is_over_picture else ()
    return ScreenContent(
        name=name,
        mood=_mood(name, facts),
        icon=_icon(name, facts),
        branding=Branding(
            plain(branding.bank, NAME_LENGTH), plain(branding.kiosk, NAME_LENGTH)
        ),
        wall_time=wall_time,
        title=said.title,
        lines=said.lines,
        strip=strip_of(name, facts, words, said),
        notices=_notices(name, facts, words),
        muted=_muted(name, facts, words),
        hint=words.press_to_call if name is ScreenName.IDLE else "",
        figure=_figure(name, facts, words),
        fault=_fault(name, facts, words),
        peer=_peer(facts, words) if in_call else "",
        timer=duration(facts.since, now) if in_call else "",
        message=plain(facts.text, MESSAGE_LENGTH) if in_call else "",
        self_view=self_view,
        self_view_label=words.your_picture if self_view else "",
        over_picture=is_over_picture,
        tiles=tiles,
        still=_still(facts, words) if in_call else None,
    )


def _is_over_picture(name: ScreenName, facts: ScreenFacts) -> bool:
    if name is ScreenName.IDLE:
        return facts.television
    if name is ScreenName.RECONNECTING:  # ours does not arrive, theirs may
        return any(tile.received is Received.PICTURE for tile in facts.tiles)
    several = len(facts.tiles) > 1
    return name is ScreenName.IN_CALL and (facts.with_picture or several)


def duration(since: Micros, now: Micros) -> str:
    """Return minutes and seconds, with hours from the first one on."""
    seconds = min(max(0, (now - since) // MICROS), LONGEST_TIMER_S)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    rest = f"{minutes:02d}:{seconds:02d}"
    return f"{hours}:{rest}" if hours else rest


def plain(text: str, length: int) -> str:
    """
    Return one line of ``text``, without controls and no longer than ``length``.

    Formatting characters go too: an unclosed right-to-left override would turn
    the words after it around.
    """
    shown = (
        " " if unicodedata.category(character)[0] in "CZ" else character
        for character in text[: 4 * length]
    )
    line = " ".join("".join(shown).split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def _said(name: ScreenName, facts: ScreenFacts, words: Words) -> ScreenWords:
    if name is ScreenName.ENDED and facts.reason:
        return words.call_failed
    if name is ScreenName.QUEUED and facts.reason == "absent":
        return words.nobody_there
    if facts.broadcasts and name in words.live.screens:
        return words.live.screens[name]
    return words.screens[name]


def _mood(name: ScreenName, facts: ScreenFacts) -> Mood:
    if name in {ScreenName.OUT_OF_SERVICE, ScreenName.UNCONFIGURED}:
        return Mood.GRAVE
    if name is ScreenName.ENDED and not facts.reason:
        return Mood.GOOD
    return Mood.CALM


def _icon(name: ScreenName, facts: ScreenFacts) -> Icon:
    if name is ScreenName.ENDED and facts.reason:
        return Icon.WARNING
    return ICONS[name]


def _still(facts: ScreenFacts, words: Words) -> StillQuestion | None:
    if facts.still is not StillScene.ASKED:
        return None
    name = plain(facts.asked_by, NAME_LENGTH) or words.adviser
    return still_question(name, words.still)


def _notices(name: ScreenName, facts: ScreenFacts, words: Words) -> tuple[Notice, ...]:
    notices: list[Notice] = []
    if facts.insecure:
        notices.append(Notice(Tone.WARNING, Icon.LOCK_OPEN, words.not_encrypted))
    if name is ScreenName.RECONNECTING and _is_over_picture(name, facts):
        notices.append(Notice(Tone.WARNING, Icon.WARNING, words.not_sent))
    if name is ScreenName.IN_CALL and facts.is_poor:
        notices.append(Notice(Tone.WARNING, Icon.WARNING, words.poor_connection))
    if name is ScreenName.IN_CALL and facts.still is StillScene.SENDING:
        notices.append(Notice(Tone.WARNING, Icon.CAMERA, words.still.sending))
    return tuple(notices)


def _muted(name: ScreenName, facts: ScreenFacts, words: Words) -> Notice | None:
    if not facts.muted or name not in IN_A_CALL:
        return None
    return Notice(Tone.ALARM, Icon.MICROPHONE_OFF, words.muted)


def _figure(name: ScreenName, facts: ScreenFacts, words: Words) -> Figure | None:
    if name is not ScreenName.QUEUED or facts.position is None or facts.position < 1:
        return None
    return Figure(str(min(facts.position, 999)), words.place_in_queue)


def _peer(facts: ScreenFacts, words: Words) -> str:
    if len(facts.tiles) > 1:
        return words.others.format(len(facts.tiles))
    return plain(facts.peer_name, NAME_LENGTH) or words.adviser


def _tiles(facts: ScreenFacts, words: Words) -> tuple[PeerTile, ...]:
    notes = {
        Received.NOTHING_YET: words.is_joining,
        Received.PICTURE: "",
        Received.SOUND: words.sound_only,
        Received.SILENCE: words.interrupted,
    }
    return tuple(
        PeerTile(
            plain(tile.name, NAME_LENGTH),
            tile.layer,
            notes[tile.received],
            tile.is_loudest,
        )
        for tile in facts.tiles
    )


def _fault(name: ScreenName, facts: ScreenFacts, words: Words) -> Fault | None:
    reason = plain(facts.reason, REASON_LENGTH)
    if name not in _FOR_TECHNICIANS or not reason:
        return None
    coded = CODED.fullmatch(reason)
    code, said = coded.groups() if coded else ("", reason)
    return Fault(words.for_technicians, code, said)
