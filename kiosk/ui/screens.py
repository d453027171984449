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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from kiosk.ports import (
    Layer,
    Micros,
    Quality,
    Received,
    ScreenFacts,
    ScreenName,
    StillScene,
)
from kiosk.ui.fault import Fault, Nameplate, fault_of
from kiosk.ui.inspected import rows_of
from kiosk.ui.notices import muted_of, notices_of, volume_of
from kiosk.ui.opening import opening_lines
from kiosk.ui.plain import duration, plain
from kiosk.ui.screen_words import (
    FAILED,
    LIVE,
    NOBODY_THERE,
    SCREENS,
    SETTING_CLOCK,
    ScreenWords,
)
from kiosk.ui.signs import Icon, Notice
from kiosk.ui.steps import Step, steps_of
from kiosk.ui.still_question import StillQuestion, still_question
from kiosk.ui.strip import SELF_VIEW, StripButton, strip_of
from kiosk.ui.texts import Texts


TECHNICIAN: Final = ScreenName.TECHNICIAN
NAME_LENGTH: Final = 40
MESSAGE_LENGTH: Final = 120
REASON_LENGTH: Final = 160


class Mood(Enum):
    """The colour of the background; it never speaks alone."""

    CALM = auto()
    GOOD = auto()
    GRAVE = auto()


ICONS: Final[Mapping[ScreenName, Icon]] = {
    ScreenName.STARTING: Icon.CLOCK,
    ScreenName.IDLE: Icon.CAMERA,
    ScreenName.CONSENT: Icon.SHIELD,
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
    ScreenName.TECHNICIAN: Icon.SHIELD,
}


QUALITY: Final[Mapping[Quality, str]] = {
    Quality.GOOD: "in_call.good",
    Quality.FAIR: "in_call.fair",
    Quality.WEAK: "in_call.weak",
}


@dataclass(frozen=True, slots=True)
class Branding:
    """Whose kiosk it is and where it stands; shown on every screen."""

    bank: str = ""
    kiosk: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number to read from afar, and what it counts."""

    number: str
    caption: str


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
        language: The name of the locale; it chooses among Chinese typefaces.
        over_picture: The base layer belongs to the peer's picture; only what
            lies over it is drawn.
        tiles: Whose pictures there are; a single one has the whole display.
        self_view: Whether the camera may be open, and its picture shown.
        hint: The one thing to press, or empty.
        rows: The technician's page: what, and how it is.
        timer: How long the call has lasted, or empty.
        quality: Of its connection, and ``quality_words`` says the same.
        steps: What happens before a call, in this order.
        volume: How loud it is, just after somebody turned it.

    """

    name: ScreenName
    language: str
    mood: Mood
    icon: Icon
    branding: Branding
    wall_time: str
    title: str
    lines: tuple[str, ...]
    strip: tuple[StripButton, ...]
    notices: tuple[Notice, ...] = ()
    muted: Notice | None = None
    volume: Notice | None = None
    hint: str = ""
    figure: Figure | None = None
    fault: Fault | None = None
    peer: str = ""
    timer: str = ""
    quality: Quality = Quality.GOOD
    quality_words: str = ""
    message: str = ""
    self_view: bool = False
    self_view_label: str = ""
    over_picture: bool = False
    tiles: tuple[PeerTile, ...] = ()
    still: StillQuestion | None = None
    rows: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()


