"""Captured pictures reach the encoder with the colours, shape and size they should have."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from kiosk.codec.captured_pictures import JPEG, CapturedForm, CapturedPictures
from kiosk.codec.i420 import planes_of
from kiosk.errors import MediaError
from kiosk.ports import ColourMatrix, Micros


RED_601 = (81, 90, 240)
"""Pure red in limited range (ITU-R BT.601)."""


def ffmpeg_picture(filters: str, *output: str) -> bytes:
    """Return one picture of FFmpeg's own making."""
    source = ("-f", "lavfi", "-i", filters, "-frames:v", "1")
    command = ("ffmpeg", "-v", "error", *source, *output, "-")
    return subprocess.run(command, check=True, capture_output=True, timeout=20).stdout


def red_jpeg(layout: str = "yuvj422p", size: str = "640x480") -> bytes:
    fit = f"color=red:s={size},format=rgb24,scale=out_color_matrix=bt601:out_range=full"
    return ffmpeg_picture(f"{fit},format={layout}", "-f", "mjpeg", "-q:v", "2")


def middle(picture: np.ndarray) -> tuple[int, ...]:
    planes = planes_of(picture)
    return tuple(int(p[p.shape[0] // 2, p.shape[1] // 2]) for p in planes)


@pytest.mark.parametrize("layout", ["yuvj420p", "yuvj422p", "yuvj444p"])
def test_red_in_a_jpeg_is_red_in_limited_range(layout: str) -> None:
    pictures = CapturedPictures(CapturedForm(JPEG, 640, 480, 0), 320, 240)

    picture = pictures.picture(memoryview(red_jpeg(layout)))

    assert picture.shape == (360, 320)
    assert middle(picture) == pytest.approx(RED_601, abs=2)


@pytest.mark.parametrize("layout", ["yuyv422", "uyvy422", "nv12", "yuv420p"])
@pytest.mark.parametrize(
    ("matrix", "full_range", "filters"),
    [
        (ColourMatrix.BT601, False, "out_color_matrix=bt601:out_range=limited"),
        (ColourMatrix.BT601, True, "out_color_matrix=bt601:out_range=full"),
        (ColourMatrix.BT709, False, "out_color_matrix=bt709:out_range=limited"),
    ],
    ids=["601", "601 full", "709"],
)
def test_red_in_raw_pictures_is_red_whatever_the_camera_calls_it(
    layout: str, matrix: ColourMatrix, full_range: bool, filters: str
) -> None:
    source = f"color=red:s=640x480,format=rgb24,scale={filters},format={layout}"
    raw = ffmpeg_picture(source, "-f", "rawvideo")
    pitch = 1280 if layout in {"yuyv422", "uyvy422"} else 640
    form = CapturedForm(layout, 640, 480, pitch, matrix, full_range)

    picture = CapturedPictures(form, 640, 480).picture(memoryview(raw))

    assert middle(picture) == pytest.approx(RED_601, abs=2)


def test_a_jpeg_of_another_size_than_it_was_called_is_taken_as_it_is() -> None:
    pictures = CapturedPictures(CapturedForm(JPEG, 640, 480, 0), 320, 240)

    pictures.picture(memoryview(red_jpeg(size="640x480")))
    picture = pictures.picture(memoryview(red_jpeg(size="162x120")))

    assert middle(picture) == pytest.approx(RED_601, abs=2)


def test_the_whole_picture_keeps_its_own_size_but_for_an_odd_column() -> None:
    pictures = CapturedPictures(CapturedForm(JPEG, 641, 481, 0), 320, 240)

    whole = pictures.whole(memoryview(red_jpeg(size="641x481")), Micros(7))

    assert (whole.width, whole.height, whole.captured_at) == (640, 480, 7)


def test_a_jpeg_may_be_padded_behind_its_end() -> None:
    pictures = CapturedPictures(CapturedForm(JPEG, 640, 480, 0), 320, 240)

    picture = pictures.picture(memoryview(red_jpeg() + bytes(1_000)))

    assert middle(picture) == pytest.approx(RED_601, abs=2)


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.98])
def test_a_jpeg_cut_short_is_damaged(kept: float) -> None:
    pictures = CapturedPictures(CapturedForm(JPEG, 640, 480, 0), 320, 240)
    jpeg = ffmpeg_picture("testsrc2=s=640x480", "-f", "mjpeg")

    with pytest.raises(MediaError, match="picture of the camera"):
        pictures.picture(memoryview(jpeg[: int(len(jpeg) * kept)]))


def test_after_a_damaged_jpeg_the_next_is_shown() -> None:
    pictures = CapturedPictures(CapturedForm(JPEG, 640, 480, 0), 320, 240)
    with pytest.raises(MediaError):
        pictures.picture(memoryview(red_jpeg()[:500] + b"\xff\xd9"))

    assert middle(pictures.picture(memoryview(red_jpeg()))) == pytest.approx(
        RED_601, abs=2
    )


def test_a_jpeg_larger_than_the_kiosk_has_memory_is_damaged() -> None:
    jpeg = bytearray(red_jpeg(size="64x64"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xf0\xff\xf0"  # height and width of the frame
    pictures = CapturedPictures(CapturedForm(JPEG, 64, 64, 0), 320, 240)

    with pytest.raises(MediaError):
        pictures.picture(memoryview(bytes(jpeg)))
