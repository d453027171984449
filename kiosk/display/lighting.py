"""
Which card and which display are lit, and how what is lost comes back.

Nothing here is an error of the program: displays are unplugged, others take them over,
cards go away.  Each is told once (:attr:`Lighting.missing`), and mended by whoever looks
next.  One thread at a time, but for ``missing``, ``stage`` and ``size``.
"""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from kiosk.display.card import Card, drop_stale_handles
from kiosk.display.composing import Pages
from kiosk.display.node import Kernel, refusal
from kiosk.display.objects import Connector
from kiosk.display.outputs import Output, what_is_missing
from kiosk.display.stage import Stage
from kiosk.display.uapi_numbers import Flag
from kiosk.errors import DeviceError
from kiosk.ports import Clock, Probe


OpenKernel = Callable[[], Kernel]
Choose = Callable[[Sequence[Connector]], Output | None]

NOT_OPEN: Final = "it is not open"
_NOT_OURS: Final = {errno.EACCES, errno.EPERM}

log = logging.getLogger(__name__)


class Lighting:
    """
    Holds the card and lights what is connected to it.

    Args:
        clock: For the stage.
        open_kernel: Opens the card; called again when it is gone.
        choose: What to light, of the connectors there are.
        fallback_size: Width and height while nothing is lit.
        inherited: The card as a predecessor left it, lit and with its memory.
        on_card: Called with each card that was taken.
        close_card: Closes a card once nobody looks at it.

    Attributes:
        stage: What is lit.
        missing: Why nothing can be seen, for a technician; empty while something is.
        size: Width and height of what is lit, or was last.
        pages: What is drawn again when something is lit anew.
        card: Taken; ``None`` while it is gone.

    """

    def __init__(
        self,
        clock: Clock,
        open_kernel: OpenKernel,
        choose: Choose,
        *,
        fallback_size: tuple[int, int],
        inherited: Kernel | None,
        on_card: Callable[[Kernel], None],
        close_card: Callable[[Kernel], None],
    ) -> None:
        self._clock = clock
        self._open_kernel = open_kernel
        self._choose = choose
        self._inherited = inherited
        self._on_card = on_card
        self._close_card = close_card
        self._lock = threading.RLock()
        self._lost: OSError | None = None
        self._stale: tuple[int, ...] = ()
        self._is_turned_over = False
        self.pages: Pages = {}
        self.card: Card | None = None
        self.stage: Stage | None = None
        self.missing = NOT_OPEN
        self.size = fallback_size

    @property
    def lit(self) -> Stage | None:
        """What can be shown on right now."""
        return None if self.missing else self.stage

    def probe(self) -> Probe:
        """Say what is there, without lighting it."""
        if self.card is None:
            return probe_card(self._open_kernel, self._choose)
        output = None if self.stage is None else self.stage.output
        name = "" if output is None else f" {output.connector.name} {output.mode.name}"
        return Probe(f"drm{name}", self.missing)

    def turn_over(self) -> bool:
        """Turn what is shown by 180 degrees, now and later; whether it can be now."""
        self._is_turned_over = True
        stage = self.stage
        return stage is not None and stage.turn_over()

    def take_card(self) -> None:
        """
        Open the card and become its master.

        Raises:
            DeviceError: If there is none, or somebody else owns it.

        """
        kernel, self._inherited = self._inherited, None
        is_inherited = kernel is not None
        kernel = kernel or self._open_kernel()
        try:
            card = Card(kernel)
            card.take_master()
            if is_inherited:
                self._stale = card.framebuffers()
                drop_stale_handles(kernel)
        except DeviceError:
            kernel.close()
            raise
        except OSError as error:
            kernel.close()
            raise refusal(kernel.name, error) from error
        self.card = card
        self._on_card(kernel)

    def read(self) -> None:
        """Read the events that are there; any thread."""
        stage, card = self.stage, self.card
        if stage is not None:
            stage.sender.look()
        elif card is not None:
            with suppress(OSError):
                card.flips()

    def light(self, *, probe: bool = True) -> None:
        """
        Light what is connected, if it is not lit already.

        Args:
            probe: Ask the monitors, which takes tens to hundreds of milliseconds; else
                what the kernel knows of them.

        """
        card = self.card
        if card is None:
            return
        try:
            connectors = card.connectors(probe=probe)
        except DeviceError as error:
            self.let_go(stay_lit=False)
            self._say(str(error))
            return
        output = self._choose(connectors)
        stage = self.stage
        if stage is not None and output is not None and _same(stage.output, output):
            return  # nothing is set anew: a flip may be on its way
        self._leave_stage()
        if output is None:
            self._say(what_is_missing(connectors))
            return
        self._raise_curtain(card, output)

    def _raise_curtain(self, card: Card, output: Output) -> None:
        try:
            stage = Stage(
                card,
                output,
                self.pages,
                lock=self._lock,
                clock=self._clock,
                on_lost=self._on_lost,
            )
        except OSError as error:
            self._on_lost(error)
            return
        stage.sender.replace_stale(self._stale)
        self._stale = ()
        self.size = stage.size
        if self._is_turned_over:
            stage.turn_over()
        if output.compromise:
            log.warning("display: %s", output.compromise)
        self.stage = stage
        self._say("")
        stage.redraw()

    def _on_lost(self, error: OSError) -> None:
        """Note that nothing can be shown; whoever looks next mends it."""
        self._lost = error
        if error.errno in _NOT_OURS:
            self._say("somebody else owns the display; stop it")
        else:
            self._say(str(refusal(self._name(), error)))

    def mend(self) -> None:
        """Try to get back what was lost; cheap when nothing was."""
        if self._is_unharmed():
            return
        error, self._lost = self._lost, None
        card = self.card
        if error is not None and card is not None and error.errno in _NOT_OURS:
            if not self._is_ours_again(card):
                self._lost = error
                return
            self._leave_stage()  # what it showed may be a face of long ago
        elif error is not None:
            self.let_go(stay_lit=False)
        if self.card is None:
            with suppress(DeviceError):
                self.take_card()
        if self.stage is None:
            self.light(probe=False)  # the event loop waits for no monitor

    def _is_unharmed(self) -> bool:
        """
        Look after what is lit, and see that it is: who took the card tells nobody.

        An empty test is refused whoever is not master, and bothers no driver.
        A screen on which nothing moves would not be missed before its clock goes on.
        """
        if self._lost is not None or self.card is None:
            return False
        if self.stage is not None:
            self.stage.sender.look()
            try:
                self.card.commit({}, Flag.ATOMIC_TEST_ONLY)
            except OSError as error:
                self._on_lost(error)
                return False
        return True

    def _is_ours_again(self, card: Card) -> bool:
        """
        Become master again, or take the card anew.

        Who did not open the descriptor himself cannot become master with it, and who
        opens the card while nobody is, is.
        """
        with suppress(DeviceError):
            card.take_master()
            return True
        try:
            kernel = self._open_kernel()
        except DeviceError:
            return False
        try:
            Card(kernel).take_master()
        except DeviceError:
            kernel.close()
            return False
        self.let_go(stay_lit=False)
        self._inherited = kernel
        return True

    def let_go(self, *, stay_lit: bool) -> None:
        """Close what is open of card and stage."""
        self._leave_stage(stay_lit=stay_lit)
        card, self.card = self.card, None
        if card is not None:
            if not stay_lit:
                # The supervisor's copy of the descriptor would own the display until
                # he closes it, which he does when he has time.
                card.drop_master()
            self._close_card(card.kernel)

    def _leave_stage(self, *, stay_lit: bool = False) -> None:
        stage, self.stage = self.stage, None
        if stage is not None:
            stage.sender.close(stay_lit=stay_lit)

    def _name(self) -> str:
        card = self.card
        return "the card" if card is None else card.kernel.name

    def _say(self, missing: str) -> None:
        """Note why nothing can be seen, and log it once."""
        if missing and missing != self.missing:
            log.error("display dark: %s", missing, extra={"code": DeviceError.code})
        self.missing = missing


def probe_card(
    open_kernel: OpenKernel,
    choose: Choose,
) -> Probe:
    """Say what a card is and what is connected to it, without lighting it."""
    try:
        kernel = open_kernel()
        try:
            card = Card(kernel)
            connectors = card.connectors(probe=False)
            found = f"drm {kernel.name} ({card.driver()})"
        finally:
            kernel.close()
    except DeviceError as error:
        return Probe("drm", str(error), "the message says it")
    output = choose(connectors)
    if output is None:
        cure = "plug a display in, or name another connector"
        return Probe(found, what_is_missing(connectors), cure)
    return Probe(f"{found} {output.connector.name} {output.mode.name}")


def _same(one: Output, other: Output) -> bool:
    return (one.connector.id, one.mode) == (other.connector.id, other.mode)
