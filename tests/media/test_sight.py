"""Whether a camera sees: pictures that change, that do not, and black ones."""

from __future__ import annotations

import os

import pytest

from kiosk.media.sight import Sight
from kiosk.ports import DmabufFrame, Micros, SoftFrame


SECOND = 1_000_000
SIZE = (64, 36)
PATIENCE_S = 6.0


def picture(level: int, spot: int = 0) -> SoftFrame:
    width, height = SIZE
    luma = bytearray([level] * width * height)
    luma[0] = spot or level
    chroma = memoryview(bytes(width * height // 4))
    half = width // 2
    return SoftFrame(
        width,
        height,
        (memoryview(luma), chroma, chroma),
        (width, half, half),
        Micros(0),
    )


def looking(sight: Sight, begin_s: int, end_s: int, *levels: int) -> str:
    """Show pictures of these levels in turn, ten a second; what is wrong then."""
    for tenth in range(begin_s * 10, end_s * 10):
        level = levels[tenth // 10 % len(levels)]
        sight.look(picture(level), Micros(tenth * SECOND // 10))
    return sight.wrong


def test_a_camera_whose_pictures_change_sees() -> None:
    assert looking(Sight(PATIENCE_S), 0, 30, 100, 101) == ""


def test_the_least_change_is_one() -> None:
    sight = Sight(PATIENCE_S)
    for third in range(90):
        sight.look(picture(100, spot=101 + third // 3 % 2), Micros(third * SECOND // 3))
    assert sight.wrong == ""


def test_a_picture_that_stays_the_same_is_told_in_time_and_over_with_the_next() -> None:
    sight = Sight(PATIENCE_S)

    assert looking(sight, 0, 6, 100) == ""
    assert looking(sight, 6, 8, 100) == "the same picture for 6 s"
    assert looking(sight, 8, 10, 120) == ""


def test_a_covered_lens_is_told_although_its_noise_changes() -> None:
    sight = Sight(PATIENCE_S)

    assert "is the lens covered?" in looking(sight, 0, 8, 17, 25)
    assert looking(sight, 8, 10, 17, 90) == ""


def test_a_camera_that_hardly_gives_pictures_is_told_until_it_gives_more() -> None:
    sight = Sight(PATIENCE_S)
    for second in range(14):
        sight.look(picture(100 + second), Micros(second * SECOND))
    slow = sight.wrong

    assert slow == "less than 2 pictures a second"
    assert looking(sight, 14, 18, 100, 101) == ""


def test_a_camera_that_was_silent_and_is_back_is_not_slow() -> None:
    sight = Sight(PATIENCE_S)
    looking(sight, 0, 5, 100, 101)

    assert looking(sight, 15, 16, 100) == ""


@pytest.mark.parametrize("second_level", [100, 101])
def test_a_lent_picture_is_read_where_it_lies(second_level: int) -> None:
    width, height = SIZE
    fd = os.memfd_create("picture", os.MFD_CLOEXEC)
    sight = Sight(PATIENCE_S)
    size = width * height
    offsets, pitches = (0, size, size * 5 // 4), (width, width // 2, width // 2)
    frame = DmabufFrame(
        fd, width, height, "YU12", offsets, pitches, Micros(0), lambda: None
    )
    for second in range(10):
        level = 100 if second % 2 else second_level
        os.pwrite(fd, bytes([level]) * (size * 3 // 2), 0)
        sight.look(frame, Micros(second * SECOND))
    os.close(fd)

    assert bool(sight.wrong) is (second_level == 100)


def test_a_lent_picture_that_cannot_be_read_says_nothing() -> None:
    sight = Sight(PATIENCE_S)
    for second in range(10):
        at = Micros(second * SECOND)
        frame = DmabufFrame(
            -1, *SIZE, "NV12", (0, 0, 0), (64, 32, 32), at, lambda: None
        )
        sight.look(frame, at)

    assert sight.wrong == ""
