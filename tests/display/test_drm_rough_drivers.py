"""What drivers do to a display that a kinder kernel would not."""

from __future__ import annotations

import ctypes
import errno
import os
from dataclasses import replace

import pytest
from typing_extensions import override

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display import uapi
from kiosk.display.drm import DrmDisplay
from kiosk.display.testing import FakeKernel
from kiosk.display.testing.profiles import ModeSize
from kiosk.display.uapi import Ioctl
from kiosk.display.uapi_numbers import MODE_IS_INTERLACED
from kiosk.ports import DmabufFrame, Layer, Micros, Rect
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.kms import Cards, drm_display, first_connected


SMALL = ((160, 120, 60),)
CORNER = Rect(100, 80, 40, 30)


class Recording(FakeKernel):
    """Remembers the cookies of commits; takes no dma-bufs, as virtio-gpu does."""

    def __init__(self, profile: str, *, is_self_paced: bool = False) -> None:
        super().__init__(profile, modes=SMALL, is_self_paced=is_self_paced)
        self.cookies: list[int] = []

    @override
    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        if request is Ioctl.PRIME_FD_TO_HANDLE:
            raise OSError(errno.ENODEV, "not of others")
        if isinstance(argument, uapi.ModeAtomic) and argument.user_data:
            self.cookies.append(argument.user_data)
        super().ioctl(request, argument)


class OldTelevision(FakeKernel):
    """Its first mode, the preferred one, is interlaced."""

    @override
    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        super().ioctl(request, argument)
        if isinstance(argument, uapi.ModeGetConnector) and argument.modes_ptr:
            first = uapi.ModeModeinfo.from_address(argument.modes_ptr)
            first.flags = MODE_IS_INTERLACED


def _display(kernel: FakeKernel) -> DrmDisplay:
    return DrmDisplay(MonotonicClock(), lambda: kernel, first_connected, settle_s=0.0)


def test_a_dma_buf_that_the_driver_does_not_know_is_copied_and_nothing_goes_dark() -> (
    None
):
    kernel = Recording("vc4-gen5", is_self_paced=True)
    released: list[bool] = []
    fd = os.memfd_create("frame")
    os.ftruncate(fd, 64 * 36 * 3 // 2)
    frame = DmabufFrame(
        width=64,
        height=36,
        fourcc="YU12",
        fd=fd,
        offsets=(0, 64 * 36, 64 * 36 + 32 * 18),
        pitches=(64, 32, 32),
        captured_at=Micros(0),
        release=lambda: released.append(True),
    )
    with _display(kernel) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        display.show(Layer.PIP, frame, CORNER)

        assert display.is_connected
        assert [plane.kind for plane in kernel.shown()] == ["Primary", "Overlay"]
    assert released == [True]
    os.close(fd)


@pytest.mark.parametrize(
    ("modes", "lit"),
    [
        (((1920, 1080, 30), (1280, 720, 60)), (1280, 720)),
        (((1920, 1080, 30),), (1920, 1080)),
    ],
)
def test_an_interlaced_mode_is_lit_only_where_there_is_no_other(
    modes: tuple[ModeSize, ...], lit: tuple[int, int]
) -> None:
    kernel = OldTelevision("vc4-gen5", modes=modes, is_self_paced=True)
    with _display(kernel) as display:
        assert display.size == lit


def test_a_flip_of_the_display_before_is_not_taken_for_one_of_the_next() -> None:
    kernel = Recording("vc4-gen5", is_self_paced=True)
    with _display(kernel) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        kernel.unplug()
        display.reprobe()
        kernel.plug()
        display.reprobe()

    assert len(kernel.cookies) == len(set(kernel.cookies)) > 1


def test_a_display_that_is_plugged_in_again_is_lit_at_once() -> None:
    cards = Cards("vc4-gen5", modes=SMALL)
    with drm_display(cards) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        cards.kernel.vblank()
        display.look()
        cards.kernel.plug(((320, 240, 60),))
        display.reprobe()

        assert len(cards.kernel.shown()) == 1
    assert cards.kernel.faults == []


def test_what_is_lost_is_mended_without_asking_a_monitor_on_the_event_loop() -> None:
    cards = Cards("vc4-gen5", modes=SMALL, is_self_paced=True)
    with drm_display(cards) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        cards.kernel.is_gone = True
        display.show(Layer.PIP, grey_frame(), CORNER)
        display.look()
        display.look()

        assert display.is_connected
        assert len(cards.opened) == 2
        assert cards.kernel.panel.probes == 0


def test_a_screen_on_which_nothing_moves_is_lit_again_once_who_took_it_is_gone() -> (
    None
):
    cards = Cards("vc4-gen5", modes=SMALL, is_self_paced=True)
    with drm_display(cards) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        cards.kernel.is_master = cards.is_master = False
        display.look()
        lost = display.missing
        cards.kernel.is_master = cards.is_master = True
        before = cards.kernel.commits
        display.look()

        assert lost == "somebody else owns the display; stop it"
        assert display.is_connected
        assert cards.kernel.commits > before
        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary"]


def test_no_face_of_a_call_that_ended_comes_back_with_the_display() -> None:
    cards = Cards("vc4-gen5", modes=SMALL, is_self_paced=True)
    with drm_display(cards) as display:
        display.show(Layer.BASE, grey_frame())
        display.show(Layer.PIP, grey_frame(), CORNER)
        cards.kernel.is_master = False
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        display.hide(Layer.PIP)
        cards.kernel.is_master = True
        display.look()

        assert display.is_connected
        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary"]
        assert cards.kernel.shown()[0].framebuffer.fourcc.name == "XR24"


def test_memory_of_virtio_gpu_keeps_the_pitch_it_was_made_with() -> None:
    cards = Cards("virtio-gpu", modes=((100, 80, 60),), is_self_paced=True)
    page = plain_page(size=(100, 80))
    with drm_display(cards) as display:
        for _ in range(3):
            display.show(Layer.BASE, page)
        for _ in range(3):
            display.show(Layer.BASE, replace(grey_frame(), mirrored=True))

        assert len(cards.kernel.shown()) == 1
    assert cards.kernel.faults == []
