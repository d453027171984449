"""The display before everything else: what is configured, lit, given up, tried again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.app.first_display import (
    DisplayPlan,
    FirstDisplay,
    Kernels,
    open_first_display,
    plan_in,
    plan_of,
    wish_of,
)
from kiosk.display.first_pictures import FirstPicture, first_page
from kiosk.display.node import Kernel
from kiosk.display.outputs import Wish
from kiosk.display.testing import PROFILES, FakeKernel
from kiosk.errors import DeviceError
from kiosk.ports import Layer, PageFrame
from tests.fakes.frames import grey_frame


HD = Wish(size=(1280, 720))


class HeldElsewhere(FakeKernel):
    """A card of whose descriptor somebody has a duplicate."""

    @override
    def close(self) -> None:
        """It stays open."""


def lit(kernel: FakeKernel, plan: DisplayPlan, *, kept: bool = False) -> FirstDisplay:
    kernels = Kernels(open=lambda _: kernel, adopt=lambda _: kernel)
    inherited = {"drm": 99} if kept else {}
    first = open_first_display(plan, inherited, kernels, Path("/nowhere"))
    assert first is not None
    return first


def page_on(kernel: FakeKernel) -> PageFrame:
    """Return what the one plane that is on fetches."""
    (plane,) = kernel.shown()
    framebuffer = plane.framebuffer
    ((memory, pitch, offset),) = framebuffer.planes
    width, height = framebuffer.width, framebuffer.height
    rows = [memory.bytes[offset + y * pitch :][: width * 4] for y in range(height)]
    return PageFrame(width, height, b"".join(rows))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("rotation", [0, 90])
def test_the_first_picture_is_lit_by_every_driver(profile: str, rotation: int) -> None:
    kernel = FakeKernel(profile, modes=((1280, 720, 60),), is_self_paced=True)

    first = lit(kernel, DisplayPlan(rotation=rotation))

    size = first.display.size
    assert size == ((720, 1280) if rotation else (1280, 720))
    assert not first.wrong
    page = first_page(FirstPicture.STARTING, size)
    if not rotation:
        assert page_on(kernel).pixels == page.pixels
    assert len(kernel.shown()) == 1
    first.display.close()


def test_the_first_picture_waits_for_no_library() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from kiosk.app.first_display import DisplayPlan, Kernels, open_first_display\n"
        "from kiosk.display.testing import PROFILES, FakeKernel\n"
        "for name in PROFILES:\n"
        "    kernel = FakeKernel(name, is_self_paced=True)\n"
        "    kernels = Kernels(open=lambda _: kernel)\n"
        "    first = open_first_display(DisplayPlan(), {}, kernels, Path('/none'))\n"
        "    assert first is not None and not first.wrong, (name, first.wrong)\n"
        "    first.card.close()\n"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(Path.cwd())],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_what_a_predecessor_showed_is_covered_by_the_first_commit() -> None:
    kernel = FakeKernel("vc4-gen4", modes=((1280, 720, 60),), is_self_paced=True)
    before = lit(kernel, DisplayPlan())
    before.display.show(Layer.BASE, grey_frame(size=(640, 360)))
    before.display.show(Layer.PIP, grey_frame(size=(64, 36)))
    stale = set(kernel.memories.framebuffers)
    assert len(kernel.shown()) == 2
    commits = kernel.commits

    first = lit(kernel, DisplayPlan(), kept=True)

    assert first.is_inherited
    assert kernel.commits == commits + 1
    assert (
        page_on(kernel).pixels == first_page(FirstPicture.STARTING, (1280, 720)).pixels
    )
    first.card.look()
    assert not stale & set(kernel.memories.framebuffers)
    first.display.close()


def test_a_kiosk_that_gives_up_leaves_that_on_the_glass() -> None:
    kernel = HeldElsewhere("vc4-gen4", modes=((1280, 720, 60),), is_self_paced=True)
    first = lit(kernel, DisplayPlan())

    first.give_up()

    left = first_page(FirstPicture.OUT_OF_SERVICE, (1280, 720))
    assert page_on(kernel).pixels == left.pixels
    FakeKernel.close(kernel)


def test_a_card_that_is_not_there_yet_is_noted_and_tried_again() -> None:
    kernel = FakeKernel("vc4-gen4", is_self_paced=True)
    answers: list[Kernel | None] = [None, None, kernel]

    def open_card(_: str | None) -> Kernel:
        answer = answers.pop(0)
        if answer is None:
            raise DeviceError("display", "/dev/dri", "there is no card")
        return answer

    first = open_first_display(DisplayPlan(), {}, Kernels(open=open_card))
    assert first is not None
    assert "there is no card" in first.wrong
    first.give_up()  # and nothing happens

    first.open(FirstPicture.STARTING)
    assert first.wrong
    first.open(FirstPicture.STARTING)

    assert not first.wrong
    assert kernel.shown()
    first.display.close()


@pytest.mark.parametrize("kept", ["no card", "closed"])
def test_what_a_predecessor_left_and_is_of_no_use_is_no_reason_to_stay_dark(
    kept: str,
) -> None:
    kernel = FakeKernel("vc4-gen4", modes=((1280, 720, 60),), is_self_paced=True)
    reading, writing = os.pipe()
    os.close(writing)
    if kept == "closed":
        os.close(reading)
    kernels = Kernels(open=lambda _: kernel)

    first = open_first_display(DisplayPlan(), {"drm": reading}, kernels)

    assert first is not None
    assert not first.wrong
    assert not first.is_inherited  # so the new one is kept in its place
    assert kernel.shown()
    first.display.close()


def test_without_a_card_a_configuration_that_cannot_be_read_gets_no_display() -> None:
    def no_card(_: str | None) -> Kernel:
        raise DeviceError("display", "/dev/dri", "there is no card")

    plan = DisplayPlan(is_certain=False)

    assert open_first_display(plan, {}, Kernels(open=no_card)) is None
    assert open_first_display(None, {}) is None


@pytest.mark.parametrize(
    ("section", "plan"),
    [
        ({}, None),
        ({"device": "headless", "rotation": 90}, None),
        ({"device": "drm"}, DisplayPlan()),
        ({"device": "drm:/dev/dri/card1"}, DisplayPlan("/dev/dri/card1")),
        ({"device": "fake-drm:vkms-new"}, DisplayPlan(driver="vkms-new")),
        ({"device": "drm", "rotation": 270}, DisplayPlan(rotation=270)),
        ({"device": "drm", "rotation": 45}, DisplayPlan()),
        ({"device": "drm", "rotation": "90"}, DisplayPlan()),
        (
            {"device": "drm", "connector": "DSI-1", "mode": "800x480"},
            DisplayPlan(wish=Wish("DSI-1", (800, 480))),
        ),
        ("no table", DisplayPlan(is_certain=False)),
    ],
)
def test_a_display_section_is_read_as_it_is_written(
    section: object, plan: DisplayPlan | None
) -> None:
    assert plan_in(section) == plan


@pytest.mark.parametrize(
    ("mode", "wish"),
    [
        ("1280x720@60", Wish(size=(1280, 720), rate=60.0)),
        ("1920x1080@59.94", Wish(size=(1920, 1080), rate=59.94)),
        ("1280x720", HD),
        ("", Wish()),
        ("large", Wish()),
        ("1280x720@fast", Wish()),
    ],
)
def test_a_mode_is_a_size_and_perhaps_a_rate(mode: str, wish: Wish) -> None:
    assert wish_of("", mode) == wish


def test_the_plan_comes_from_the_layers_of_the_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "etc/kiosk/conf.d"
    folder.mkdir(parents=True)
    (tmp_path / "etc/kiosk/kiosk.toml").write_text('[display]\ndevice = "drm"\n')
    (folder / "60-site.toml").write_text("[display]\nrotation = 90\n")

    assert plan_of(None, tmp_path) == DisplayPlan(rotation=90)


@pytest.mark.parametrize("text", ["[display\n", '\xff = "', 'display = "drm"'])
def test_a_configuration_that_cannot_be_read_may_have_a_card(
    text: str, tmp_path: Path
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(text, "latin-1")

    assert plan_of(file) == DisplayPlan(is_certain=False)
    assert plan_of(tmp_path / "absent.toml") == DisplayPlan(is_certain=False)


def test_no_configuration_at_all_asks_for_no_card(tmp_path: Path) -> None:
    assert plan_of(None, tmp_path) is None


def test_a_card_that_is_none_is_lit_by_its_driver() -> None:
    first = open_first_display(DisplayPlan(driver="vkms-new", wish=HD), {})
    assert first is not None

    assert first.card.output is not None
    assert first.display.size == (1280, 720)
    first.display.close()


def test_a_driver_that_nobody_knows_is_named_with_those_there_are() -> None:
    first = open_first_display(DisplayPlan(driver="vga"), {})
    assert first is not None

    assert "choose of vc4-gen4" in first.wrong
