"""What happens to a display that people unplug, others take over and drivers refuse."""

from __future__ import annotations

import ctypes
import errno
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from typing_extensions import override

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.drm import DisplayHangs, DrmDisplay
from kiosk.display.plan import Rung
from kiosk.display.testing import FakeKernel
from kiosk.display.uapi import Ioctl
from kiosk.errors import DeviceError
from kiosk.ports import Layer, Rect, SoftFrame
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.kms import Cards, drm_display, first_connected
from tests.fakes.steady_clock import SteadyClock


SMALL = ((160, 120, 60),)
CORNER = Rect(100, 80, 40, 30)
FULL_HD = Rect(0, 0, 1920, 1080)


@pytest.fixture
def cards() -> Cards:
    return Cards("vc4-gen4", modes=SMALL, is_self_paced=True)


@pytest.fixture(autouse=True)
def nothing_was_done_that_a_customer_would_see(cards: Cards) -> Iterator[None]:
    yield
    assert [fault for kernel in cards.opened for fault in kernel.faults] == []


def _video(level: int = 128) -> SoftFrame:
    return grey_frame(level)


def test_an_unplugged_display_is_a_state_and_what_was_drawn_comes_back(
    cards: Cards,
) -> None:
    changes: list[str] = []
    with drm_display(cards) as display:
        display.on_change = lambda: changes.append(display.missing)
        display.show(Layer.BASE, plain_page((7, 7, 7, 255), (160, 120)))

        cards.kernel.unplug()
        display.reprobe()
        dark = cards.kernel.mode
        while_dark = display.show(Layer.PIP, _video(), CORNER)
        display.show(Layer.OVER, plain_page((9, 9, 9, 255)), CORNER)
        cards.kernel.plug()
        display.reprobe()

        assert dark is None
        assert while_dark is None
        assert changes == ["no display is connected to HDMI-A-1", ""]
        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary", "Overlay"]


def test_another_display_has_another_size(cards: Cards) -> None:
    sizes: list[tuple[int, int]] = []
    with drm_display(cards) as display:
        display.on_change = lambda: sizes.append(display.size)
        cards.kernel.unplug()
        display.reprobe()
        cards.kernel.plug(((320, 240, 60),))
        display.reprobe()
        display.show(Layer.BASE, _video())

        assert sizes == [(160, 120), (160, 120), (320, 240)][-len(sizes) :]
        assert display.size == (320, 240)
        assert cards.kernel.mode is not None
        assert cards.kernel.mode.hdisplay == 320


def test_a_display_that_was_never_there_is_lit_when_it_comes() -> None:
    cards = Cards("vc4-gen5", is_connected=False, is_self_paced=True)
    with drm_display(cards) as display:
        before = display.missing, display.is_connected, display.size
        cards.kernel.plug()
        display.reprobe()

        assert before == ("no display is connected to HDMI-A-1", False, (1280, 720))
        assert (display.missing, display.is_connected) == ("", True)


def test_plugging_in_again_and_again_leaves_nothing_behind(cards: Cards) -> None:
    with drm_display(cards) as display:
        for _ in range(20):
            display.show(Layer.BASE, _video())
            display.show(Layer.OVER, plain_page(), CORNER)
            cards.kernel.unplug()
            display.reprobe()
            assert cards.kernel.memories.handles == {}
            cards.kernel.plug()
            display.reprobe()


def test_looking_again_at_the_same_display_changes_nothing(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video())
        output = display.output
        display.reprobe()

        assert display.output is output
        assert len(cards.kernel.shown()) == 1


def test_looking_again_while_a_flip_is_on_its_way_does_not_disturb_it() -> None:
    cards = Cards("vc4-gen5", modes=SMALL)
    with drm_display(cards) as display:
        for level in range(8):
            display.show(Layer.BASE, _video(level))
            display.reprobe()
            display.show(Layer.BASE, _video(level + 100))
            cards.kernel.vblank()

    assert cards.kernel.faults == []


def test_a_load_that_is_too_much_leads_to_a_lighter_plan(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "kiosk.display")
    cards = Cards("vc4-gen4", is_self_paced=True)
    with drm_display(cards, (1920, 1080)) as display:
        video = grey_frame(size=(1280, 720))
        page = plain_page(size=(1280, 720))
        display.show(Layer.BASE, video)
        display.show(Layer.PIP, grey_frame(size=(320, 180)), Rect(0, 0, 480, 270))
        display.show(Layer.OVER, page, FULL_HD)  # scaled: twice the load
        after_refusal = display.rung
        display.show(Layer.BASE, video)

        assert after_refusal is Rung.A_NV12
        assert "HVS load" in cards.kernel.refusals[0]
        shown = cards.kernel.shown()
        assert [plane.framebuffer.fourcc.name for plane in shown] == ["NV12", "AR24"]
    (warning,) = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert "plan A was refused at a load of 260 MHz, now A'" in warning.getMessage()
    assert "HVS load" in warning.getMessage()


