"""
A webcam that is none: who it is, what it can give, and its faults as switches.

It stalls, wakes slowly, is unplugged and comes back under another number, is busy or
forbidden, refuses a rate, has few buffers, delivers damaged pictures, stamps by a clock
of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NoReturn

from kiosk.ports import Clock
from kiosk.v4l2.uapi_numbers import Cap, Cid, Pixel


WEBCAM: Final = Cap.VIDEO_CAPTURE | Cap.STREAMING
EXPOSURE_US: Final = 10_000


class Stamps(Enum):
    """How a webcam stamps its pictures."""

    START = "start of exposure, as uvcvideo"
    END = "end of the picture, as vivid"
    WALL = "a clock of its own"


class Damage(Enum):
    """What is wrong with a picture that is."""

    FLAGGED = "the driver says so"
    SHORT = "cut short, and nobody says so"
    CORRUPT = "bytes changed within, and nobody says so"


@dataclass(frozen=True, slots=True)
class Offer:
    """
    What a webcam can give of one format.

    Attributes:
        sizes: In pixels.
        rates: Pictures a second, at each of them.

    """

    pixel: Pixel
    sizes: tuple[tuple[int, int], ...] = ((320, 240), (640, 360), (640, 480))
    rates: tuple[int, ...] = (30, 15)


@dataclass(slots=True)
class Switches:
    """
    The faults of a webcam; may be thrown from any thread.

    Attributes:
        stalled: It streams, and delivers nothing.
        wakes_s: How long it takes to begin its first picture, in seconds.
        forbidden: Its node may not be opened.
        held_by: Who streams from it already.
        refuses_rates: What it offers it does not take.
        most_buffers: That the driver gives.
        damage: Of every picture.

    """

    stalled: bool = False
    wakes_s: float = 0.0
    forbidden: bool = False
    held_by: str = ""
    refuses_rates: bool = False
    most_buffers: int = 32
    damage: Damage | None = None


@dataclass(slots=True)
class FakeWebcam:
    """
    One device, plugged in or not.

    Attributes:
        card, driver, bus, caps: As QUERYCAP tells.
        links: Its stable names.
        offers: Its formats; none makes it a node for metadata or the like.
        padding: Bytes behind each row of raw pictures.
        stamps: How it stamps its pictures.
        controls: Their values, of those it has.
        switches: Its faults.
        number: Of its node; another one after each plug.
        owner: Which open node streams.

    """

    clock: Clock
    card: str = "Fake Webcam"
    driver: str = "uvcvideo"
    bus: str = "usb-0000:01:00.0-1.2"
    caps: Cap = WEBCAM
    links: tuple[str, ...] = ("/dev/v4l/by-id/usb-Fake_Webcam-video-index0",)
    offers: tuple[Offer, ...] = (Offer(Pixel.YUYV), Offer(Pixel.MJPEG))
    padding: int = 0
    stamps: Stamps = Stamps.START
    controls: dict[Cid, int] = field(default_factory=dict[Cid, int])
    switches: Switches = field(default_factory=Switches)
    number: int = 0
    is_plugged: bool = True
    owner: object = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def path(self) -> str:
        """Of its node."""
        return f"/dev/video{self.number}"

    @property
    def rates(self) -> Mapping[Pixel, Offer]:
        """The offers by format."""
        return {offer.pixel: offer for offer in self.offers}

    def unplug(self) -> None:
        """Pull the plug."""
        with self.lock:
            self.is_plugged = False
            self.owner = None

    def plug(self) -> None:
        """Put it in again; the kernel gives it another number."""
        with self.lock:
            self.number += 2
            self.is_plugged = True


def refuse(number: int) -> NoReturn:
    """
    Say no.

    Raises:
        OSError: Always.

    """
    raise OSError(number, os.strerror(number))
