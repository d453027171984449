"""The kernel's GPIO chips: found by label, asked who holds a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.wiring import Unusable
from kiosk.wiring.chips import Chips
from tests.fakes.gpio_kernel import FakeGpioKernel
from tests.fakes.leaks import open_descriptors


@pytest.fixture
def kernel(tmp_path: Path) -> FakeGpioKernel:
    return FakeGpioKernel(tmp_path)


def test_a_chip_is_found_by_its_label_whatever_its_number(
    kernel: FakeGpioKernel,
) -> None:
    kernel.add("gpiochip0", "gpio-brcmstb@107d508500")
    kernel.add("gpiochip4", "pinctrl-rp1")

    assert kernel.chips().find().node.name == "gpiochip4"
    assert kernel.chips().find("gpio-brcmstb@107d508500").node.name == "gpiochip0"


def test_a_chip_that_is_not_there_is_told_with_those_that_are(
    kernel: FakeGpioKernel,
) -> None:
    kernel.add("gpiochip0", "INT33FF:00")

    with pytest.raises(Unusable, match="gpiochip0 is INT33FF:00") as caught:
        kernel.chips().find()
    assert "chip =" in caught.value.cure


def test_a_node_that_may_not_be_opened_is_told_with_its_group(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(Unusable, match="may not open it") as caught:
        Chips(tmp_path, denied).find()
    assert "usermod -aG gpio" in caught.value.cure
    assert caught.value.where.endswith("gpiochip0")


def test_a_node_that_answers_nothing_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()

    with pytest.raises(Unusable, match="no GPIO chip at all"):
        Chips(tmp_path).find()


def test_the_holder_of_a_line_is_named(kernel: FakeGpioKernel) -> None:
    kernel.add()
    kernel.holders |= {17: "spi0 CS1", 18: ""}
    chips = kernel.chips()
    chip = chips.find()

    assert chips.holder(chip, 17) == "spi0 CS1"
    assert chips.holder(chip, 18) == "the kernel"
    assert chips.holder(chip, 27) is None


def test_a_line_that_the_chip_does_not_have_is_told(kernel: FakeGpioKernel) -> None:
    kernel.add()
    chips = kernel.chips()
    chip = chips.find()

    with pytest.raises(Unusable, match="GPIO 54: pinctrl-bcm2711 has 54 lines"):
        chips.holder(chip, 54)
    kernel.remove()
    with pytest.raises(Unusable, match="cannot be asked"):
        chips.holder(chip, 17)


def test_a_chip_is_another_one_when_its_node_was_made_anew(
    kernel: FakeGpioKernel, tmp_path: Path
) -> None:
    kernel.add()
    chip = kernel.chips().find()
    seen = [chip.is_there()]
    (tmp_path / "other").touch()
    (tmp_path / "other").rename(tmp_path / "gpiochip0")
    seen.append(chip.is_there())
    kernel.remove()
    seen.append(chip.is_there())

    assert seen == [True, False, False]


def test_looking_opens_nothing_for_good(kernel: FakeGpioKernel) -> None:
    kernel.add()
    before = open_descriptors()

    for _ in range(10):
        kernel.chips().find()

    assert open_descriptors() == before
