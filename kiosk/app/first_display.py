"""
The display before everything else: the first picture stands within a tenth of a
second, then the rest is loaded; and where the rest cannot be, it says so.

1. Only the standard library and :mod:`kiosk.display` are imported.  ``[display]`` is
   read as it is written, before anybody judges the configuration.
2. A configuration that cannot be read says nothing about the display: then a card
   that is there is taken, for the people in front of it should read that they are to
   go to the counter.
3. The card may come from a predecessor that crashed.  Its last picture, somebody's
   face perhaps, is replaced by the first commit.
"""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from kiosk.config import layers
from kiosk.config.documents import Unreadable, merge, read_document
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.init_notify import NotifyInit, kept_descriptors
from kiosk.display.drm import DrmDisplay
from kiosk.display.first_pictures import FirstPicture, first_page
from kiosk.display.node import Kernel, Node, open_node
from kiosk.display.outputs import Wish, choose_output
from kiosk.display.rotation import ROTATIONS, RotatedDisplay
from kiosk.display.terminal import Terminal
from kiosk.errors import DeviceError, words_of
from kiosk.ports import Display, Init, Layer


if TYPE_CHECKING:
    from kiosk.display.hotplug import DisplayNews

KEPT_AS: Final = "drm"
"""Name of the card's descriptor in the supervisor's store."""
KIND: Final = "drm"
FAKE: Final = "fake-drm"
"""A card that is none, with all the rules of a driver."""
NO_WISH: Final = Wish()
BOARD: Final = Path("/proc/device-tree/model")
ROOT: Final = Path("/")

log = logging.getLogger(__name__)


def _of_the_kernel() -> DisplayNews:
    # It brings asyncio, which the first pixel does not wait for.
    from kiosk.display.hotplug import DisplayNews  # noqa: PLC0415

    return DisplayNews()


@dataclass(frozen=True, slots=True)
class Kernels:
    """
    Where cards come from.

    Attributes:
        open: Opens a node, or the first that drives a display.
        adopt: Takes over a descriptor that was handed to us.
        news: Tells when something is plugged in or out.

    """

    open: Callable[[str | None], Kernel] = open_node
    adopt: Callable[[int], Kernel] = lambda fd: Node(fd, f"descriptor {fd}")
    news: Callable[[], DisplayNews] = _of_the_kernel


@dataclass(frozen=True, slots=True)
class DisplayPlan:
    """
    What ``[display]`` says, as far as it can be made out.

    Attributes:
        path: The card's node; None: whichever drives a display.
        driver: Of a card that is none, or empty.
        is_certain: Whether the configuration really asks for a card.

    """

    path: str | None = None
    driver: str = ""
    rotation: int = 0
    wish: Wish = NO_WISH
    is_certain: bool = True


class FirstDisplay:
    """
    A card's display with its first picture.

    Attributes:
        card: The display as it is wired.
        display: As people see it, turned where that is configured.
        plan: What it was lit after.
        kernels: Where its card came from, and news of plugs come from.
        is_inherited: Whether a predecessor's card was taken over.
        wrong: Why it could not be opened, or empty.
        terminal: The console below it, which a service takes.

    """

    def __init__(
        self,
        card: DrmDisplay,
        display: Display,
        *,
        plan: DisplayPlan,
        kernels: Kernels,
        is_inherited: bool,
    ) -> None:
        self.card = card
        self.display = display
        self.plan = plan
        self.kernels = kernels
        self.is_inherited = is_inherited
        self.wrong = "it is not open"
        self.terminal = Terminal()

    def open(self, picture: FirstPicture) -> None:
        """Open it and show a picture, or note what is wrong; may be repeated."""
        try:
            self.display.open()
        except DeviceError as error:
            self.wrong = str(error)
        else:
            self.wrong = ""
            self.show(picture)

    def show(self, picture: FirstPicture) -> None:
        """Put a picture over all that is there."""
        self.display.show(Layer.BASE, first_page(picture, self.display.size))
        for layer in Layer:
            if layer is not Layer.BASE:
                self.display.hide(layer)

    def have_kept(self, init: Init) -> None:
        """Have the card's descriptor outlive this process, as early as can be."""
        kernel = self.card.kernel
        if kernel is not None:
            init.keep(KEPT_AS, kernel.fileno())

    def give_up(self) -> None:
        """Say that this kiosk is out of service, and leave that on the glass."""
        if not self.wrong:
            self.show(FirstPicture.OUT_OF_SERVICE)
            self.card.close(stay_lit=True)


def light_first_display(
    file: Path | None, kernels: Kernels | None = None
) -> FirstDisplay | None:
    """Light what is configured, with what systemd kept of a predecessor."""
    kept = kept_descriptors(os.environ, os.getpid())
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)  # told to us, not to what we start
    plan = plan_of(file)
    if plan is None and KEPT_AS in kept:
        os.close(kept[KEPT_AS])  # the configuration has changed
    first = open_first_display(plan, kept, kernels)
    supervisor = os.environ.get("NOTIFY_SOCKET")
    if supervisor and first is not None:
        first.terminal.take()
    if supervisor and (first is None or not first.is_inherited):
        init = NotifyInit(supervisor)
        if KEPT_AS in kept:  # else what a predecessor showed stays on the glass
            init.forget(KEPT_AS)
        if first is not None:
            first.have_kept(init)
    return first


