"""Of what a camera can give, the best for a call is chosen."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kiosk.devices.testing.v4l2_node import FakeNode
from kiosk.devices.testing.v4l2_webcam import FakeWebcam, Offer
from kiosk.v4l2.modes import Mode, Wanted, best, modes
from kiosk.v4l2.uapi_numbers import Pixel
from tests.fakes.webcams import CLOCK


WANTED = Wanted(640, 360, 30.0)
HD = Wanted(1280, 720, 30.0)


def mode(text: str) -> Mode:
    """Return ``YUYV 640x360@30`` as a mode."""
    pixel, size, rate = text.replace("@", " ").split()
    width, height = map(int, size.split("x"))
    return Mode(Pixel[pixel], width, height, 1 / Fraction(rate))


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        (WANTED, "MJPEG 640x360@30, YUYV 640x360@30", "YUYV 640x360@30"),
        (WANTED, "YUYV 640x360@15, MJPEG 640x360@30", "MJPEG 640x360@30"),
        (WANTED, "YUYV 640x360@60, YUYV 640x360@30", "YUYV 640x360@30"),
        (WANTED, "YUYV 640x480@30, MJPEG 1280x720@30", "MJPEG 1280x720@30"),
        (WANTED, "YUYV 640x480@30, YUYV 160x120@30", "YUYV 640x480@30"),
        (WANTED, "YUYV 160x120@30, MJPEG 1280x720@25", "MJPEG 1280x720@25"),
        (WANTED, "NV12 640x360@29.97, YUYV 640x360@30", "NV12 640x360@29.97"),
        (WANTED, "YUYV 320x180@30, YUYV 640x360@10", "YUYV 320x180@30"),
        (HD, "YUYV 1280x720@10, MJPEG 1280x720@30", "MJPEG 1280x720@30"),
        (HD, "YUYV 1280x720@10, MJPEG 1920x1080@30", "MJPEG 1920x1080@30"),
        (HD, "YUYV 1280x720@5, YUYV 640x480@30", "YUYV 640x480@30"),
        (HD, "MJPEG 1920x1080@30, MJPEG 3840x2160@30", "MJPEG 1920x1080@30"),
    ],
)
def test_fast_enough_then_large_enough_then_the_shape_then_the_cost(
    wanted: Wanted, offered: str, chosen: str
) -> None:
    all_of_them = [mode(one) for one in offered.split(", ")]

    assert best(all_of_them, wanted, prefer_h264=False) == mode(chosen)
    assert best(all_of_them[::-1], wanted, prefer_h264=False) == mode(chosen)


@pytest.mark.parametrize(
    ("offered", "is_steered", "chosen"),
    [
        ("H264 640x360@30, YUYV 640x360@30", True, "H264 640x360@30"),
        ("H264 640x360@30, YUYV 640x360@30", False, "YUYV 640x360@30"),
        ("H264 1280x720@30, MJPEG 640x480@30", True, "MJPEG 640x480@30"),
        ("H264 640x360@15, MJPEG 640x360@30", True, "MJPEG 640x360@30"),
        ("H264 640x360@30", False, "H264 640x360@30"),
    ],
)
def test_the_cameras_own_encoder_is_taken_where_it_can_be_steered(
    offered: str, is_steered: bool, chosen: str
) -> None:
    all_of_them = [mode(one) for one in offered.split(", ")]

    assert best(all_of_them, WANTED, prefer_h264=is_steered) == mode(chosen)


def test_nothing_offered_is_nothing_chosen() -> None:
    assert best([], WANTED, prefer_h264=True) is None


def test_everything_that_the_driver_names_is_offered() -> None:
    offers = (
        Offer(Pixel.YUYV, ((640, 360), (640, 480)), (30, 15)),
        Offer(Pixel.MJPEG, ((1280, 720),), (60,)),
    )
    node = FakeNode(FakeWebcam(CLOCK, offers=offers))
    try:
        offered = modes(node, (Pixel.YUYV, Pixel.MJPEG), WANTED)
    finally:
        node.close()

    assert [one.name for one in offered] == [
        "YUYV 640x360@30",
        "YUYV 640x360@15",
        "YUYV 640x480@30",
        "YUYV 640x480@15",
        "MJPG 1280x720@60",
    ]