def test_more_than_the_planes_can_is_composed_by_the_processor() -> None:
    cards = Cards("vc4-gen4", is_self_paced=True)
    with drm_display(cards, (1920, 1080)) as display:
        full = plain_page((60, 60, 60, 60), (1280, 720))
        for layer in (Layer.SECOND, Layer.THIRD, Layer.PIP, Layer.OVER):
            display.show(layer, full, FULL_HD)
            display.show(Layer.BASE, grey_frame(size=(1280, 720)))

        assert display.rung is Rung.C
        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary"]
        memory, _, offset = cards.kernel.shown()[0].framebuffer.planes[0]
        assert memory.bytes[offset] > 130  # four pages shine on the video


def test_when_somebody_else_takes_over_pictures_are_dropped_until_he_leaves(
    cards: Cards, caplog: pytest.LogCaptureFixture
) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        cards.kernel.is_master = cards.is_master = False
        for _ in range(5):
            display.show(Layer.PIP, _video(), CORNER)
            display.look()
        lost = display.missing, display.is_connected
        cards.kernel.is_master = cards.is_master = True
        display.look()
        display.show(Layer.PIP, _video(), CORNER)

        assert len(cards.opened) == 1
        assert lost == ("somebody else owns the display; stop it", False)
        assert display.is_connected
        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary", "Overlay"]
    assert len([r for r in caplog.records if "somebody else" in r.getMessage()]) == 1


def test_who_inherited_the_card_opens_it_anew_after_somebody_else_had_it() -> None:
    cards = Cards("vc4-gen5", modes=SMALL, is_self_paced=True)
    inherited = cards()
    inherited.is_inherited = True
    with DrmDisplay(
        MonotonicClock(), cards, first_connected, inherited=inherited, settle_s=0.0
    ) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        was_connected = display.is_connected
        inherited.is_master = cards.is_master = False
        display.show(Layer.PIP, _video(), CORNER)
        display.look()
        while_lost = display.is_connected
        cards.is_master = True
        display.look()
        display.look()

        assert (was_connected, while_lost) == (True, False)
        assert display.is_connected
        assert len(cards.opened) == 2
        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary"]


