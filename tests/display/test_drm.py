"""The display of a real kiosk over the fake kernel: buffers, flips and mailboxes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.drm import DrmDisplay
from kiosk.display.node import open_node
from kiosk.display.plan import Rung
from kiosk.display.testing import FakeKernel
from kiosk.errors import DeviceError
from kiosk.ports import ColourMatrix, DmabufFrame, Layer, Micros, Rect, SoftFrame
from tests.fakes.eventually import eventually
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.kms import Cards, drm_display, first_connected
from tests.fakes.leaks import open_descriptors


SMALL = ((160, 120, 60),)
WHOLE = Rect(0, 0, 160, 120)
CORNER = Rect(100, 80, 40, 30)
PLANS = {
    "vc4-gen4": Rung.A,
    "vc4-gen5": Rung.A,
    "vkms-new": Rung.B,
    "vkms-old": Rung.C2,
    "virtio-gpu": Rung.C,
    "simpledrm": Rung.C,
}


@pytest.fixture
def cards() -> Cards:
    return Cards("vc4-gen4", modes=SMALL)


@pytest.fixture(autouse=True)
def nothing_was_done_that_a_customer_would_see(cards: Cards) -> Iterator[None]:
    """Neither a commit while one was pending, nor a write into what is shown."""
    yield
    assert [fault for kernel in cards.opened for fault in kernel.faults] == []


def _video(level: int = 128, number: int = 0) -> SoftFrame:
    return grey_frame(level, (64, 48), captured_at=number)


def _level(cards: Cards, plane: int = 0) -> int:
    """Return the first byte of what a plane fetches."""
    memory, _, offset = cards.kernel.shown()[plane].framebuffer.planes[0]
    return memory.bytes[offset]


@pytest.mark.parametrize(("profile", "rung"), PLANS.items())
def test_each_driver_gets_the_best_plan_it_takes(profile: str, rung: Rung) -> None:
    cards = Cards(profile)
    with drm_display(cards) as display:
        assert display.rung is rung
        assert display.is_connected


def test_a_raspberry_pi_3_in_1080p_shows_video_within_its_budget() -> None:
    cards = Cards("vc4-gen4", is_self_paced=True)
    with drm_display(cards, (1920, 1080)) as display:
        display.show(Layer.BASE, grey_frame(size=(1280, 720)))
        display.show(Layer.PIP, grey_frame(size=(320, 180)), Rect(0, 0, 480, 270))
        display.show(Layer.OVER, plain_page(size=(1920, 1080)))

        assert display.rung is Rung.A
        assert len(cards.kernel.shown()) == 3
        assert cards.kernel.refusals == []


def test_at_most_one_commit_is_on_its_way_however_many_pictures_come(
    cards: Cards,
) -> None:
    with drm_display(cards) as display:
        for number in range(20):
            display.show(Layer.BASE, _video(number))
            display.show(Layer.PIP, _video(number), CORNER)
            display.show(Layer.OVER, plain_page(), CORNER)
            if number % 7 == 0:
                display.hide(Layer.PIP)

        assert cards.kernel.commits == 1
        assert cards.kernel.is_flip_pending


def test_the_newest_picture_wins_and_those_it_replaced_are_counted(
    cards: Cards,
) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video(10))
        for level in (20, 30, 40):
            display.show(Layer.BASE, _video(level))
        for _ in range(2):
            cards.kernel.vblank()
            display.look()

        counts = display.counts(Layer.BASE)
        assert (counts.shown, counts.dropped) == (2, 2)
        assert _level(cards) == 40


def test_all_layers_that_have_news_change_in_one_commit(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video())
        display.show(Layer.PIP, _video(), CORNER)
        display.show(Layer.OVER, plain_page(), CORNER)
        cards.kernel.vblank()
        display.look()

        assert cards.kernel.commits == 2
        assert [plane.kind for plane in cards.kernel.shown()] == [
            "Primary",
            "Overlay",
            "Overlay",
        ]


def test_what_is_shown_is_not_written_to_before_its_successor_flipped(
    cards: Cards,
) -> None:
    with drm_display(cards) as display:
        for number in range(30):
            display.show(Layer.BASE, _video(number))
            before = _level(cards)
            display.show(Layer.BASE, _video(number + 100))
            display.show(Layer.BASE, _video(number + 101))

            assert _level(cards) == before
            cards.kernel.vblank()
            display.look()


def test_video_needs_three_buffers_and_pages_two(cards: Cards) -> None:
    with drm_display(cards) as display:
        for number in range(50):
            display.show(Layer.BASE, _video(number))
            display.show(Layer.OVER, plain_page((number,) * 4), CORNER)
            if number % 3 == 0:
                cards.kernel.vblank()

        assert len(cards.kernel.memories.handles) == 3 + 2


def test_ten_thousand_frames_leave_no_handle_and_no_descriptor(cards: Cards) -> None:
    fd = os.memfd_create("camera")
    os.truncate(fd, 4096 * 2)
    released: list[int] = []
    with drm_display(cards) as display:

        def show(number: int) -> None:
            display.show(Layer.BASE, _video(number % 256, number))
            display.show(Layer.OVER, plain_page(size=(8 + number % 5, 8)), CORNER)
            frame = _dmabuf(fd, lambda: released.append(number))
            display.show(Layer.PIP, frame, CORNER)
            if number % 2:
                cards.kernel.vblank()

        for number in range(100):
            show(number)
        memories = cards.kernel.memories
        before = len(memories.handles), len(memories.framebuffers), open_descriptors()
        for number in range(100, 10_000):
            show(number)

        after = len(memories.handles), len(memories.framebuffers), open_descriptors()
        assert after == before
        counts = display.counts(Layer.BASE)
        assert counts.shown + counts.dropped >= 9_998
    os.close(fd)
    assert len(released) == len(set(released)) == 10_000


def _dmabuf(fd: int, release: object = None, *, mirrored: bool = False) -> DmabufFrame:
    return DmabufFrame(
        fd,
        64,
        48,
        "YU12",
        (0, 3072, 3840),
        (64, 32, 32),
        Micros(1),
        release if callable(release) else lambda: None,
        mirrored,
    )


def test_a_dma_buf_is_scanned_out_of_its_producers_memory(cards: Cards) -> None:
    fd = os.memfd_create("camera")
    os.write(fd, bytes([77]) * 8192)
    released: list[str] = []
    with drm_display(cards) as display:
        display.show(Layer.PIP, _dmabuf(fd, lambda: released.append("first")), CORNER)
        plane = cards.kernel.shown()[0]
        assert plane.framebuffer.planes[0][0].is_imported
        display.show(Layer.PIP, _dmabuf(fd, lambda: released.append("second")), CORNER)
        assert released == []

        cards.kernel.vblank()
        display.look()
        assert released == []
        cards.kernel.vblank()
        display.look()

        assert released == ["first"]
    os.close(fd)
    assert released == ["first", "second"]


def test_the_self_view_is_mirrored_by_its_plane(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.PIP, replace(_video(), mirrored=True), CORNER)

        assert cards.kernel.shown()[0].values["rotation"] == 1 | 16


def test_matrix_and_range_are_those_of_the_stream(cards: Cards) -> None:
    with drm_display(cards) as display:
        frame = replace(_video(), matrix=ColourMatrix.BT709, full_range=True)
        display.show(Layer.BASE, frame)

        values = cards.kernel.shown()[0].values
        assert (values["COLOR_ENCODING"], values["COLOR_RANGE"]) == (1, 1)


def test_an_overlay_that_is_hidden_costs_no_plane(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video())
        display.show(Layer.OVER, plain_page(), CORNER)
        cards.kernel.vblank()
        display.look()
        cards.kernel.vblank()
        display.hide(Layer.OVER)
        cards.kernel.vblank()

        assert [plane.kind for plane in cards.kernel.shown()] == ["Primary"]


def test_a_picture_of_another_size_gets_memory_of_its_size(cards: Cards) -> None:
    with drm_display(cards) as display:
        for size in ((64, 48), (320, 240), (64, 48)):
            for _ in range(4):
                display.show(Layer.BASE, grey_frame(size=size, padding=6))
                cards.kernel.vblank()

        assert cards.kernel.shown()[0].framebuffer.width == 64
        assert len(cards.kernel.memories.handles) <= 3


def test_a_driver_without_memory_drops_pictures_and_says_so_once(
    cards: Cards, caplog: pytest.LogCaptureFixture
) -> None:
    with drm_display(cards) as display:
        too_large = grey_frame(size=(7700, 16))
        assert display.show(Layer.BASE, too_large) is None
        assert display.show(Layer.BASE, too_large) is None
        assert display.show(Layer.BASE, _video()) is not None

    assert len([r for r in caplog.records if "not taken" in r.message]) == 1


def test_a_picture_is_on_the_glass_at_the_vblank_after_next_at_the_latest(
    cards: Cards,
) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video())
        cards.kernel.vblank()
        first = display.show(Layer.BASE, _video())
        second = display.show(Layer.BASE, _video())

        assert first is not None
        assert second is not None
        assert 0 < second - first <= 2 * 16_700


def test_no_picture_is_due_before_the_one_it_replaces_though_vblanks_hurry(
    cards: Cards,
) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video())
        cards.kernel.vblank()
        due = [display.show(Layer.BASE, _video()) for _ in range(3)]
        for _ in range(2):
            cards.kernel.vblank()
            display.look()
        due.append(display.show(Layer.BASE, _video()))

        assert None not in due
        assert due == sorted(time or 0 for time in due)


async def test_the_event_loop_reads_flips_and_sends_what_waits(cards: Cards) -> None:
    with drm_display(cards) as display:
        display.show(Layer.BASE, _video(10))
        display.show(Layer.BASE, _video(20))
        cards.kernel.vblank()
        await eventually(lambda: cards.kernel.commits == 2)

        assert _level(cards) == 20


async def test_a_display_opened_before_the_loop_follows_it_from_then_on() -> None:
    cards = Cards("vc4-gen5", modes=SMALL)
    display = drm_display(cards)
    await asyncio.to_thread(display.open)
    display.show(Layer.BASE, _video(10))
    display.show(Layer.BASE, _video(20))

    display.follow_loop()
    cards.kernel.vblank()

    await eventually(lambda: cards.kernel.commits == 2)
    display.close()


def test_the_first_pixel_waits_for_nothing_heavy() -> None:
    program = (
        "import sys, kiosk.display.drm, kiosk.display.testing;"
        "print([m for m in ('numpy', 'PIL', 'av', 'asyncio') if m in sys.modules])"
    )
    command = (sys.executable, "-c", program)

    printed = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=30
    )

    assert printed.stdout.strip() == "[]"


def test_an_absent_card_is_a_device_error_that_says_so(tmp_path: Path) -> None:
    display = DrmDisplay(
        MonotonicClock(),
        lambda: open_node(nodes=tmp_path),
        lambda _: None,
        settle_s=0.0,
    )

    with pytest.raises(DeviceError, match="no card with a connector"):
        display.open()
    assert "no card with a connector" in display.probe().wrong
    assert not display.is_connected


def test_a_card_that_comes_while_the_machine_boots_is_waited_for() -> None:
    cards = Cards("vc4-gen5")
    tries: list[int] = []

    def late() -> FakeKernel:
        tries.append(len(tries))
        if len(tries) < 3:
            raise DeviceError("display", "/dev/dri/card0", "permission denied")
        return cards()

    with DrmDisplay(MonotonicClock(), late, first_connected, settle_s=5.0) as display:
        assert display.is_connected
        assert len(tries) == 3


def test_closing_makes_the_display_dark_and_gives_everything_back(
    cards: Cards,
) -> None:
    display = drm_display(cards)
    display.open()
    display.show(Layer.BASE, _video())
    kernel = cards.kernel

    display.close()

    assert kernel.memories.handles == {}
    assert kernel.memories.framebuffers == {}
    assert kernel.mode is None
