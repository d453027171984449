"""
Which connector to light, and in which mode: a choice from what is connected.

Pure: what the card found goes in, the choice comes out.  A bench of modes of
one television is long and often begins with 4K at 30 Hz, which no board of ours
should scan out; so the board's own mode comes before the panel's preference.

It must not import anything heavy: it runs before the first pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.display.objects import Connector, Mode


SMALL_BOARDS: Final = (
    "Raspberry Pi 3",
    "Raspberry Pi Zero 2",
    "Raspberry Pi Compute Module 3",
)
"""
Boards whose display pipeline has a budget: 720p60 needs 100 of 240 MHz there,
1080p60 up to 256 (drivers/gpu/drm/vc4/vc4_kms.c, vc4_load_tracker_atomic_check).
"""
LARGE_BOARDS: Final = (
    "Raspberry Pi 4",
    "Raspberry Pi 5",
    "Raspberry Pi Compute Module 4",
    "Raspberry Pi Compute Module 5",
)
RATE: Final = 60.0
"""Hertz; also for film of 30, each waits half as long for its vblank."""
_CLOSE: Final = 1.0
_LAST_RESORT: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What the configuration asks for; nothing is "choose yourself".

    Attributes:
        connector: Its name.
        size: Width and height in pixels.
        rate: Pictures a second, with a size only.

    """

    connector: str = ""
    size: tuple[int, int] | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """
    What to light.

    Attributes:
        compromise: What was wished for and is not to be had, or empty.

    """

    connector: Connector
    mode: Mode
    compromise: str = ""


def choose_output(
    connectors: Iterable[Connector], wish: Wish, board: str = ""
) -> Output | None:
    """
    Return what to light; ``None`` when nothing that can be lit is connected.

    A wish that cannot be had gives way to what can, and is named: a kiosk with
    a wrong screen says more than one without any.

    Args:
        connectors: What the card found.
        wish: What is configured.
        board: ``/proc/device-tree/model``, or empty.

    """
    usable = [
        each for each in connectors if each.is_connected and each.modes and each.crtcs
    ]
    if not usable:
        return None
    named = [each for each in usable if each.name == wish.connector]
    connector = (named or usable)[0]
    mode = _wished_mode(connector.modes, wish)
    missing: list[str] = []
    if wish.connector and not named:
        missing.append(f"nothing is connected to {wish.connector}")
    if mode is None and wish.size is not None:
        missing.append(f"{connector.name} has no mode {_wished_name(wish)}")
    chosen = mode or _usual_mode(connector.modes, board)
    return Output(connector, chosen, "; ".join(missing))


def what_is_missing(connectors: Sequence[Connector]) -> str:
    """Say why nothing can be lit, in words for a technician."""
    if not connectors:
        return "the card has no connector for a display"
    names = ", ".join(each.name for each in connectors)
    if any(each.is_connected for each in connectors):
        return f"the display at {names} offers no mode"
    return f"no display is connected to {names}"


def _wished_mode(modes: Sequence[Mode], wish: Wish) -> Mode | None:
    if wish.size is None:
        return None
    of_size = [mode for mode in modes if (mode.width, mode.height) == wish.size]
    rate = RATE if wish.rate is None else wish.rate
    best = min(of_size, key=lambda mode: abs(mode.refresh_hz - rate), default=None)
    if best is None or (wish.rate is not None and abs(best.refresh_hz - rate) > _CLOSE):
        return None
    return best


def _wished_name(wish: Wish) -> str:
    width, height = wish.size or _LAST_RESORT
    return f"{width}x{height}" + ("" if wish.rate is None else f"@{wish.rate:.4g}")


def _usual_mode(modes: Sequence[Mode], board: str) -> Mode:
    of_board = _wished_mode(modes, Wish(size=_size_of(board), rate=RATE))
    preferred = next((mode for mode in modes if mode.is_preferred), modes[0])
    return of_board or preferred


def _size_of(board: str) -> tuple[int, int] | None:
    if board.startswith(SMALL_BOARDS):
        return (1280, 720)
    if board.startswith(LARGE_BOARDS):
        return (1920, 1080)
    return None
