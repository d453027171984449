"""
Which adapter stands behind which device text of the configuration.

Adapters are imported by name and only when a call first needs them, so that
nothing heavy is loaded before the first pixel, and a kiosk without a vendor's
library never asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kiosk import ports
from kiosk.app import wired
from kiosk.codec.presets import PRESETS
from kiosk.config.schema import KioskConfig
from kiosk.config.values import parse_device
from kiosk.media.capture_deadlines import DEAF_S


if TYPE_CHECKING:
    from kiosk.v4l2.node import Machine

T = TypeVar("T")

_ECHO_CANCELLERS = {
    "livekit": ("echo_livekit", "LivekitEchoCanceller"),
    "speex": ("echo_speex", "SpeexEchoCanceller"),
    "duck": ("echo_duck", "DuckingEchoCanceller"),
}
"""Best first."""

_DEAF_MICROPHONES = {"synthetic", "tone", "file"}
"""They play something of their own, and never hear the loudspeaker."""


class Remembered(Generic[T]):
    """
    A factory that can be asked about the adapter it made last.

    Args:
        make: Makes one; may be called for one that is not to be remembered.
        before: Called before each that is.

    """

    def __init__(
        self, make: Callable[[], T], before: Callable[[], None] = lambda: None
    ) -> None:
        self.make = make
        self._before = before
        self.last: T | None = None

    def __call__(self) -> T:
        """Make an adapter."""
        self._before()
        self.last = self.make()
        return self.last


def _adapter(module: str, name: str) -> Any:
    return getattr(import_module(f"kiosk.devices.{module}"), name)


def make_camera(config: KioskConfig, clock: ports.Clock) -> ports.Camera:
    """Make the camera of one call."""
    camera = config.camera
    preset = PRESETS[camera.preset]
    bitrate = (camera.bitrate_kbps or 0) * 1_000 or preset.bitrate
    shape = {
        "width": preset.width,
        "height": preset.height,
        "picture_rate": float(camera.picture_rate),
        "bitrate": bitrate,
        "ceiling": max(bitrate, preset.ceiling),
    }
    choice = parse_device(camera.device)
    kind = kind_of_camera() if choice.kind == "auto" else choice.kind
    made: ports.Camera
    if kind == "file":
        # The clock is painted in, so that a real film measures latency too.
        file_camera = _adapter("camera_file", "FileCamera")
        made = file_camera(clock, choice.argument, paint_clock=True, **shape)
    elif kind == "v4l2":
        made = _adapter("camera_v4l2", "V4l2Camera")(clock, choice.argument, **shape)
    elif kind == "picamera2":
        board = _adapter("camera_picamera2", "Picamera2Camera")
        made = board(clock, choice.argument, **shape)
    else:
        person = int(choice.argument or 0)
        synthetic = _adapter("camera_synthetic", "SyntheticCamera")
        made = synthetic(clock, person=person, **shape)
    return made


def kind_of_camera(
    machine: Machine | None = None, has_picamera2: Callable[[], bool] | None = None
) -> str:
    """Return which adapter the camera of this machine needs: USB before the board's."""
    survey = import_module("kiosk.v4l2.discovery").survey
    if survey(machine or import_module("kiosk.v4l2.node").ThisMachine()).cameras:
        return "v4l2"
    return "picamera2" if (has_picamera2 or _has_picamera2)() else "v4l2"


def _has_picamera2() -> bool:
    return find_spec("picamera2") is not None


def make_microphone(config: KioskConfig, clock: ports.Clock) -> ports.Microphone:
    """Make the microphone of one call."""
    beep = import_module("kiosk.codec.beep")
    choice = parse_device(config.microphone.device)
    made: ports.Microphone
    if choice.kind == "file":
        made = _adapter("microphone_file", "FileMicrophone")(clock, choice.argument)
    elif choice.kind == "tone":
        source = beep.ToneSource(int(choice.argument))
        made = _adapter("microphone_synthetic", "SyntheticMicrophone")(clock, source)
    elif choice.kind == "alsa":
        level = config.microphone.level
        alsa = _adapter("microphone_alsa", "AlsaMicrophone")
        made = alsa(clock, choice.argument, level=level)
    else:
        own, _ = beep_hz(config)
        source = beep.BeepSource(own)
        made = _adapter("microphone_synthetic", "SyntheticMicrophone")(clock, source)
    return made


