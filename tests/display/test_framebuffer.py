"""The framebuffer file as a stranger reads it: by its documentation alone."""

from __future__ import annotations

import logging
import mmap
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from kiosk.display.framebuffer import Framebuffer
from kiosk.display.headless import HeadlessDisplay
from kiosk.errors import DeviceError
from kiosk.ports import Layer, Micros, PageFrame
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.steady_clock import SteadyClock


HEADER = struct.Struct("<4sIIIIIQQQ16s")

READER = """
import mmap, struct, sys
with open(sys.argv[1], "rb") as file:
    m = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
seen, torn = set(), 0
print("ready", flush=True)
while len(seen) < 5:
    first, = struct.unpack_from("<I", m, 4)
    width, height = struct.unpack_from("<II", m, 8)
    pixels = m[64:64 + width * height]
    last, = struct.unpack_from("<I", m, 4)
    if first % 2 or first != last or not pixels:
        continue
    torn += len(set(pixels)) > 1
    seen.add(pixels[0])
print(torn)
"""


class Look(NamedTuple):
    """What a reader finds in the file."""

    magic: bytes
    sequence: int
    width: int
    height: int
    format: int
    zero: int
    counter: int
    presented_at: int
    hidden: int
    rest: bytes
    pixels: bytes


def _look(path: Path, n_pixels: int = 0) -> Look:
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped,
    ):
        fields = (*HEADER.unpack_from(mapped), mapped[64 : 64 + n_pixels])
        return Look._make(fields)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "framebuffer"


def test_a_fresh_file_says_that_there_is_nothing_yet(path: Path) -> None:
    with Framebuffer(path, (160, 120)):
        look = _look(path)

    assert look.magic == b"KFB1"
    assert (look.sequence, look.format, look.counter, look.hidden) == (0, 0, 0, 1)
    assert look.rest == bytes(16)


def test_a_video_picture_arrives_as_tight_i420_whatever_its_pitch(path: Path) -> None:
    tight = bytes([90]) * (6 * 4) + bytes([100]) * 6 + bytes([110]) * 6
    frame = grey_frame(90, (6, 4), padding=5, chroma=(100, 110))

    with Framebuffer(path, (160, 120)) as framebuffer:
        framebuffer.write(frame, Micros(1234))
        look = _look(path, len(tight))

    assert (look.width, look.height, look.format) == (6, 4, 1)
    assert (look.counter, look.presented_at, look.hidden) == (1, 1234, 0)
    assert look.pixels == tight
    assert look.sequence == 2


def test_an_odd_size_rounds_its_chroma_up(path: Path) -> None:
    with Framebuffer(path, (160, 120)) as framebuffer:
        framebuffer.write(grey_frame(1, (5, 3), chroma=(2, 3)), Micros(0))
        look = _look(path, 5 * 3 + 6 + 6)

    assert look.pixels == bytes([1]) * 15 + bytes([2]) * 6 + bytes([3]) * 6


def test_a_page_arrives_as_bgra(path: Path) -> None:
    with Framebuffer(path, (160, 120)) as framebuffer:
        framebuffer.write(plain_page((1, 2, 3, 255), (3, 2)), Micros(5))
        look = _look(path, 24)

    assert (look.width, look.height, look.format) == (3, 2, 2)
    assert look.pixels == bytes((1, 2, 3, 255)) * 6


def test_hiding_says_so_and_keeps_the_count(path: Path) -> None:
    with Framebuffer(path, (160, 120)) as framebuffer:
        framebuffer.write(grey_frame(), Micros(5))
        framebuffer.hide(Micros(9))
        look = _look(path)

    assert (look.hidden, look.counter, look.presented_at) == (1, 1, 9)
    assert look.sequence % 2 == 0


def test_after_close_the_file_stays_and_says_hidden(path: Path) -> None:
    framebuffer = Framebuffer(path, (160, 120))
    framebuffer.write(grey_frame(), Micros(5))

    framebuffer.close()
    framebuffer.close()

    assert (_look(path).hidden, _look(path).sequence % 2) == (1, 0)


def test_the_largest_video_fits_into_the_file_of_a_small_display(path: Path) -> None:
    with Framebuffer(path, (64, 48)) as framebuffer:
        framebuffer.write(grey_frame(7, (1920, 1080)), Micros(0))

        assert _look(path).width == 1920


def test_a_picture_too_large_is_hidden_and_logged_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    huge = PageFrame(4000, 3000, bytes(4000 * 3000 * 4))

    with caplog.at_level(logging.WARNING), Framebuffer(path, (64, 48)) as framebuffer:
        framebuffer.write(huge, Micros(1))
        framebuffer.write(huge, Micros(2))
        look = _look(path)

    assert (look.hidden, look.counter) == (1, 0)
    assert [record.getMessage() for record in caplog.records] == [
        "a picture of 4000x3000 does not fit into the framebuffer file"
    ]


def test_the_file_is_its_owners_only_and_never_a_link(path: Path) -> None:
    with Framebuffer(path, (64, 48)):
        assert path.stat().st_mode & 0o777 == 0o600
    link = path.with_name("link")
    link.symlink_to(path)

    with pytest.raises(DeviceError, match="cannot make the framebuffer file"):
        Framebuffer(link, (64, 48))


def test_the_display_mirrors_its_base_layer_and_no_other(path: Path) -> None:
    clock = SteadyClock(now=50)
    with HeadlessDisplay(clock, width=160, height=120, framebuffer=path) as display:
        display.show(Layer.PIP, grey_frame())
        display.hide(Layer.PIP)
        untouched = _look(path)
        display.show(Layer.BASE, grey_frame(size=(32, 16)))
        shown = _look(path)
        display.hide(Layer.BASE)
        hidden = _look(path)

    assert (untouched.counter, untouched.sequence) == (0, 0)
    assert (shown.counter, shown.width, shown.presented_at) == (1, 32, 50)
    assert (shown.hidden, hidden.hidden) == (0, 1)


def test_a_reader_in_another_process_never_takes_half_a_picture(path: Path) -> None:
    frames = [grey_frame(luma, (640, 360)) for luma in range(0, 256, 5)]
    with (
        Framebuffer(path, (640, 360)) as framebuffer,
        subprocess.Popen(
            [sys.executable, "-c", READER, str(path)], stdout=subprocess.PIPE, text=True
        ) as reader,
    ):
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        number = 0
        while reader.poll() is None and number < 200_000:
            framebuffer.write(frames[number % len(frames)], Micros(number))
            number += 1
        reader.kill()
        answer = reader.stdout.read()

    assert answer == "0\n"
