"""
Every screen with facts it might have: for pictures of it, made without a call.

The documentation's pictures, a designer's and those the tests compare are all
of these scenes. A screen without a scene fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from kiosk.ports import (
    Inspected,
    Layer,
    Micros,
    Probe,
    Quality,
    Received,
    ScreenFacts,
    ScreenName,
    StillScene,
    Tile,
)
from kiosk.ui.fault import Nameplate
from kiosk.ui.screens import Branding, ScreenContent, screen_content
from kiosk.ui.texts import Texts


NOW: Final = Micros(134_000_000)
"""Two minutes and 14 seconds into the scene."""
WALL_TIME: Final = "14:32"
BRANDING: Final[Mapping[str, Branding]] = {
    "en": Branding("Sample Bank", "Main Street Branch"),
    "zh_CN": Branding("示例银行", "朝阳支行"),
    "zh_TW": Branding("範例銀行", "中山分行"),
}
ADVISER: Final[Mapping[str, str]] = {"en": "Li Wen", "zh_CN": "李文", "zh_TW": "李文"}
MESSAGE: Final[Mapping[str, str]] = {
    "en": "Please hold your ID card up to the camera",
    "zh_CN": "请把身份证正面对准摄像头",
    "zh_TW": "請將身分證正面對準鏡頭",
}
WEEK: Final = (*("09:00-12:30,13:30-17:00",) * 5, None, None)
EVENING: Final = (4, 18 * 60)
NAMEPLATE: Final = Nameplate("0.1.0", "10000000c0ffee00")
BROKEN: Final = "R010 the room server cannot be reached"
NO_TIME: Final = "N013 no time server has set the clock yet"
NO_LINK: Final = "N001 no link on eth0; plug the network cable in, or see to the Wi-Fi"

_INSPECTION = (
    (Inspected.VERSION, Probe("0.1.0")),
    (Inspected.SERIAL, Probe("10000000c0ffee00")),
    (Inspected.ROOM, Probe("service (double_room)")),
    (
        Inspected.NETWORK,
        Probe("eth0 up; 10.12.0.37, fd00:12::37; by 10.12.0.1; server at 10.9.0.4"),
    ),
    (Inspected.SERVER, Probe(f"{BROKEN}: https://rooms.example.org")),
    (Inspected.CLOCK, Probe("2026-11-27 06:32:10 UTC, set by a time server")),
    (Inspected.CAMERA, Probe("imx708 at /base/soc/i2c0mux")),
    (Inspected.MICROPHONE, Probe("USB Audio, card 1")),
    (Inspected.SPEAKER, Probe("USB Audio, card 1")),
    (Inspected.DISPLAY, Probe("HDMI-A-1, 1280x720")),
    (Inspected.BUTTONS, Probe("GPIO 17, 27, 22")),
    (Inspected.LAMPS, Probe("GPIO 5, 6, 13, 19, 26")),
    (Inspected.DOOR, Probe("closed")),
    (Inspected.FAULTS, Probe("none", "the lamp flashes 2 room server", "see its row")),
    (Inspected.LAST_ERROR, Probe(BROKEN)),
)
_TILES = (
    Tile("Li Wen", Layer.BASE, Received.PICTURE, is_loudest=True),
    Tile("Anna", Layer.SECOND, Received.PICTURE),
    Tile("Ben", Layer.THIRD, Received.SOUND),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """
    A screen and what it depends on.

    Attributes:
        facts: Names and messages are filled in by language.
        says: Whether there is a text message.

    """

    name: ScreenName
    facts: ScreenFacts = field(default_factory=ScreenFacts)
    says: bool = False


SCENES: Final[Mapping[str, Scene]] = {
    "starting": Scene(ScreenName.STARTING),
    "starting-clock": Scene(ScreenName.STARTING, ScreenFacts(reason=NO_TIME)),
    "idle": Scene(ScreenName.IDLE),
    "idle-insecure": Scene(ScreenName.IDLE, ScreenFacts(insecure=True)),
    "idle-television": Scene(ScreenName.IDLE, ScreenFacts(television=True)),
    "consent": Scene(ScreenName.CONSENT),
    "connecting": Scene(ScreenName.CONNECTING),
    "waiting": Scene(ScreenName.WAITING),
    "waiting-recorded": Scene(ScreenName.WAITING, ScreenFacts(recording=True)),
    "waiting-muted": Scene(ScreenName.WAITING, ScreenFacts(muted=True)),
    "waiting-louder": Scene(ScreenName.WAITING, ScreenFacts(volume=(10, 12))),
    "queued": Scene(ScreenName.QUEUED, ScreenFacts(position=2)),
    "in-call": Scene(ScreenName.IN_CALL, ScreenFacts(muted=True), says=True),
    "in-call-louder": Scene(ScreenName.IN_CALL, ScreenFacts(volume=(10, 12))),
    "in-call-sound-only": Scene(
        ScreenName.IN_CALL, ScreenFacts(with_picture=False, quality=Quality.WEAK)
    ),
    "in-call-several": Scene(
        ScreenName.IN_CALL, ScreenFacts(tiles=_TILES, quality=Quality.FAIR)
    ),
    "in-call-photograph": Scene(
        ScreenName.IN_CALL, ScreenFacts(still=StillScene.ASKED)
    ),
    "reconnecting": Scene(ScreenName.RECONNECTING),
    "peer-away": Scene(ScreenName.PEER_AWAY),
    "no-answer": Scene(ScreenName.NO_ANSWER),
    "ended": Scene(
        ScreenName.ENDED,
        ScreenFacts(reference="7K2-M4Q", talked_us=Micros(134_000_000)),
    ),
    "failed": Scene(ScreenName.ENDED, ScreenFacts(reason=BROKEN)),
    "broadcasting": Scene(ScreenName.BROADCASTING),
    "closed": Scene(ScreenName.CLOSED),
    "technician": Scene(ScreenName.TECHNICIAN, ScreenFacts(inspection=_INSPECTION)),
    "unconfigured": Scene(
        ScreenName.UNCONFIGURED,
        ScreenFacts(
            reason="C001 put in a USB stick labelled KIOSK, "
            "or write /etc/kiosk/kiosk.toml"
        ),
    ),
    "out-of-service": Scene(ScreenName.OUT_OF_SERVICE, ScreenFacts(reason=BROKEN)),
    "out-of-service-network": Scene(
        ScreenName.OUT_OF_SERVICE, ScreenFacts(reason=NO_LINK)
    ),
}


def content_of(
    scene: Scene, language: str, branding: Branding | None = None
) -> ScreenContent:
    """Return what the screen of a scene says in a language."""
    texts = Texts(language)
    facts = _told(scene, texts.language)
    return screen_content(
        scene.name,
        facts,
        texts=texts,
        branding=branding or BRANDING[texts.language],
        now=NOW,
        wall_time=WALL_TIME,
        week=WEEK,
        local=EVENING,
        nameplate=NAMEPLATE,
    )


def _told(scene: Scene, language: str) -> ScreenFacts:
    name = ADVISER[language]
    return replace(
        scene.facts,
        peer_name=name,
        asked_by=name,
        text=MESSAGE[language] if scene.says else "",
    )
