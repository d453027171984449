"""
The pins of a header, opened with gpiozero, and what is in the way in words.

1. gpiozero's own factories open a chip by its number, and nothing but a Raspberry Pi:
   ours (:mod:`kiosk.wiring.pins`) has the chip that was found by its label.
2. gpiozero is imported by the first that opens pins, and by nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from importlib import import_module, metadata
from typing import Any, Final, Protocol

from kiosk.wheels import make_importable
from kiosk.wiring.chips import Chip, Chips
from kiosk.wiring.unusable import Unusable


OLDEST_MAJOR: Final = 2
INSTALL: Final = (
    "on Raspberry Pi OS: apt install python3-gpiozero; elsewhere: the package "
    "kiosk-wheels has it, or pip install 'gpiozero>=2'"
)

Changed = Callable[[float, int], None]
"""Gets the time of the monotonic clock in seconds, and the level; on a thread of the pins."""


class Pin(Protocol):
    """What we use of a gpiozero pin."""

    function: str
    pull: str
    edges: str
    state: Any
    when_changed: Changed | None

    def output_with_state(self, state: object) -> None:
        """Drive it from now on, to begin with high or low."""
        ...


class Factory(Protocol):
    """What we use of a gpiozero pin factory."""

    def pin(self, name: str) -> Any:
        """Return a pin by its name, such as ``GPIO17``."""
        ...

    def close(self) -> None:
        """Give all pins back."""
        ...


def check_library(installed: Callable[[str], str] = metadata.version) -> None:
    """
    See that gpiozero is there, and new enough.

    Raises:
        Unusable: It is missing, or too old.

    """
    try:
        version = installed("gpiozero")
    except metadata.PackageNotFoundError as error:
        raise Unusable("gpiozero", "is not installed", INSTALL) from error
    major = version.partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST_MAJOR:
        cause = f"is version {version}, whose pins are made otherwise"
        cure = "Debian's 1.6.2 is too old, 2.0 or newer is needed: pip install "
        raise Unusable("gpiozero", cause, f"{cure}'gpiozero>=2'")


def kernel_factory(chips: Chips, chip: Chip) -> Factory:
    """
    Return a gpiozero factory on the lines of that chip.

    Raises:
        Unusable: gpiozero is missing, or too old.

    """
    make_importable({"gpiozero": str(OLDEST_MAJOR)})
    check_library()
    try:
        pins = import_module("kiosk.wiring.pins")
    except ImportError as error:
        raise Unusable("gpiozero", f"cannot be loaded: {error}", INSTALL) from error
    factory: Factory = pins.KernelFactory(chips, chip)
    return factory


class Board:
    """
    Open pins.

    Args:
        factory: gpiozero's.
        is_there: Whether the chip still is.
        holder: Says who holds a line.

    """

    def __init__(
        self,
        factory: Factory,
        is_there: Callable[[], bool] = lambda: True,
        holder: Callable[[int], str | None] = lambda _: None,
    ) -> None:
        self._factory = factory
        self.is_there = is_there
        self._holder = holder

    def pin(self, number: int) -> Pin:
        """
        Return a pin, claimed as an input.

        Raises:
            Unusable: Somebody else holds it, or there is no such pin.

        """
        with self.translating(number):
            pin: Pin = self._factory.pin(f"GPIO{number}")
            return pin

    @contextmanager
    def translating(self, number: int) -> Generator[None]:
        """Raise the vendor's errors at a pin as :exc:`Unusable`."""
        where = f"GPIO {number}"
        try:
            yield
        except Unusable:
            raise
        except Exception as error:
            words = _words(error)
            if words is None:
                raise
            holder = self._holder(number)
            if "busy" in words and holder is not None:
                cause = f'is in use by "{holder}"'
                cure = f'end what calls itself "{holder}" (gpioinfo), or use another'
                raise Unusable(where, cause, f"{cure} pin") from error
            cure = "is it a pin of this board's header (pinout)?"
            raise Unusable(where, words, cure) from error

    def close(self) -> None:
        """Give all pins back; a chip that is gone is no error."""
        try:
            self._factory.close()
        except Exception as error:
            if _words(error) is None:
                raise


class Header:
    """
    The pins of this machine's header.

    Args:
        label: Of the chip; ``None`` is a Raspberry Pi's own.
        chips: Finds it.
        make_factory: Has the pins of a chip.

    """

    def __init__(
        self,
        label: str | None = None,
        *,
        chips: Chips | None = None,
        make_factory: Callable[[Chips, Chip], Factory] = kernel_factory,
    ) -> None:
        self._label = label
        self._chips = chips or Chips()
        self._make_factory = make_factory

    def look(self) -> str:
        """
        Return the label of the chip, without claiming anything.

        Raises:
            Unusable: There is none, or the library is missing.

        """
        chip = self._chips.find(self._label)
        if self._make_factory is kernel_factory:
            check_library()
        return chip.label

    def open(self) -> Board:
        """
        Open the chip.

        Raises:
            Unusable: There is none, it may not be opened, or the library is missing.

        """
        chip = self._chips.find(self._label)
        factory = self._make_factory(self._chips, chip)
        return Board(factory, chip.is_there, self._holder_on(chip))

    def _holder_on(self, chip: Chip) -> Callable[[int], str | None]:
        def holder(line: int) -> str | None:
            with suppress(Unusable):
                return self._chips.holder(chip, line)
            return None

        return holder


def _words(error: Exception) -> str | None:
    """Return what gpiozero or the kernel says; ``None``: neither of them raised it."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    is_theirs = type(error).__module__.partition(".")[0] == "gpiozero"
    return str(error) if is_theirs else None