def screen_content(
    name: ScreenName,
    facts: ScreenFacts,
    *,
    texts: Texts,
    branding: Branding,
    now: Micros,
    wall_time: str = "",
    others: Sequence[Texts] = (),
    week: Sequence[str | None] = (),
    local: tuple[int, int] | None = None,
    nameplate: Nameplate | None = None,
) -> ScreenContent:
    """
    Return what a screen says.

    Args:
        name: Which screen.
        facts: What it depends on.
        texts: In which language.
        branding: Whose kiosk it is.
        now: Ends the time that the call has lasted.
        wall_time: Hours and minutes on the clock, or empty while unknown.
        others: The languages that the customer may choose instead.
        week: Opening hours from Monday to Sunday, as they are configured.
        local: Weekday (0 is Monday) and minute of the day, while they are known.
        nameplate: Which device it is.

    """
    said = _said(name, facts)
    in_call, is_closed = name is ScreenName.IN_CALL, name is ScreenName.CLOSED
    self_view = name in SELF_VIEW
    is_over_picture = _is_over_picture(name, facts)
    tiles = _tiles(facts, texts) if in_call or is_over_picture else ()
    return ScreenContent(
        name=name,
        language=texts.language,
        mood=_mood(name, facts),
        icon=_icon(name, facts),
        branding=Branding(
            plain(branding.bank, NAME_LENGTH), plain(branding.kiosk, NAME_LENGTH)
        ),
        wall_time=wall_time,
        title=texts(said.title),
        lines=(
            *(texts(line) for line in said.lines),
            *_lines(name, facts, texts),
            *(other("idle.hold") for other in others if name is ScreenName.IDLE),
            *(
                opening_lines(week, *local, texts)
                if week and local and is_closed
                else ()
            ),
        ),
        strip=strip_of(name, facts, texts, said),
        notices=notices_of(name, facts, texts, over_picture=is_over_picture),
        muted=muted_of(name, facts, texts),
        volume=volume_of(name, facts, texts),
        hint=texts("idle.hint") if name is ScreenName.IDLE else "",
        figure=_figure(name, facts, texts),
        fault=fault_of(
            name,
            plain(facts.reason, REASON_LENGTH),
            _fault_heading(name, texts, nameplate or Nameplate()),
            nameplate or Nameplate(),
            (branding.bank, branding.kiosk),
        ),
        peer=_peer(facts, texts) if in_call else "",
        timer=duration(facts.since, now) if in_call else "",
        quality=facts.quality if name is ScreenName.IN_CALL else Quality.GOOD,
        quality_words=(
            texts(QUALITY[facts.quality]) if name is ScreenName.IN_CALL else ""
        ),
        message=plain(facts.text, MESSAGE_LENGTH) if in_call else "",
        self_view=self_view,
        self_view_label=texts("self_view.label") if self_view else "",
        over_picture=is_over_picture,
        tiles=tiles,
        still=_still(facts, texts) if in_call else None,
        steps=steps_of(name, texts, broadcasts=facts.broadcasts),
        rows=rows_of(facts.inspection if name is TECHNICIAN else (), texts),
    )


def _is_over_picture(name: ScreenName, facts: ScreenFacts) -> bool:
    if name is ScreenName.IDLE:
        return facts.television
    if name is ScreenName.RECONNECTING:  # ours does not arrive, theirs may
        return any(tile.received is Received.PICTURE for tile in facts.tiles)
    several = len(facts.tiles) > 1
    return name is ScreenName.IN_CALL and (facts.with_picture or several)


def _said(name: ScreenName, facts: ScreenFacts) -> ScreenWords:
    if name is ScreenName.ENDED and facts.reason:
        return FAILED
    if name is ScreenName.STARTING and facts.reason:
        return SETTING_CLOCK
    if name is ScreenName.QUEUED and facts.reason == "absent":
        return NOBODY_THERE
    if facts.broadcasts and name in LIVE:
        return LIVE[name]
    return SCREENS[name]


def _lines(name: ScreenName, facts: ScreenFacts, texts: Texts) -> tuple[str, ...]:
    """Return the lines that are made of facts."""
    if name not in {ScreenName.ENDED, ScreenName.NO_ANSWER} or not facts.reference:
        return ()
    if name is ScreenName.ENDED and facts.talked_us and not facts.reason:
        lasted = duration(Micros(0), facts.talked_us)
        return (texts("ended.facts", duration=lasted, reference=facts.reference),)
    return (texts("ended.reference", reference=facts.reference),)


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


def _still(facts: ScreenFacts, texts: Texts) -> StillQuestion | None:
    if facts.still is not StillScene.ASKED:
        return None
    name = plain(facts.asked_by, NAME_LENGTH) or texts("peer.adviser")
    return still_question(name, texts)


def _figure(name: ScreenName, facts: ScreenFacts, texts: Texts) -> Figure | None:
    if name is not ScreenName.QUEUED or facts.position is None or facts.position < 1:
        return None
    return Figure(str(min(facts.position, 999)), texts("queued.place"))


def _fault_heading(name: ScreenName, texts: Texts, nameplate: Nameplate) -> str:
    """Say whose words these are; a kiosk without a name yet says its number."""
    if name is not ScreenName.UNCONFIGURED or not nameplate.serial:
        return texts("fault.heading")
    return f"{texts('technician.serial')} {nameplate.serial}"


def _peer(facts: ScreenFacts, texts: Texts) -> str:
    if len(facts.tiles) > 1:
        return texts("in_call.others", count=len(facts.tiles))
    return plain(facts.peer_name, NAME_LENGTH) or texts("peer.adviser")


def _tiles(facts: ScreenFacts, texts: Texts) -> tuple[PeerTile, ...]:
    notes = {
        Received.NOTHING_YET: texts("tile.joining"),
        Received.PICTURE: "",
        Received.SOUND: texts("tile.sound_only"),
        Received.SILENCE: texts("tile.interrupted"),
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
