"""Opening pins: what is missing, too old or in use is said in words that help."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from kiosk.wiring import Board, Header, Unusable
from kiosk.wiring.header import check_library
from tests.fakes.gpio_kernel import FakeGpioKernel


@pytest.fixture
def kernel(tmp_path: Path) -> FakeGpioKernel:
    kernel = FakeGpioKernel(tmp_path)
    kernel.add()
    return kernel


@pytest.mark.parametrize(("held_by", "named"), [("spi0 CS1",) * 2, ("", "the kernel")])
def test_a_pin_in_use_is_told_with_the_name_of_who_holds_it(
    kernel: FakeGpioKernel, held_by: str, named: str
) -> None:
    kernel.holders = {17: held_by}
    board = Header(chips=kernel.chips()).open()

    with pytest.raises(Unusable, match=f'GPIO 17: is in use by "{named}"') as caught:
        board.pin(17)
    assert "another pin" in caught.value.cure
    board.close()


def test_a_pin_that_is_the_kiosks_own_already_is_told(kernel: FakeGpioKernel) -> None:
    header = Header(chips=kernel.chips())
    lamps, buttons = header.open(), header.open()
    lamps.pin(17)

    with pytest.raises(Unusable, match='GPIO 17: is in use by "kiosk"'):
        buttons.pin(17)
    lamps.close()
    assert buttons.pin(17).function == "input"
    buttons.close()


def test_a_pin_that_the_board_does_not_have_is_told(kernel: FakeGpioKernel) -> None:
    board = Header(chips=kernel.chips()).open()

    with pytest.raises(Unusable, match="GPIO 40: GPIO40 is not a valid") as caught:
        board.pin(40)
    assert "pinout" in caught.value.cure


def test_a_chip_that_goes_before_its_pins_are_opened_is_told(
    kernel: FakeGpioKernel,
) -> None:
    board = Header(chips=kernel.chips()).open()
    kernel.remove()

    with pytest.raises(Unusable, match="GPIO 17: No such file or directory"):
        board.pin(17)
    assert not board.is_there()
    board.close()


class BrokenFactory:
    """A factory that has a fault of its own."""

    def pin(self, name: str) -> Any:
        raise ZeroDivisionError

    def close(self) -> None:
        raise ZeroDivisionError


def test_a_fault_of_our_own_is_not_taken_for_one_of_the_wires() -> None:
    board = Board(BrokenFactory())

    with pytest.raises(ZeroDivisionError):
        board.pin(17)
    with pytest.raises(ZeroDivisionError):
        board.close()


def test_a_chip_that_complains_at_the_end_is_no_error() -> None:
    class Gone(BrokenFactory):
        @override
        def close(self) -> None:
            raise OSError(19, "No such device")

    Board(Gone()).close()


def versions(**known: str) -> Callable[[str], str]:
    def installed(package: str) -> str:
        if package not in known:
            raise PackageNotFoundError(package)
        return known[package]

    return installed


@pytest.mark.parametrize(
    ("known", "cause", "cure"),
    [
        ({}, "gpiozero: is not installed", "apt install python3-gpiozero"),
        ({"gpiozero": "1.6.2"}, "whose pins are made otherwise", "Debian's"),
        ({"gpiozero": "dev"}, "is version dev", "gpiozero>=2"),
    ],
)
def test_a_library_that_is_missing_or_too_old_is_named_with_what_to_install(
    known: dict[str, str], cause: str, cure: str
) -> None:
    with pytest.raises(Unusable, match=cause) as caught:
        check_library(versions(**known))
    assert cure in caught.value.cure


def test_the_library_of_this_machine_fits() -> None:
    check_library()


def test_looking_claims_no_pin(kernel: FakeGpioKernel) -> None:
    assert Header(chips=kernel.chips()).look() == "pinctrl-bcm2711"
    assert kernel.claimed == 0