def test_a_card_that_goes_away_is_opened_again(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        cards.kernel.is_gone = True
        display.show(Layer.PIP, _video(), CORNER)
        display.look()
        display.look()

        assert len(cards.opened) == 2
        assert display.is_connected
        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary"]


def test_a_display_that_somebody_owns_cannot_be_opened() -> None:
    def of_somebody_else() -> FakeKernel:
        kernel = FakeKernel("vc4-gen5")
        kernel.is_master = False
        return kernel

    display = DrmDisplay(
        MonotonicClock(), of_somebody_else, first_connected, settle_s=0.0
    )

    with pytest.raises(DeviceError, match="somebody else owns the display"):
        display.open()


def test_a_flip_that_never_comes_is_told_and_the_display_is_set_up_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cards = Cards("vc4-gen5", modes=SMALL)
    clock = SteadyClock()
    with DrmDisplay(clock, cards, first_connected, settle_s=0.0) as display:
        display.show(Layer.BASE, _video(1))
        cards.kernel.lose_flip()  # the hardware hangs
        display.show(Layer.BASE, _video(2))
        clock.move(1.5)
        display.look()

        assert cards.kernel.commits == 2
    assert "no page flip for a second" in caplog.text


def test_a_driver_that_tells_of_no_flip_any_more_is_given_up_after_three_seconds() -> (
    None
):
    cards = Cards("vc4-gen5", modes=SMALL)
    clock = SteadyClock()
    with DrmDisplay(clock, cards, first_connected, settle_s=0.0) as display:
        display.show(Layer.BASE, _video(1))
        for _ in range(6):
            clock.move(0.5)
            display.look()
        clock.move(0.5)
        with pytest.raises(DisplayHangs, match="no page flip for 3 s"):
            display.look()


def test_a_process_that_stood_still_does_not_take_its_display_for_hung() -> None:
    cards = Cards("vc4-gen5", modes=SMALL)
    clock = SteadyClock()
    with DrmDisplay(clock, cards, first_connected, settle_s=0.0) as display:
        display.show(Layer.BASE, _video(1))
        clock.move(30.0)
        display.look()
        cards.kernel.vblank()
        clock.move(5.0)
        display.look()

        assert display.missing == ""


def test_a_successor_inherits_the_card_and_removes_what_was_left() -> None:
    cards = Cards("vc4-gen5", modes=SMALL, is_self_paced=True)
    predecessor = drm_display(cards)
    predecessor.open()
    predecessor.show(Layer.BASE, _video(200))
    predecessor.show(Layer.PIP, _video(100), CORNER)
    kernel = cards.kernel  # he crashed: nobody closed anything
    left = set(kernel.memories.framebuffers)

    with DrmDisplay(
        MonotonicClock(), cards, first_connected, inherited=kernel, settle_s=0.0
    ) as display:
        still = [plane.kind for plane in kernel.shown()]
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        display.look()

        assert still == ["Primary", "Overlay"]
        assert [plane.kind for plane in kernel.shown()] == ["Primary"]
        assert not left & set(kernel.memories.framebuffers)
        assert len(kernel.memories.handles) == 1
        assert kernel.faults == []


def test_a_display_that_was_closed_is_free_though_systemd_has_its_descriptor_still() -> (
    None
):
    kernel = FakeKernel("vc4-gen5", modes=SMALL, is_self_paced=True)
    kernel.close = lambda: None  # type: ignore[method-assign] # systemd has a duplicate
    display = DrmDisplay(
        MonotonicClock(), lambda: kernel, first_connected, settle_s=0.0
    )
    display.open()
    display.show(Layer.BASE, plain_page(size=(160, 120)))

    display.close()

    assert not kernel.is_master


def test_leaving_the_display_lit_leaves_the_last_picture_there() -> None:
    kernel = FakeKernel("vc4-gen5", modes=SMALL, is_self_paced=True)
    kernel.close = lambda: None  # type: ignore[method-assign] # systemd has a duplicate
    display = DrmDisplay(
        MonotonicClock(), lambda: kernel, first_connected, settle_s=0.0
    )
    display.open()
    display.show(Layer.BASE, plain_page(size=(160, 120)))

    display.close(stay_lit=True)

    assert [plane.kind for plane in kernel.shown()] == ["Primary"]
    assert kernel.mode is not None


def test_a_flip_of_the_predecessor_is_waited_for_not_fought() -> None:
    cards = Cards("vc4-gen5", modes=SMALL)
    predecessor = drm_display(cards)
    predecessor.open()
    predecessor.show(Layer.BASE, _video())
    kernel = cards.kernel

    with DrmDisplay(
        MonotonicClock(), cards, first_connected, inherited=kernel, settle_s=0.0
    ) as display:
        display.show(Layer.BASE, plain_page(size=(160, 120)))
        kernel.vblank()
        display.look()
        kernel.vblank()
        display.look()

        assert kernel.shown()[0].framebuffer.width == 160
    assert kernel.faults == ["a commit while a flip was pending"]  # his


@pytest.mark.parametrize("profile", ["vc4-gen4", "vkms-new"])
def test_a_display_that_hangs_upside_down_is_turned_by_its_planes(
    profile: str,
) -> None:
    cards = Cards(profile, modes=SMALL, is_self_paced=True)
    with drm_display(cards) as display:
        can = display.turn_over()
        display.show(Layer.BASE, replace(_video(), mirrored=True))

        assert can
        assert [p.values["rotation"] for p in cards.kernel.shown()] == [4 | 16]


@pytest.mark.parametrize("profile", ["vkms-old", "virtio-gpu"])
def test_planes_that_cannot_turn_say_so(profile: str) -> None:
    with drm_display(Cards(profile, is_self_paced=True)) as display:
        assert not display.turn_over()


def test_a_card_that_refuses_everything_is_told_with_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Stubborn(FakeKernel):
        @override
        def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
            if request is Ioctl.MODE_ATOMIC:
                raise OSError(errno.EINVAL, "Invalid argument (of principle)")
            super().ioctl(request, argument)

    display = DrmDisplay(
        MonotonicClock(), lambda: Stubborn("vc4-gen5"), first_connected, settle_s=0.0
    )
    with display:
        assert not display.is_connected
        assert "every plan is refused" in display.missing
        assert display.show(Layer.BASE, _video()) is None
    assert "of principle" in caplog.text
