"""Webcams of the fake kernel, and the adapter on them."""

from __future__ import annotations

from kiosk.codec.i420 import plane_of
from kiosk.codec.painted_clock import read
from kiosk.devices.camera_v4l2 import V4l2Camera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.testing.v4l2_machine import FakeMachine
from kiosk.devices.testing.v4l2_webcam import FakeWebcam, Offer
from kiosk.ports import Bitrate, SoftFrame
from kiosk.v4l2.uapi_numbers import Cap, Pixel


CLOCK = MonotonicClock()
NAME = "/dev/v4l/by-id/usb-Fake_Webcam-video-index0"


def webcam(pixel: Pixel = Pixel.YUYV, **what: object) -> FakeWebcam:
    """Return a webcam of one format."""
    return FakeWebcam(CLOCK, offers=(Offer(pixel),), **what)  # type: ignore[arg-type]


def metadata_node(of: FakeWebcam) -> FakeWebcam:
    """Return the second node that every USB webcam has."""
    caps = Cap.META_CAPTURE | Cap.STREAMING
    return FakeWebcam(CLOCK, card=of.card, bus=of.bus, caps=caps, links=(), number=1)


def camera_module_nodes() -> tuple[FakeWebcam, ...]:
    """Return nodes of a Raspberry Pi that look like cameras and are none of ours."""
    m2m = Cap.VIDEO_M2M_MPLANE | Cap.STREAMING
    return (
        FakeWebcam(CLOCK, card="unicam", driver="unicam", bus="platform:fe801000.csi"),
        FakeWebcam(
            CLOCK, card="rp1-cfe", driver="rp1-cfe", bus="platform:1f00", number=3
        ),
        FakeWebcam(CLOCK, card="bcm2835-isp-capture0", driver="bcm2835-isp", number=14),
        FakeWebcam(
            CLOCK, card="bcm2835-codec-encode", driver="bcm2835-codec", number=11
        ),
        FakeWebcam(CLOCK, card="some encoder", driver="coda", caps=m2m, number=12),
    )


def camera_on(
    *webcams: FakeWebcam,
    name: str = "",
    size: tuple[int, int] = (320, 240),
    picture_rate: float = 30.0,
) -> V4l2Camera:
    return V4l2Camera(
        CLOCK,
        name,
        width=size[0],
        height=size[1],
        picture_rate=picture_rate,
        bitrate=Bitrate(600_000),
        ceiling=Bitrate(1_000_000),
        machine=FakeMachine(*webcams),
    )


def painted_us(frame: SoftFrame) -> int | None:
    """Return how long before its capture time the painted one is."""
    painted = read(plane_of(frame, 0), frame.captured_at)
    return None if painted is None else frame.captured_at - painted
