"""
The kiosk's configuration file: every section, key, range and default.

1. This is the only place with defaults; there is no second list of them to
   drift apart from (so no ``defaults.toml``).
2. Nothing is optional in silence: what the daemon cannot guess (the server)
   has no default.
3. Keys carry their unit in the name.  Rules over several keys are in
   ``rules``, so that one wrong key never hides another.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from kiosk.config.call_section import CallSection
from kiosk.config.devices_section import (
    AudioSection,
    CameraSection,
    MicrophoneSection,
    SpeakerSection,
)
from kiosk.config.display_section import (
    AttractSection,
    BrandingSection,
    DisplaySection,
    PromptsSection,
)
from kiosk.config.gpio_section import ButtonsSection, IndicatorsSection
from kiosk.config.hours import Hours
from kiosk.config.metrics_section import MetricsSection
from kiosk.config.network_section import NetworkSection
from kiosk.config.play_url import PlayUrl
from kiosk.config.provision_section import ProvisionSection
from kiosk.config.section import Section
from kiosk.config.texts_section import TextsSection
from kiosk.config.time_zone import TimeZone
from kiosk.config.update_section import UpdateSection
from kiosk.config.values import (
    FilePath,
    Identifier,
    Key,
    Name,
    ServerUrl,
    SocketPath,
)
from kiosk.config.versions import CONFIG_VERSION


_MIN_REPORT_S, _MAX_REPORT_S = 15, 60

Version = Annotated[int, Field(ge=CONFIG_VERSION, le=CONFIG_VERSION)]


def _report_period(seconds: int) -> int:
    if seconds and not _MIN_REPORT_S <= seconds <= _MAX_REPORT_S:
        raise ValueError(f"must be 0 or from {_MIN_REPORT_S} to {_MAX_REPORT_S}")
    return seconds


def _no_repeats(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("names a room twice")
    return names


RoomType = Literal["double_room", "multi_room", "live_room"]
Language = Literal["en", "zh_CN", "zh_TW"]
Languages = Annotated[tuple[Language, ...], Field(strict=False, max_length=8)]


Phone = Annotated[str, Field(pattern=r"^[ -~]{1,32}$", max_length=32)]
"""Of the letters that are drawn without a font."""

Rooms = Annotated[
    tuple[Name, ...],
    Field(strict=False, min_length=1, max_length=16),
    AfterValidator(_no_repeats),
]


class KioskSection(Section):
    """
    Who this device is.

    Attributes:
        name: What agents and logs call this device.
        branch: Where it stands; agents and the idle screen show it.
        language: Of the screens; the Chinese ones need the package fonts-noto-cjk.
        languages: What a long press of the call button on the idle screen goes
            through; ``language`` is one of them, named or not.
        late_devices_s: So long after its start a device may be missing in silence.
        support_phone: Whom to call, below the picture of a kiosk that cannot run.
        time_zone: Of opening hours, the screen's clock and the update window, as IANA
            names it; by default the system's.

    """

    name: Name = "Kiosk"
    branch: Name | None = None
    language: Language = "en"
    languages: Languages = ()
    late_devices_s: Annotated[float, Field(ge=0, le=600)] = 30.0
    support_phone: Phone | None = None
    time_zone: TimeZone | None = None

    @property
    def spoken(self) -> tuple[str, ...]:
        """The languages of the screens, our own first."""
        return tuple(dict.fromkeys((self.language, *self.languages)))


class RoomSection(Section):
    """
    Which room service, and which room the call button enters.

    Attributes:
        server: The room service's address; plain http:// only on this machine.
        target: Rooms to try in this order, by id, name or pattern (``*``, ``?``).
        create: Whether the first of them is created where there is none.
        user_id: Who we are there; by default the server chooses.
        user_name: What the others read; by default [kiosk] name.
        dialect: ``v1`` for servers of the first generation.
        type: ``double_room`` is a call with one other party, ``multi_room``
            with up to three others; in a ``live_room`` the call button goes on air.
        enrolment_key: Proves to the server that ``user_id`` is ours.

    """

    server: ServerUrl
    type: RoomType = "double_room"
    target: Rooms = ("service",)
    create: bool = False
    user_id: Identifier | None = None
    enrolment_key: Key | None = None
    user_name: Name | None = None
    dialect: Literal["v2", "v1"] = "v2"


class ImSection(Section):
    """
    Who carries the room service's IM channel to this kiosk.

    Attributes:
        provider: ``local``: the room server, by its own routes. ``tencent``: the
            originals' cloud, with the login the room server gives.
        gateway: Where that is.

    """

    provider: Literal["local", "tencent"] = "local"
    gateway: ServerUrl = "https://webim.tim.qq.com"


class ControlSection(Section):
    """
    The Unix socket of the control API.

    Attributes:
        socket: Its path, for `kiosk call`, `kiosk status` and others.

    """

    socket: SocketPath = "/run/kiosk/control.sock"


class FleetSection(Section):
    """
    What the operators of the room server are told.

    Attributes:
        report_s: Seconds between two reports, 0: none.
        serial: By default the device's own.

    """

    report_s: Annotated[int, AfterValidator(_report_period)] = 30
    serial: Identifier | None = None


class HoursSection(Section):
    """
    Opening hours in local time; a week without any is always open.

    Attributes:
        mon: Monday; closed, or from-to, joined by commas.
        tue: Tuesday; closed, or from-to, joined by commas.
        wed: Wednesday; closed, or from-to, joined by commas.
        thu: Thursday; closed, or from-to, joined by commas.
        fri: Friday; closed, or from-to, joined by commas.
        sat: Saturday; closed, or from-to, joined by commas.
        sun: Sunday; closed, or from-to, joined by commas.

    """

    mon: Hours | None = None
    tue: Hours | None = None
    wed: Hours | None = None
    thu: Hours | None = None
    fri: Hours | None = None
    sat: Hours | None = None
    sun: Hours | None = None

    @property
    def week(self) -> tuple[str | None, ...]:
        """Monday to Sunday, as :func:`kiosk.config.hours.is_open` takes it."""
        return (
            self.mon,
            self.tue,
            self.wed,
            self.thu,
            self.fri,
            self.sat,
            self.sun,
        )


class LogSection(Section):
    """
    What is written to the log, and how.

    Attributes:
        level: From which level on a line is written.
        format: ``json`` is one object a line.

    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class CallsSection(Section):
    """
    The records that calls leave behind.

    Attributes:
        directory: Where they are kept; by default the folder ``calls`` of the state
            directory that systemd gives, and without one in memory only.
        keep: How many files; 0: none is written.

    """

    directory: FilePath | None = None
    keep: Annotated[int, Field(ge=0, le=1000)] = 100