def deaf_after_s(config: KioskConfig) -> float:
    """Return how long a microphone may give one sample before it is dead; 0: ever."""
    microphone = config.microphone
    is_judged = parse_device(microphone.device).kind not in _DEAF_MICROPHONES
    return DEAF_S if is_judged and microphone.test_every_s else 0.0


def make_speaker(config: KioskConfig, clock: ports.Clock) -> ports.Speaker:
    """Make the speaker of one call."""
    choice = parse_device(config.speaker.device)
    made: ports.Speaker
    if choice.kind == "file":
        made = _adapter("speaker_file", "FileSpeaker")(clock, choice.argument)
    elif choice.kind == "alsa":
        speaker = config.speaker
        headset = parse_device(speaker.headset or "").argument
        alsa = _adapter("speaker_alsa", "AlsaSpeaker")
        made = alsa(clock, choice.argument, headset=headset, level=speaker.level)
    else:
        _, theirs = beep_hz(config)
        synthetic = _adapter("speaker_synthetic", "SyntheticSpeaker")
        made = synthetic(clock, meter_hz=theirs)
    return made


def echo_cancellers(
    config: KioskConfig,
) -> list[tuple[str, Callable[[], ports.EchoCanceller]]]:
    """Return the echo cancellers that may be used, by name, best first."""
    audio = config.audio
    wanted = audio.echo_canceller
    if wanted == "auto":
        deaf = parse_device(config.microphone.device).kind in _DEAF_MICROPHONES
        wanted = "off" if deaf else "livekit"
    if wanted == "off":
        return []

    def make(name: str) -> ports.EchoCanceller:
        options = {"noise_suppression": audio.noise_suppression}
        adapter = _adapter(*_ECHO_CANCELLERS[name])
        made: ports.EchoCanceller = adapter(**options if name != "duck" else {})
        return made

    names = list(_ECHO_CANCELLERS)
    usable = names[names.index(wanted) :]
    return [(name, partial(make, name)) for name in usable]


def beep_hz(config: KioskConfig) -> tuple[int, int]:
    """Return the pitch our synthetic microphone beeps at, and the peer's."""
    beep = import_module("kiosk.codec.beep")
    pitches: tuple[int, int] = (beep.KIOSK_HZ, beep.AGENT_HZ)
    return pitches if config.call.role == "kiosk" else (pitches[1], pitches[0])


def make_buttons(config: KioskConfig, clock: ports.Clock) -> ports.Buttons:
    """
    Make the buttons.

    Raises:
        ConfigError: A button script has mistakes.

    """
    choice = parse_device(config.buttons.device)
    made: ports.Buttons
    if choice.kind == "keyboard":
        made = _adapter("buttons_keyboard", "KeyboardButtons")(clock)
    elif choice.kind == "script":
        script = _adapter("buttons_script", "read_script")(Path(choice.argument))
        made = _adapter("buttons_script", "ScriptButtons")(clock, script)
    elif choice.kind == "gpiozero":
        made = wired.gpio_buttons(config.buttons, clock)
    elif choice.kind == "evdev":
        made = wired.key_buttons(config.buttons, choice.argument, clock)
    else:
        made = _adapter("buttons_none", "NoButtons")()
    return made


def make_indicators(config: KioskConfig, clock: ports.Clock) -> ports.Indicators:
    """Make the lamps."""
    choice = parse_device(config.indicators.device)
    made: ports.Indicators
    if choice.kind == "file":
        path = Path(choice.argument)
        made = _adapter("indicators_file", "FileIndicators")(clock, path)
    elif choice.kind == "gpiozero":
        made = wired.gpio_indicators(config.indicators, clock)
    else:
        made = _adapter("indicators_memory", "MemoryIndicators")(clock)
    return made


def make_init(notify_socket: str | None) -> ports.Init:
    """Make the tie to the service supervisor: systemd's, where it asked for one."""
    made: ports.Init
    if notify_socket:
        made = _adapter("init_notify", "NotifyInit")(notify_socket)
    else:
        made = _adapter("init_silent", "SilentInit")()
    return made
