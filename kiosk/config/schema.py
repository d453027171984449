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

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kiosk.config.devices import (
    ButtonsDevice,
    CameraDevice,
    DisplayDevice,
    IndicatorsDevice,
    MicrophoneDevice,
    SpeakerDevice,
)
from kiosk.config.hours import Hours
from kiosk.config.play_url import PlayUrl
from kiosk.config.values import (
    DisplaySize,
    FilePath,
    Identifier,
    Key,
    Name,
    ReplyText,
    ServerUrl,
    SocketPath,
    parse_size,
)


CONFIG_VERSION = 1
_PIN = re.compile(r"sha256//[A-Za-z0-9+/]{43}=")
_MIN_REPORT_S, _MAX_REPORT_S = 15, 60

Version = Annotated[int, Field(ge=CONFIG_VERSION, le=CONFIG_VERSION)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


def _report_period(seconds: int) -> int:
    if seconds and not _MIN_REPORT_S <= seconds <= _MAX_REPORT_S:
        raise ValueError(f"must be 0 or from {_MIN_REPORT_S} to {_MAX_REPORT_S}")
    return seconds


def _no_repeats(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("names a room twice")
    return names


def _pin(text: str) -> str:
    if not _PIN.fullmatch(text):
        raise ValueError(
            'needs pins such as "sha256//...=", 44 characters behind the slashes; '
            "`kiosk server --make-ca` prints its own"
        )
    return text


RoomType = Literal["double_room", "multi_room", "live_room"]
Pins = Annotated[
    tuple[Annotated[str, AfterValidator(_pin)], ...],
    Field(strict=False, max_length=8),
]
Replies = Annotated[tuple[ReplyText, ...], Field(strict=False, max_length=32)]
Rooms = Annotated[
    tuple[Name, ...],
    Field(strict=False, min_length=1, max_length=16),
    AfterValidator(_no_repeats),
]


class Section(BaseModel):
    """A table of a configuration file: frozen, and unknown keys are mistakes."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


class KioskSection(Section):
    """Who this device is."""

    name: Name = "Kiosk"
    branch: Name | None = None
    language: Literal["en", "zh_CN"] = "en"


class RoomSection(Section):
    """
    Which room service, and which room the call button enters.

    Attributes:
        type: ``double_room`` is a call with one other party, ``multi_room``
            with up to three; in a ``live_room`` the call button goes on air.
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


class CallSection(Section):
    """
    How a call goes. Durations in seconds.

    Attributes:
        notices: Whether the others in the room are told of a switched
            microphone, a broken connection and a failed device.
        replies: Texts that ``kiosk say`` sends by number, from 1; one with a
            pattern also answers the texts that fit it.

    """

    role: Literal["kiosk", "agent"] = "kiosk"
    reserve_s: Seconds = 8.0
    publish_s: Seconds = 3.0
    answer_s: Seconds = 60.0
    picture_s: Seconds = 10.0
    reconnect_s: Seconds = 15.0
    grace_s: Seconds = 30.0
    chime_s: Seconds = 3.0
    ended_s: Seconds = 8.0
    notices: bool = True
    replies: Replies = ()


class CameraSection(Section):
    """The camera and its encoder."""

    device: CameraDevice = "synthetic"
    preset: Literal["180p", "360p", "480p", "720p"] = "360p"
    picture_rate: Annotated[int, Field(ge=1, le=60)] = 30
    bitrate_kbps: Annotated[int, Field(ge=50, le=20_000)] | None = None


class MicrophoneSection(Section):
    """The microphone."""

    device: MicrophoneDevice = "synthetic"


class SpeakerSection(Section):
    """The loudspeaker."""

    device: SpeakerDevice = "synthetic"


class AudioSection(Section):
    """
    What is done to the microphone before anybody hears it.

    Attributes:
        codec: ``auto`` is Opus while everybody who listens is one of ours at
            our own relay, which saves 45 ms of delay, and AAC otherwise.
        echo_canceller: The one to begin with; where it is not to be had, or
            fails, the next of livekit, speex and duck takes over.  ``auto`` is
            livekit for a microphone that can hear the loudspeaker.
        gain_control: Whether quiet and loud voices are brought to one level.

    """

    codec: Literal["auto", "aac"] = "auto"
    echo_canceller: Literal["auto", "livekit", "speex", "duck", "off"] = "auto"
    noise_suppression: bool = True
    gain_control: bool = True


class DisplaySection(Section):
    """The display; ``framebuffer`` is a file the composed picture is kept in."""

    device: DisplayDevice = "headless"
    size: DisplaySize = "1280x720"
    framebuffer: FilePath | None = None
    self_view: bool = True

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height."""
        return parse_size(self.size)


class ButtonsSection(Section):
    """The buttons."""

    device: ButtonsDevice = "none"


class IndicatorsSection(Section):
    """The lamps."""

    device: IndicatorsDevice = "memory"


class ControlSection(Section):
    """The Unix socket of the control API."""

    socket: SocketPath = "/run/kiosk/control.sock"


class NetworkSection(Section):
    """
    What may leave this machine, whom it trusts, and what it shows of itself.

    Attributes:
        pins: Public keys; room server and relay must have one of them.
        certificate, key: PEM files for servers that ask who we are; both or
            neither.

    """

    insecure: bool = False
    ca_file: FilePath | None = None
    pins: Pins = ()
    certificate: FilePath | None = None
    key: FilePath | None = None


class FleetSection(Section):
    """What the operators of the room server are told; ``report_s`` 0: nothing."""

    report_s: Annotated[int, AfterValidator(_report_period)] = 30
    serial: Identifier | None = None


class HoursSection(Section):
    """Opening hours in local time; a week without any is always open."""

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
    """What is written to the log, and how."""

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
    """Bounds of the playout delay in milliseconds (`min <= target <= max`)."""

    target_ms: Annotated[int, Field(ge=20, le=1000)] = 60
    min_ms: Annotated[int, Field(ge=20, le=1000)] = 40
    max_ms: Annotated[int, Field(ge=20, le=1000)] = 160


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
    display: DisplaySection = DisplaySection()
    buttons: ButtonsSection = ButtonsSection()
    indicators: IndicatorsSection = IndicatorsSection()
    control: ControlSection = ControlSection()
    network: NetworkSection = NetworkSection()
    fleet: FleetSection = FleetSection()
    hours: HoursSection = HoursSection()
    log: LogSection = LogSection()
    calls: CallsSection = CallsSection()
    media: MediaSection = MediaSection()
    television: TelevisionSection = TelevisionSection()
