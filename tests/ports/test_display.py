"""What every display keeps of its port's promises."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path

import pytest
from PIL import Image

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.headless import HeadlessDisplay
from kiosk.display.rotation import RotatedDisplay
from kiosk.display.testing import PROFILES
from kiosk.errors import DeviceError
from kiosk.ports import Display, DmabufFrame, Frame, Layer, Micros, Rect
from kiosk.simulator.switches import Switches
from kiosk.simulator.watched_display import WatchedDisplay
from tests.fakes import real_cards
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.kms import Cards, drm_display
from tests.fakes.leaks import held


SIZE = (160, 120)
"""Of every display but those on a real card; places are said in it and scaled."""
Make = Callable[[Path], Display]


def _headless(_: Path) -> Display:
    return HeadlessDisplay(MonotonicClock(), width=SIZE[0], height=SIZE[1])


def _mirrored(directory: Path) -> Display:
    return HeadlessDisplay(
        MonotonicClock(),
        width=SIZE[0],
        height=SIZE[1],
        framebuffer=directory / "framebuffer",
    )


def _turned(_: Path) -> Display:
    height, width = SIZE
    inner = HeadlessDisplay(MonotonicClock(), width=width, height=height)
    return RotatedDisplay(inner, 90)


def _drm(profile: str) -> Make:
    def make(_: Path) -> Display:
        cards = Cards(profile, modes=((*SIZE, 60),), is_self_paced=True)
        return drm_display(cards)

    return make


def _watched(_: Path) -> Display:
    glass = HeadlessDisplay(MonotonicClock(), width=SIZE[0], height=SIZE[1])
    return WatchedDisplay(glass, Switches(), lambda _layer: None)


def _real(driver: str) -> Make:
    def make(_: Path) -> Display:
        path = real_cards.card_of(driver)
        if path is None:
            pytest.skip(f"needs a card whose driver is {driver}: make appliance-test")
        return real_cards.real_display(path)

    return make


@pytest.fixture(
    params=[
        *(pytest.param(_drm(name), id=f"drm on {name}") for name in PROFILES),
        *(
            pytest.param(_real(name), id=f"drm on a real {name}")
            for name in real_cards.DRIVERS
        ),
        pytest.param(_headless, id="headless"),
        pytest.param(_watched, id="watched by the simulator"),
        pytest.param(_turned, id="turned by a quarter"),
        pytest.param(_mirrored, id="headless with a framebuffer file"),
    ]
)
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.param
    return chosen


@pytest.fixture
def display(make: Make, tmp_path: Path) -> Iterator[Display]:
    display = make(tmp_path)
    display.open()
    yield display
    display.close()


def _scaled(display: Display, place: Rect) -> Rect:
    factor = display.size[0] // SIZE[0]
    assert display.size == (SIZE[0] * factor, SIZE[1] * factor)
    return Rect(*(factor * number for number in astuple(place)))


def _pixel(display: Display, tmp_path: Path, at: tuple[int, int]) -> tuple[int, ...]:
    place = _scaled(display, Rect(*at, 1, 1))
    path = tmp_path / "glass.png"
    display.save_png(str(path))
    with Image.open(path) as image:
        pixel = image.convert("RGB").getpixel((place.x, place.y))
    assert isinstance(pixel, tuple)
    return pixel


def test_a_probe_names_the_display_without_taking_it(
    make: Make, tmp_path: Path
) -> None:
    probe = make(tmp_path).probe()

    assert probe.found
    assert not probe.wrong
    assert not list(tmp_path.iterdir())


def test_an_open_display_knows_its_size(display: Display) -> None:
    assert display.size in {SIZE, real_cards.SIZE}


def test_showing_returns_a_time_on_the_monotonic_clock(display: Display) -> None:
    before = MonotonicClock().now()

    shown_at = display.show(Layer.BASE, grey_frame())

    assert shown_at is not None
    assert before <= shown_at <= MonotonicClock().now() + 100_000


@pytest.mark.parametrize("frame", [grey_frame(235), plain_page((255,) * 4)])
def test_what_was_shown_is_in_the_picture_saved(
    display: Display, frame: Frame, tmp_path: Path
) -> None:
    display.show(Layer.BASE, frame)

    assert _pixel(display, tmp_path, (80, 60)) == (255, 255, 255)


def test_the_newest_frame_of_a_layer_wins(display: Display, tmp_path: Path) -> None:
    display.show(Layer.BASE, grey_frame(235))
    display.show(Layer.BASE, grey_frame(16))

    assert _pixel(display, tmp_path, (80, 60)) == (0, 0, 0)


def test_a_frame_may_be_reused_by_its_producer_after_show(
    display: Display, tmp_path: Path
) -> None:
    frame = grey_frame(235)
    luma = bytearray(frame.planes[0])
    reused = grey_frame(235)
    planes = (memoryview(luma), *reused.planes[1:])
    display.show(
        Layer.BASE,
        type(frame)(64, 48, (planes[0], planes[1], planes[2]), (64, 32, 32), Micros(0)),
    )
    luma[:] = bytes(len(luma))

    assert _pixel(display, tmp_path, (80, 60)) == (255, 255, 255)


def test_a_frame_without_a_place_is_fitted_keeping_its_shape(
    display: Display, tmp_path: Path
) -> None:
    display.show(Layer.BASE, grey_frame(235, (64, 16)))

    assert _pixel(display, tmp_path, (80, 5)) == (0, 0, 0)
    assert _pixel(display, tmp_path, (2, 60)) == (255, 255, 255)


def test_a_frame_with_a_place_is_there_and_nowhere_else(
    display: Display, tmp_path: Path
) -> None:
    display.show(Layer.PIP, grey_frame(235), _scaled(display, Rect(100, 80, 40, 30)))

    assert _pixel(display, tmp_path, (120, 95)) == (255, 255, 255)
    assert _pixel(display, tmp_path, (90, 70)) == (0, 0, 0)


def test_layers_lie_on_each_other_in_their_order(
    display: Display, tmp_path: Path
) -> None:
    everywhere = Rect(0, 0, *display.size)
    for level, layer in enumerate(reversed(Layer)):
        display.show(layer, grey_frame(235 - 40 * level), everywhere)

    top_first = []
    for layer in reversed(Layer):
        top_first.append(_pixel(display, tmp_path, (80, 60))[0])
        display.hide(layer)

    assert top_first == sorted(top_first, reverse=True)
    assert len(set(top_first)) == len(Layer)


def test_an_overlay_shines_through_as_much_as_its_alpha_says(
    display: Display, tmp_path: Path
) -> None:
    everywhere = Rect(0, 0, *display.size)
    display.show(Layer.BASE, plain_page((200, 200, 200, 255)), everywhere)
    display.show(Layer.OVER, plain_page((0, 0, 50, 128)), everywhere)

    red, green, _ = _pixel(display, tmp_path, (80, 60))

    assert abs(green - 100) <= 1
    assert abs(red - 150) <= 1


def test_a_hidden_layer_is_gone(display: Display, tmp_path: Path) -> None:
    display.show(Layer.BASE, grey_frame(235))

    display.hide(Layer.BASE)

    assert _pixel(display, tmp_path, (80, 60)) == (0, 0, 0)


def test_hiding_a_layer_that_is_off_is_no_error(display: Display) -> None:
    display.hide(Layer.THIRD)
    display.hide(Layer.THIRD)

    assert display.size in {SIZE, real_cards.SIZE}


def test_a_dma_buf_is_released_exactly_once_when_its_successor_is_shown(
    display: Display,
) -> None:
    releases: list[int] = []
    fd = os.memfd_create("frame")
    os.write(fd, bytes([128]) * (64 * 48 * 3 // 2))
    frame = DmabufFrame(
        fd,
        64,
        48,
        "YU12",
        (0, 64 * 48, 64 * 48 * 5 // 4),
        (64, 32, 32),
        Micros(1),
        lambda: releases.append(1),
    )

    display.show(Layer.PIP, frame)
    display.show(Layer.PIP, grey_frame())
    display.close()
    os.close(fd)

    assert releases == [1]


def test_frames_may_come_from_several_threads_at_once(display: Display) -> None:
    def show_many(layer: Layer) -> None:
        for number in range(50):
            display.show(layer, grey_frame(number, captured_at=number))
            if number % 10 == 0:
                display.hide(layer)

    threads = [
        threading.Thread(target=show_many, args=(layer,), name=f"show-{layer.value}")
        for layer in (Layer.BASE, Layer.BASE, Layer.PIP, Layer.OVER)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)

    assert not any(thread.is_alive() for thread in threads)


def test_a_picture_that_cannot_be_written_is_a_device_error(
    display: Display, tmp_path: Path
) -> None:
    with pytest.raises(DeviceError, match="nowhere"):
        display.save_png(str(tmp_path / "nowhere" / "glass.png"))


def test_showing_after_close_changes_nothing_and_is_no_error(
    display: Display,
) -> None:
    display.close()

    display.show(Layer.BASE, grey_frame())
    display.hide(Layer.BASE)


def test_closing_twice_is_no_error(display: Display) -> None:
    display.close()
    display.close()


def test_a_hundred_rounds_leave_no_descriptor_and_no_thread(
    make: Make, tmp_path: Path
) -> None:
    display = make(tmp_path)
    before = held()

    for _ in range(100):
        display.open()
        display.show(Layer.BASE, grey_frame())
        display.close()

    assert held() == before
