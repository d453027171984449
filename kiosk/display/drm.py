"""
The display of a real kiosk: Linux' DRM/KMS, without X, Wayland or OpenGL.

It holds the card as long as it is open and lights what is connected.  What goes wrong
with the hardware is a state, told by :attr:`DrmDisplay.missing` and ``on_change``, not an
error: a display is unplugged, somebody else takes it over, the card goes away, and each
of them comes back.  Pages are drawn again then; video comes by itself.

Page flips are read by the event loop, from :meth:`DrmDisplay.follow_loop` on, and by
whoever shows something.  Nothing but the standard library is imported, and no event loop:
first pixels wait for nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from kiosk.display.frames import check_frame
from kiosk.display.lighting import NOT_OPEN, Choose, Lighting, OpenKernel
from kiosk.display.loop_reader import LoopReader
from kiosk.display.mailbox import LayerCounts
from kiosk.display.node import Kernel
from kiosk.display.outputs import Output
from kiosk.display.places import fitted
from kiosk.display.plan import Rung
from kiosk.display.present import HUNG_US
from kiosk.errors import DeviceError
from kiosk.ports import (
    Clock,
    DmabufFrame,
    Frame,
    Layer,
    Micros,
    PageFrame,
    Probe,
    Rect,
)


SETTLE_S: Final = 5.0
"""Device nodes and their rights come and go for seconds while a machine boots."""
_PAUSE_S: Final = 0.1


class DisplayHangs(RuntimeError):
    """A driver takes pictures and shows none: a fault of the machine, not of a call."""


def _nobody() -> None:
    """Tell nobody."""


class DrmDisplay:
    """
    Implements :class:`kiosk.ports.Display` on a card's planes.

    Args:
        clock: CLOCK_MONOTONIC, as the kernel's page flips have it.
        open_kernel: Opens the card; called again when it is gone.
        choose: What to light, of the connectors there are.
        fallback_size: Width and height while nothing is lit.
        inherited: The card as a predecessor left it, lit and with its memory.
        settle_s: How long :meth:`open` waits for a card.

    Attributes:
        on_change: Called when a display or the card came or went, on whatever thread
            saw it.

    """

    def __init__(
        self,
        clock: Clock,
        open_kernel: OpenKernel,
        choose: Choose,
        *,
        fallback_size: tuple[int, int] = (1280, 720),
        inherited: Kernel | None = None,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._settle_s = settle_s
        self.on_change: Callable[[], None] = _nobody
        self._held = threading.Lock()
        self._reader = LoopReader(self._on_readable, self.look)
        self._lighting = Lighting(
            clock,
            open_kernel,
            choose,
            fallback_size=fallback_size,
            inherited=inherited,
            on_card=self._reader.watch,
            close_card=self._reader.unwatch_and_close,
        )
        self._is_open = False
        self._told: tuple[bool, tuple[int, int], Kernel | None]
        self._told = False, fallback_size, None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is lit, or was last."""
        return self._lighting.size

    @property
    def output(self) -> Output | None:
        """Connector and mode that are lit."""
        stage = self._lighting.stage
        return None if stage is None else stage.output

    @property
    def rung(self) -> Rung | None:
        """The plan in use, see :mod:`kiosk.display.plan`."""
        stage = self._lighting.stage
        return None if stage is None else stage.rung

    @property
    def is_connected(self) -> bool:
        """Whether people can see what is shown."""
        return self._lighting.lit is not None

    @property
    def missing(self) -> str:
        """Why nothing can be seen, for a technician; empty while something is."""
        return self._lighting.missing

    @property
    def kernel(self) -> Kernel | None:
        """
        The card that is open, whose descriptor is to be kept over a crash.

        It is told from the next one by its identity: a descriptor's number comes back.
        """
        card = self._lighting.card
        return None if card is None else card.kernel

    def counts(self, layer: Layer) -> LayerCounts:
        """Return what happened on a layer since the display was lit."""
        stage = self._lighting.stage
        return LayerCounts() if stage is None else stage.counts(layer)

    def probe(self) -> Probe:
        """Say what is there, without lighting it."""
        return self._lighting.probe()

    def open(self) -> None:
        """
        Take the card and light what is connected, if anything is.

        Raises:
            DeviceError: If there is no card, or somebody else owns it.

        """
        if self._is_open:
            return
        deadline = time.monotonic() + self._settle_s
        with self._held:
            while self._lighting.card is None:
                try:
                    self._lighting.take_card()
                except DeviceError:
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(_PAUSE_S)
            self._is_open = True
            self._lighting.light()
        self._tell()
        self.follow_loop()

    def follow_loop(self) -> None:
        """Let the running event loop read flips; for a display opened before it."""
        self._reader.follow()

    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros | None:
        """
        Put a frame on a layer; any thread.

        Raises:
            ValueError: If the frame is not what its numbers say.
            DeviceError: If a dma-buf can be neither fetched nor read.

        """
        check_frame(frame)
        stage = self._lighting.lit
        place = at or fitted((frame.width, frame.height), self.size)
        if stage is not None and place.width > 0 and place.height > 0:
            shown_at = stage.show(layer, frame, place)
            self._tell()
            return shown_at
        if isinstance(frame, DmabufFrame):
            frame.release()
        elif isinstance(frame, PageFrame) and self._is_open:
            self._lighting.pages[layer] = frame, place
        return None

    def hide(self, layer: Layer) -> None:
        """Switch a layer off; any thread."""
        stage = self._lighting.lit
        if stage is None:
            self._lighting.pages.pop(layer, None)
        else:
            stage.hide(layer)
            self._tell()

    def turn_over(self) -> bool:
        """
        Have everything turned by 180 degrees, also what is lit later.

        Returns:
            Whether what is lit now can.

        """
        return self._lighting.turn_over()

    def reprobe(self) -> None:
        """
        Look what is connected now, and light that.

        Asks the monitors, which takes tens to hundreds of milliseconds; any thread.
        """
        with self._held:
            if self._is_open:
                self._lighting.light()
        self._tell()

    def look(self) -> None:
        """
        Mend what was lost; the event loop does so twice a second.

        Raises:
            DisplayHangs: The display shows nothing any more, and a new process is the
                cure: nobody would see what this one shows.

        """
        if not self._held.acquire(blocking=False):
            return  # somebody asks the monitors right now
        try:
            if self._is_open:
                self._lighting.mend()
        finally:
            self._held.release()
        self._tell()
        stage = self._lighting.stage
        if stage is not None and stage.sender.is_hung:
            raise DisplayHangs(f"no page flip for {HUNG_US / 1e6:g} s")

    def save_png(self, path: str) -> None:
        """
        Write what is on the glass, as the planes fetch it; on a worker thread.

        Raises:
            DeviceError: If nothing is lit, or ``path`` cannot be written.

        """
        # numpy and Pillow take 100 ms to import: they come with the first picture.
        from kiosk.display.png import write_png  # noqa: PLC0415
        from kiosk.display.scanout import scanned, scanned_out  # noqa: PLC0415

        stage = self._lighting.stage
        planes = [] if stage is None else [scanned(*one) for one in stage.on_glass()]
        write_png(scanned_out(self.size, planes), path, "drm")

    def close(self, *, stay_lit: bool = False) -> None:
        """
        Give the display back.

        Args:
            stay_lit: Leave on the glass what is there, for a successor who inherits
                a duplicate of the descriptor.

        """
        with self._held:
            self._is_open = False
            self._lighting.let_go(stay_lit=stay_lit)
            self._lighting.missing = NOT_OPEN
            self._lighting.pages.clear()
            self._reader.stop()

    def _on_readable(self) -> None:
        self._lighting.read()
        self._tell()

    def _tell(self) -> None:
        now = self.is_connected, self.size, self.kernel
        if now != self._told:
            self._told = now
            self.on_change()
