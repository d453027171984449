"""The out-of-service page: on every driver, whatever is missing, and handed on lit."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.app.first_display import DisplayPlan, FirstDisplay, Kernels, card_of
from kiosk.display.first_pictures import (
    LETTERS,
    FirstPicture,
    first_page,
    lettered_page,
)
from kiosk.display.node import Kernel
from kiosk.display.testing import PROFILES, FakeKernel
from kiosk.errors import DeviceError
from kiosk.ports import PageFrame
from kiosk.safe_screen.page import SafePage
from tests.fakes.kiosk_world import FakeInit
from tests.fakes.kms import Cards


HD = (1280, 720)
MODES = ((*HD, 60),)


class KeptBySystemd(FakeKernel):
    """A card of whose descriptor the supervisor has a duplicate."""

    @override
    def close(self) -> None:
        """It stays open."""


@dataclass
class Bench:
    """A card, or none yet, and what stands on the page."""

    kernel: FakeKernel | Cards | None
    facts: list[str] = field(default_factory=lambda: ["K007", "400-123"])
    init: FakeInit = field(default_factory=FakeInit)
    plan: DisplayPlan = field(default_factory=DisplayPlan)

    def open(self, _: str | None = None) -> Kernel:
        if self.kernel is None:
            raise DeviceError("display", "/dev/dri", "there is no card")
        return self.kernel() if isinstance(self.kernel, Cards) else self.kernel

    @property
    def kernels(self) -> Kernels:
        return Kernels(open=self.open)

    def page(self) -> SafePage:
        nowhere = Path("/nowhere")
        return SafePage(self.plan, lambda: self.facts, self.init, self.kernels, nowhere)


def on_glass(kernel: FakeKernel) -> PageFrame:
    (plane,) = kernel.shown()
    framebuffer = plane.framebuffer
    ((memory, pitch, offset),) = framebuffer.planes
    width, height = framebuffer.width, framebuffer.height
    rows = [memory.bytes[offset + y * pitch :][: width * 4] for y in range(height)]
    return PageFrame(width, height, b"".join(rows))


def wanted(*facts: str) -> PageFrame:
    return lettered_page(FirstPicture.OUT_OF_SERVICE, facts, HD)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("rotation", [0, 90])
def test_the_page_stands_on_every_driver(profile: str, rotation: int) -> None:
    bench = Bench(FakeKernel(profile, modes=MODES, is_self_paced=True))
    bench.plan = DisplayPlan(rotation=rotation)
    page = bench.page()

    page.look()

    assert not page.wrong
    assert isinstance(bench.kernel, FakeKernel)
    assert len(bench.kernel.shown()) == 1
    if not rotation:
        assert on_glass(bench.kernel).pixels == wanted("K007", "400-123").pixels
    page.leave()


def test_a_card_that_comes_late_is_lit_when_it_is_there() -> None:
    bench = Bench(None)
    page = bench.page()
    page.look()
    assert "there is no card" in page.wrong

    bench.kernel = FakeKernel("vc4-gen4", modes=MODES, is_self_paced=True)
    page.look()

    assert not page.wrong
    assert on_glass(bench.kernel).pixels == wanted("K007", "400-123").pixels
    assert bench.init.told == ["keep drm"]
    page.leave()


def test_a_monitor_that_is_plugged_in_later_gets_the_page() -> None:
    kernel = FakeKernel("vc4-gen4", modes=MODES, is_connected=False, is_self_paced=True)
    page = Bench(kernel).page()
    page.look()
    assert page.wrong

    kernel.panel.is_connected = True
    for _ in range(6):
        page.look()

    assert not page.wrong
    assert on_glass(kernel).pixels == wanted("K007", "400-123").pixels
    page.leave()


def test_the_code_on_the_page_is_that_of_the_newest_failure() -> None:
    kernel = FakeKernel("vc4-gen4", modes=MODES, is_self_paced=True)
    bench = Bench(kernel, facts=["K005"])
    page = bench.page()
    page.look()

    bench.facts = ["K007"]
    page.look()
    page.look()

    assert on_glass(kernel).pixels == wanted("K007").pixels
    page.leave()


def test_the_kiosk_takes_the_card_lit_and_covers_the_page_with_its_first_commit() -> (
    None
):
    kernel = KeptBySystemd("vc4-gen4", modes=MODES, is_self_paced=True)
    bench = Bench(kernel)
    page = bench.page()
    page.look()

    page.leave()
    left = on_glass(kernel).pixels
    first = FirstDisplay(
        card := card_of(DisplayPlan(), bench.kernels),
        card,
        plan=DisplayPlan(),
        kernels=Kernels(),
        is_inherited=False,
    )
    first.open(FirstPicture.STARTING)

    assert left == wanted("K007", "400-123").pixels
    assert not first.wrong
    assert on_glass(kernel).pixels == first_page(FirstPicture.STARTING, HD).pixels
    assert not kernel.faults
    card.close()
    FakeKernel.close(kernel)


def test_the_page_comes_back_after_somebody_took_the_card() -> None:
    cards = Cards("vc4-gen4", modes=MODES, is_self_paced=True)
    page = Bench(cards).page()
    page.look()

    cards.kernel.is_master = cards.is_master = False  # somebody took it by force
    for _ in range(2):
        page.look()
    while_taken = page.wrong
    cards.kernel.is_master = cards.is_master = True
    for _ in range(6):
        page.look()

    assert "somebody else" in while_taken
    assert not page.wrong
    assert on_glass(cards.kernel).pixels == wanted("K007", "400-123").pixels
    page.leave()


@pytest.mark.parametrize(
    "size", [(320, 240), (480, 320), HD, (1920, 1080), (720, 1280)]
)
def test_the_line_below_the_picture_fits_every_display(size: tuple[int, int]) -> None:
    bare = first_page(FirstPicture.OUT_OF_SERVICE, size)

    lettered = lettered_page(FirstPicture.OUT_OF_SERVICE, ["K007", "1"], size)

    assert (lettered.width, lettered.height) == size
    assert len(lettered.pixels) == len(bare.pixels)
    assert lettered.pixels != bare.pixels
    rows = [
        y
        for y in range(size[1])
        if lettered.pixels[y * size[0] * 4 :][: size[0] * 4]
        != bare.pixels[y * size[0] * 4 :][: size[0] * 4]
    ]
    assert min(rows) > size[1] // 2


def test_letters_without_a_picture_and_a_line_too_long_cost_no_page() -> None:
    bare = first_page(FirstPicture.OUT_OF_SERVICE, HD)

    assert lettered_page(FirstPicture.OUT_OF_SERVICE, ["电话"], HD) == bare
    assert lettered_page(FirstPicture.OUT_OF_SERVICE, ["", " "], HD) == bare
    assert lettered_page(FirstPicture.OUT_OF_SERVICE, [LETTERS * 9], HD) == bare


def test_a_package_without_its_letters_still_has_the_picture(tmp_path: Path) -> None:
    folder = Path(first_page.__code__.co_filename).with_name("pictures")
    picture = (folder / "out_of_service.z").read_bytes()
    (tmp_path / "out_of_service.z").write_bytes(picture)
    bare = first_page(FirstPicture.OUT_OF_SERVICE, HD)

    for content in (None, b"", b"\1\0\1\0\xff\0\0\0x"):
        if content is not None:
            (tmp_path / "letters.z").write_bytes(content)
        made = lettered_page(FirstPicture.OUT_OF_SERVICE, ["K007"], HD, tmp_path)
        assert made == bare
