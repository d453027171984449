"""Values that cross the ports: units, pictures, sound, layers. No behaviour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NewType


Micros = NewType("Micros", int)
"""Microseconds on the monotonic clock of this machine."""

Bitrate = NewType("Bitrate", int)
"""Bits per second."""

BRAKE_BELOW = 5.0
"""Fewer pictures a second are no moving picture, but a brake for a moment."""

SAMPLE_RATE = 48_000
"""Samples per second of all PCM here: signed 16 bit little endian, mono."""


@dataclass(frozen=True, slots=True)
class Probe:
    """
    What a device port found when asked, for ``kiosk doctor`` and the log.

    Attributes:
        found: One line naming what is there, e.g. ``synthetic 640x360@30``.
        wrong: What is wrong, or an empty text.
        cure: What a technician does about it, or an empty text.

    """

    found: str
    wrong: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """
    One coded picture in Annex B form, as the encoder produced it.

    Attributes:
        data: Start codes and NAL units; SPS and PPS precede every IDR.
        captured_at: When the picture was taken (middle of exposure).
        is_idr: Whether it can be decoded without any other.

    """

    data: bytes
    captured_at: Micros
    is_idr: bool


@dataclass(frozen=True, slots=True)
class Period:
    """
    A block of PCM, 10 to 20 ms of it.

    Attributes:
        pcm: Signed 16 bit little endian mono at :data:`SAMPLE_RATE`.
        captured_at: When its first sample was taken (or will be heard).

    """

    pcm: bytes
    captured_at: Micros


class ColourMatrix(Enum):
    """How YUV becomes RGB, as KMS and FFmpeg name it."""

    BT601 = "bt601"
    BT709 = "bt709"


@dataclass(frozen=True, slots=True)
class SoftFrame:
    """
    A picture in ordinary memory, YUV 4:2:0 planar; the receiver copies it.

    Attributes:
        width, height: Visible size in pixels, both even.
        planes: Y, U and V, each readable as bytes (``pitch * rows`` long).
        pitches: Bytes from one row to the next, per plane.
        matrix: Colour matrix of the stream.
        full_range: Whether luma runs 0-255 instead of 16-235.
        captured_at: Sender's capture time on *our* clock where known, else
            the moment of decoding.
        mirrored: Whether it is to be shown with left and right reversed, as
            people know themselves.

    """

    width: int
    height: int
    planes: tuple[memoryview, memoryview, memoryview]
    pitches: tuple[int, int, int]
    captured_at: Micros
    matrix: ColourMatrix = ColourMatrix.BT601
    full_range: bool = False
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class DmabufFrame:
    """
    A picture in a dma-buf, imported once per ``fd`` and never copied.

    Attributes:
        fd: The dma-buf; stays the producer's.
        fourcc: DRM format, e.g. ``YU12``.
        offsets, pitches: Bytes per plane.
        release: Called, on any thread, once the next frame is on the screen.
        mirrored: As of :class:`SoftFrame`.

    """

    fd: int
    width: int
    height: int
    fourcc: str
    offsets: tuple[int, ...]
    pitches: tuple[int, ...]
    captured_at: Micros
    release: Callable[[], None]
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class PageFrame:
    """
    A drawn page or overlay: premultiplied BGRA bytes, tightly packed.

    Attributes:
        pixels: ``width * height * 4`` bytes (DRM ``ARGB8888``, little endian).

    """

    width: int
    height: int
    pixels: bytes


Frame = SoftFrame | DmabufFrame | PageFrame


@dataclass(frozen=True, slots=True)
class Rect:
    """Where a layer goes, in display pixels."""

    x: int
    y: int
    width: int
    height: int


class Layer(Enum):
    """
    Layers of the display, from the bottom up.

    ``BASE`` is the remote picture or a full page; ``SECOND`` and ``THIRD``
    are further remote parties of a multi_room; ``PIP`` is the self-view and
    ``OVER`` what is drawn above the pictures, off when nothing is.
    """

    BASE = "base"
    SECOND = "second"
    THIRD = "third"
    PIP = "pip"
    OVER = "over"


class Button(Enum):
    """
    The physical buttons a kiosk may have, and the contact at its door.

    ``DOOR`` is no button: it is down while the door of the case is open.
    """

    CALL = "call"
    HANGUP = "hangup"
    MUTE = "mute"
    VOLUME_UP = "volume_up"
    VOLUME_DOWN = "volume_down"
    DOOR = "door"


@dataclass(frozen=True, slots=True)
class ButtonEdge:
    """
    A finger came down on a button, or left it.

    Attributes:
        at: When it did.

    """

    button: Button
    is_down: bool
    at: Micros


class ButtonTrouble(Enum):
    """
    What may be wrong with buttons.

    ``STUCK`` is held longer than anybody holds a button, ``STORM`` is a contact that
    cannot make up its mind; each is deaf until it heals.  ``GONE`` are all buttons:
    unplugged, or their chip is no more; the adapter looks for them by itself.
    """

    STUCK = "stuck"
    STORM = "storm"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ButtonFault:
    """
    Something to mend at the buttons; told once when it begins and once when over.

    Attributes:
        button: Which one; ``None`` are all of them.
        words: One line that names the button, where it is and what to look for.
        is_over: Whether it healed.
        at: When it began or ended.

    """

    button: Button | None
    trouble: ButtonTrouble
    words: str
    is_over: bool
    at: Micros


class Indicator(Enum):
    """The lamps a kiosk may have; each tells an observed truth."""

    CAMERA_OPEN = "camera_open"
    MICROPHONE_OPEN = "microphone_open"
    MUTED = "muted"
    IN_CALL = "in_call"
    FAULT = "fault"
    ON_AIR = "on_air"


class Fault(Enum):
    """What keeps a kiosk from its work; the first of several is told by the lamp."""

    CONFIGURATION = "configuration"
    SERVER = "room server"
    DISPLAY = "display"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    BUTTONS = "buttons"
