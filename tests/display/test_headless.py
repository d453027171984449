"""The display without a panel: counts, copies, errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.display.headless import HeadlessDisplay, LayerCount
from kiosk.errors import DeviceError
from kiosk.ports import DmabufFrame, Layer, Micros, PageFrame, Rect, SoftFrame
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.steady_clock import SteadyClock


def _display() -> HeadlessDisplay:
    display = HeadlessDisplay(SteadyClock(), width=160, height=120)
    display.open()
    return display


def _dmabuf(fd: int, fourcc: str, released: list[int]) -> DmabufFrame:
    return DmabufFrame(
        fd,
        64,
        48,
        fourcc,
        (0, 3072, 3840),
        (64, 32, 32),
        Micros(1),
        lambda: released.append(1),
    )


def test_shown_frames_and_repeats_are_counted_by_layer() -> None:
    display = _display()

    for captured_at in (1, 2, 2, 3):
        display.show(Layer.BASE, grey_frame(captured_at=captured_at))
    display.show(Layer.OVER, plain_page())
    display.show(Layer.OVER, plain_page())
    display.hide(Layer.OVER)
    display.hide(Layer.OVER)

    assert display.count(Layer.BASE) == LayerCount(shown=4, repeats=1)
    assert display.count(Layer.OVER) == LayerCount(shown=2, hidden=1)
    assert display.count(Layer.PIP) == LayerCount()


def test_the_newest_frame_can_be_looked_at_with_its_place() -> None:
    display = _display()
    display.show(Layer.PIP, grey_frame(40, captured_at=9), Rect(1, 2, 30, 20))

    frame = display.newest(Layer.PIP)

    assert isinstance(frame, SoftFrame)
    assert (frame.captured_at, frame.planes[0][0]) == (9, 40)
    assert display.place(Layer.PIP) == Rect(1, 2, 30, 20)
    assert display.newest(Layer.BASE) is None


def test_a_frame_looked_at_does_not_change_when_the_next_one_comes() -> None:
    display = _display()
    display.show(Layer.BASE, grey_frame(40))
    frame = display.newest(Layer.BASE)

    display.show(Layer.BASE, grey_frame(50))

    assert isinstance(frame, SoftFrame)
    assert frame.planes[0][0] == 40


def test_buffers_follow_the_size_of_the_picture() -> None:
    display = _display()

    for size in ((64, 48), (320, 180), (16, 16)):
        display.show(Layer.BASE, grey_frame(size=size))
        frame = display.newest(Layer.BASE)
        assert isinstance(frame, SoftFrame)
        assert len(frame.planes[0]) == size[0] * size[1]

    display.close()


def test_a_last_row_without_its_padding_is_accepted() -> None:
    display = _display()
    frame = grey_frame(60, (6, 4), padding=2)
    y, u, v = frame.planes
    planes = y[:-2], u[:-2], v[:-2]

    display.show(Layer.BASE, SoftFrame(6, 4, planes, frame.pitches, frame.captured_at))

    kept = display.newest(Layer.BASE)
    assert isinstance(kept, SoftFrame)
    assert kept.planes[0][29] == 60


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (PageFrame(2, 2, b"123"), "a page of 2x2 has 3 bytes"),
        (PageFrame(0, 2, b""), "a frame of 0x2 cannot be shown"),
        (PageFrame(9000, 1, bytes(36_000)), "a frame of 9000x1 cannot be shown"),
        (
            SoftFrame(4, 4, (memoryview(b"1"),) * 3, (4, 2, 2), Micros(0)),
            "a plane of a 4x4 frame is too small: pitch 4, 1 bytes",
        ),
        (
            SoftFrame(4, 4, (memoryview(bytes(64)),) * 3, (3, 2, 2), Micros(0)),
            "pitch 3, 64 bytes",
        ),
    ],
)
def test_a_frame_that_is_not_what_it_says_is_refused(
    frame: SoftFrame | PageFrame, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        _display().show(Layer.BASE, frame)


def test_a_dma_buf_is_read_and_given_back() -> None:
    released: list[int] = []
    fd = os.memfd_create("frame")
    os.write(fd, bytes([77]) * 4608)
    display = _display()

    display.show(Layer.PIP, _dmabuf(fd, "YU12", released))
    os.close(fd)

    frame = display.newest(Layer.PIP)
    assert isinstance(frame, SoftFrame)
    assert frame.planes[2][0] == 77
    assert released == [1]


def test_a_dma_buf_that_cannot_be_read_is_a_device_error_and_given_back() -> None:
    released: list[int] = []
    fd = os.memfd_create("frame")
    os.close(fd)

    with pytest.raises(DeviceError, match="cannot read a dma-buf"):
        _display().show(Layer.PIP, _dmabuf(fd, "YU12", released))
    with pytest.raises(DeviceError, match="format XR24; use YU12"):
        _display().show(Layer.PIP, _dmabuf(fd, "XR24", released))

    assert released == [1, 1]


@pytest.mark.parametrize("size", [(0, 720), (1280, -1), (100_000, 720)])
def test_an_absurd_size_is_refused_with_a_cure(size: tuple[int, int]) -> None:
    display = HeadlessDisplay(SteadyClock(), width=size[0], height=size[1])

    assert display.probe().cure == "choose sides of 1 to 8192 pixels"
    with pytest.raises(DeviceError, match="cannot be shown; choose sides"):
        display.open()


def test_a_framebuffer_without_its_directory_is_refused(tmp_path: Path) -> None:
    display = HeadlessDisplay(SteadyClock(), framebuffer=tmp_path / "a" / "b")

    with pytest.raises(DeviceError, match=r"no directory .*; make the directory"):
        display.open()


def test_opening_twice_is_no_error_and_close_empties_the_layers() -> None:
    with _display() as display:
        display.show(Layer.BASE, grey_frame())

    assert display.newest(Layer.BASE) is None


def test_a_saved_picture_leaves_no_scrap_behind(tmp_path: Path) -> None:
    display = _display()

    display.save_png(str(tmp_path / "glass.png"))

    assert [path.name for path in tmp_path.iterdir()] == ["glass.png"]


def test_the_first_picture_waits_for_no_heavy_library() -> None:
    code = (
        "import sys, kiosk.display.headless as h, kiosk.devices.clock_monotonic as c\n"
        "d = h.HeadlessDisplay(c.MonotonicClock()); d.open()\n"
        "heavy = {'numpy', 'PIL', 'av', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