class MediaSection(Section):
    """
    Bounds of the playout delay in milliseconds (`min <= target <= max`).

    Attributes:
        target_ms: What is aimed at.
        min_ms: Never less than this.
        max_ms: Never more than this, for the sake of promptness.
        lossy_ms: The most where so little would leave gaps in the sound all the
            time, as on a path that loses packets; no more than max_ms rules it out.

    """

    target_ms: Annotated[int, Field(ge=20, le=1000)] = 60
    min_ms: Annotated[int, Field(ge=20, le=1000)] = 40
    max_ms: Annotated[int, Field(ge=20, le=1000)] = 160
    lossy_ms: Annotated[int, Field(ge=20, le=1000)] = 550


class TelevisionSection(Section):
    """
    What the idle screen shows while nobody calls; nothing without url and room.

    Attributes:
        url: A stream that may always be played.
        room: A live_room of the room server, by id, name or pattern: whoever is
            on air there.
        sound: Whether it is heard; the loudspeaker is left alone otherwise.

    """

    url: PlayUrl | None = None
    room: Name | None = None
    sound: bool = False

    @property
    def is_on(self) -> bool:
        """Whether there is anything to show."""
        return self.url is not None or self.room is not None


class SimulatorSection(Section):
    """
    The page that plays this kiosk's hardware, with ``[display] device = "simulator"``.

    Attributes:
        port: Where it is served, on this machine only; 0: any free one.
        desk: Of the agent desk that the page links to, if any.

    """

    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    desk: ServerUrl | None = None


class KioskConfig(Section):
    """The kiosk's whole configuration."""

    config_version: Version = CONFIG_VERSION
    kiosk: KioskSection = KioskSection()
    room: RoomSection
    im: ImSection = ImSection()
    call: CallSection = CallSection()
    camera: CameraSection = CameraSection()
    microphone: MicrophoneSection = MicrophoneSection()
    speaker: SpeakerSection = SpeakerSection()
    audio: AudioSection = AudioSection()
    branding: BrandingSection = BrandingSection()
    display: DisplaySection = DisplaySection()
    buttons: ButtonsSection = ButtonsSection()
    indicators: IndicatorsSection = IndicatorsSection()
    control: ControlSection = ControlSection()
    network: NetworkSection = NetworkSection()
    fleet: FleetSection = FleetSection()
    provision: ProvisionSection = ProvisionSection()
    update: UpdateSection = UpdateSection()
    hours: HoursSection = HoursSection()
    log: LogSection = LogSection()
    calls: CallsSection = CallsSection()
    metrics: MetricsSection = MetricsSection()
    media: MediaSection = MediaSection()
    television: TelevisionSection = TelevisionSection()
    attract: AttractSection = AttractSection()
    prompts: PromptsSection = PromptsSection()
    texts: TextsSection = TextsSection()
    simulator: SimulatorSection = SimulatorSection()