def open_first_display(
    plan: DisplayPlan | None,
    kept: Mapping[str, int],
    kernels: Kernels | None = None,
    board: Path = BOARD,
) -> FirstDisplay | None:
    """
    Light the display with "one moment"; ``None`` where it is no card's.

    Args:
        plan: See :func:`plan_of`.
        kept: Descriptors of a predecessor, by name.
        kernels: Where cards come from.
        board: Where the machine says what it is.

    """
    if plan is None:
        return None
    kernels = kernels or Kernels()
    inherited = _inherited(kept, kernels)
    card = card_of(plan, kernels, inherited, board)
    display: Display = card
    if plan.rotation:
        display = RotatedDisplay(card, plan.rotation, turn_over=card.turn_over)
    first = FirstDisplay(
        card,
        display,
        plan=plan,
        kernels=kernels,
        is_inherited=inherited is not None,
    )
    first.open(FirstPicture.STARTING)
    if first.wrong and first.is_inherited:
        log.warning("a predecessor's card is of no use", extra={"reason": first.wrong})
        first.is_inherited = False
        first.open(FirstPicture.STARTING)
    if first.wrong and not plan.is_certain:
        log.info("no card to say it on", extra={"reason": first.wrong})
        return None
    return first


def card_of(
    plan: DisplayPlan,
    kernels: Kernels | None = None,
    inherited: Kernel | None = None,
    board: Path = BOARD,
) -> DrmDisplay:
    """Return a plan's display, not open yet; see :func:`open_first_display`."""
    model = _board(board)
    return DrmDisplay(
        MonotonicClock(),
        _opener(plan, kernels or Kernels()),
        lambda connectors: choose_output(connectors, plan.wish, model),
        fallback_size=plan.wish.size or (1280, 720),
        inherited=inherited,
        settle_s=0.0,  # whoever looks after it tries again
    )


def plan_of(file: Path | None, root: Path = ROOT) -> DisplayPlan | None:
    """
    Return what is configured, or None where no card is asked for.

    Args:
        file: Read only this file instead of the layers.
        root: Directory that the layers are looked for in.

    """
    paths = (file,) if file else layers.find_files(layers.KIOSK, root).files
    try:
        table = merge(map(read_document, paths)).table
    except (Unreadable, OSError, tomllib.TOMLDecodeError):
        return DisplayPlan(is_certain=False)
    return plan_in(table.get("display", {}))


def plan_in(section: object) -> DisplayPlan | None:
    """Return what a ``[display]`` table asks for; what is wrong in it is left out."""
    if not isinstance(section, dict):
        return DisplayPlan(is_certain=False)
    keys = cast("dict[str, object]", section)
    kind, _, argument = str(keys.get("device", "")).partition(":")
    if kind not in {KIND, FAKE}:
        return None
    rotation = keys.get("rotation", 0)
    return DisplayPlan(
        argument or None if kind == KIND else None,
        argument if kind == FAKE else "",
        rotation if isinstance(rotation, int) and rotation in ROTATIONS else 0,
        wish_of(str(keys.get("connector") or ""), str(keys.get("mode") or "")),
    )


def wish_of(connector: str, mode: str) -> Wish:
    """Return what a connector's and a mode's text ask for; ``1280x720@60``."""
    size, _, rate = mode.partition("@")
    try:
        width, height = map(int, size.split("x"))
        return Wish(connector, (width, height), float(rate) if rate else None)
    except ValueError:
        return Wish(connector)


def _inherited(kept: Mapping[str, int], kernels: Kernels) -> Kernel | None:
    if KEPT_AS not in kept:
        return None
    try:
        return kernels.adopt(kept[KEPT_AS])
    except OSError as error:
        reason = {"reason": words_of(error)}
        log.warning("a predecessor's card cannot be taken over", extra=reason)
        return None


def _opener(plan: DisplayPlan, kernels: Kernels) -> Callable[[], Kernel]:
    return (
        partial(_fake, plan.driver) if plan.driver else partial(kernels.open, plan.path)
    )


def _fake(driver: str) -> Kernel:
    from kiosk.display.testing import PROFILES  # noqa: PLC0415 -- rarely wanted
    from kiosk.display.testing.paced import paced_kernel  # noqa: PLC0415

    if driver not in PROFILES:
        reason = f"there is no such driver; choose of {', '.join(PROFILES)}"
        raise DeviceError("display", f"{FAKE}:{driver}", reason)
    return paced_kernel(driver)


def _board(path: Path) -> str:
    try:
        return path.read_bytes().rstrip(b"\0").decode("ascii", "replace")
    except OSError:
        return ""
