"""What only a real kernel can say: its state is ours, and its owner is one at a time."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.card import Card
from kiosk.display.drm import DrmDisplay
from kiosk.display.node import open_node
from kiosk.display.outputs import Wish, choose_output
from kiosk.display.plan import Rung
from kiosk.errors import DeviceError
from kiosk.ports import DmabufFrame, Layer, Micros, Rect
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.real_cards import DRIVERS, SIZE, card_of, real_display


HEAP = Path("/dev/dma_heap/system")
_HEAP_ALLOC = 0xC0184800  # DMA_HEAP_IOCTL_ALLOC
_HEAP_ALLOCATION = struct.Struct("=QIIQ")  # length, fd, its flags, the heap's flags
_DROP_MASTER = 0x641F  # DRM_IOCTL_DROP_MASTER
PLANS = {"virtio_gpu": Rung.C, "vkms": Rung.C2}


@pytest.fixture(params=[pytest.param(name, id=f"real {name}") for name in DRIVERS])
def driver(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def path(driver: str) -> str:
    found = card_of(driver)
    if found is None:
        pytest.skip(f"needs a card whose driver is {driver}: make appliance-test")
    return found


@pytest.fixture
def display(path: str) -> Iterator[DrmDisplay]:
    with real_display(path) as display:
        yield display


def _card(display: DrmDisplay) -> Card:
    kernel = display.kernel
    assert kernel is not None
    return Card(kernel)


def _pixel(display: DrmDisplay, folder: Path, at: tuple[int, int]) -> object:
    display.save_png(str(folder / "glass.png"))
    with Image.open(folder / "glass.png") as image:
        return image.convert("RGB").getpixel(at)


def test_a_driver_gets_the_best_plan_that_it_takes(
    display: DrmDisplay, driver: str
) -> None:
    assert display.rung is PLANS[driver]


def test_the_kernel_holds_what_was_committed(
    display: DrmDisplay, driver: str, tmp_path: Path
) -> None:
    place = Rect(400, 300, 160, 120)
    display.show(Layer.BASE, grey_frame(16))
    display.show(Layer.PIP, grey_frame(235), place)
    _pixel(display, tmp_path, (0, 0))  # waits for the flips

    lit = [
        plane.properties.values
        for plane in _card(display).planes()
        if plane.properties.values["FB_ID"]
    ]

    whole = (0, 0, *SIZE)
    names = ("CRTC_X", "CRTC_Y", "CRTC_W", "CRTC_H")
    places = {tuple(values[name] for name in names) for values in lit}
    composed = PLANS[driver] is Rung.C
    assert places == ({whole} if composed else {whole, (400, 300, 160, 120)})


def test_pictures_reach_the_glass_one_after_another(display: DrmDisplay) -> None:
    times = [display.show(Layer.BASE, grey_frame(number)) for number in range(30)]

    known = [time for time in times if time is not None]
    assert known == sorted(known)
    counts = display.counts(Layer.BASE)
    assert counts.shown + counts.dropped + 2 >= 30
    assert counts.shown > 0


def test_a_second_owner_is_told_who_has_the_display(
    display: DrmDisplay, path: str
) -> None:
    other = DrmDisplay(
        MonotonicClock(),
        lambda: open_node(path),
        lambda connectors: choose_output(connectors, Wish()),
        settle_s=0.0,
    )

    with pytest.raises(DeviceError, match="somebody else owns the display"):
        other.open()


def test_a_display_that_was_given_away_comes_back_with_its_page(
    display: DrmDisplay, path: str, tmp_path: Path
) -> None:
    display.show(Layer.BASE, plain_page((255,) * 4))
    kernel = display.kernel
    assert kernel is not None
    fcntl.ioctl(kernel.fileno(), _DROP_MASTER)
    with real_display(path) as other:
        other.show(Layer.BASE, grey_frame(16))

        display.show(Layer.BASE, plain_page((255,) * 4))
        seen_while_away = display.is_connected

    display.look()
    assert not seen_while_away
    assert display.is_connected, display.missing
    assert _pixel(display, tmp_path, (320, 240)) == (255, 255, 255)


def test_a_real_dma_buf_is_shown_as_what_is_in_it(
    display: DrmDisplay, tmp_path: Path
) -> None:
    width, height = 64, 48
    size = width * height * 3 // 2
    fd, length = _heap_memory(size)
    with mmap.mmap(fd, length) as memory:
        memory[:size] = bytes([235]) * (width * height) + bytes([128]) * (size // 3)
    released: list[int] = []
    frame = DmabufFrame(
        fd,
        width,
        height,
        "YU12",
        (0, width * height, width * height * 5 // 4),
        (width, width // 2, width // 2),
        Micros(1),
        lambda: released.append(fd),
    )

    display.show(Layer.BASE, frame)
    seen = _pixel(display, tmp_path, (320, 240))
    display.show(Layer.BASE, grey_frame())
    display.close()
    os.close(fd)

    assert seen == (255, 255, 255)
    assert released == [fd]


def _heap_memory(size: int) -> tuple[int, int]:
    """Return a dma-buf of the kernel's own making, and its length."""
    pages = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
    asked = bytearray(_HEAP_ALLOCATION.pack(pages, 0, os.O_RDWR | os.O_CLOEXEC, 0))
    heap = os.open(HEAP, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(heap, _HEAP_ALLOC, asked)
    finally:
        os.close(heap)
    _, fd, _, _ = _HEAP_ALLOCATION.unpack(asked)
    return fd, pages
