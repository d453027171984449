"""
Puts screens on the display: a page on the base layer, or what lies over a call.

1. Drawing takes 10 to 25 ms, so it happens on a thread of its own; ``show``
   and ``tick`` only say what is wanted. The newest wish wins, none queues.
2. While the peer's picture is on the base layer, only the overlay is drawn.
   Any other screen puts its page there and takes away everything above it that
   does not belong to it. Outside a call the curtain is down, so that no late
   picture comes upon it: nobody's face outlives a call.
3. Whatever goes wrong in drawing is logged, and a plain page takes the place of
   what was there. The kiosk stays up.

Pillow is imported by that thread, not with this module.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from kiosk.ports import (
    Clock,
    Display,
    Layer,
    PageFrame,
    Rect,
    ScreenFacts,
    ScreenName,
)
from kiosk.ui.curtain import Curtain, TelevisionScreen
from kiosk.ui.layout import SHAPE, tile_rects
from kiosk.ui.screens import Branding, ScreenContent, screen_content
from kiosk.ui.words import FALLBACK, LANGUAGES


if TYPE_CHECKING:
    from kiosk.ui.draw import Artist

JOIN_S: Final = 2.0
CLOCK_IS_SET: Final = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
"""A machine without a clock of its own starts in 1970 or at its image's date."""
PLAIN_GROUND: Final = bytes((38, 20, 7, 255))
ABOVE_A_PAGE: Final = (Layer.OVER, Layer.SECOND, Layer.THIRD)

log = logging.getLogger(__name__)


class ScreenPresenter:
    """
    Draws and shows screens on the caller's thread, one at a time.

    Args:
        display: Already open.
        clock: For the time in the call and on the wall.
        language: A name of :data:`kiosk.ui.words.LANGUAGES`; English where it
            is unknown or no font can write it.
        branding: Whose kiosk it is.
        self_view: Shape of the camera's picture, ``None`` for no self-view.
        fonts: Directories to look for fonts in, instead of the system's.

    """

    def __init__(
        self,
        display: Display,
        clock: Clock,
        *,
        language: str = FALLBACK,
        branding: Branding | None = None,
        self_view: tuple[int, int] | None = (16, 9),
        fonts: Sequence[Path] | None = None,
    ) -> None:
        self._display = display
        self._curtain = Curtain(display)
        self._clock = clock
        self._language = language
        self._branding = branding or Branding()
        self._self_view = self_view
        self._font_directories = fonts
        self._artist: Artist | None = None
        self._shown: ScreenContent | None = None

    @property
    def pictures(self) -> Display:
        """The display to hand to the media: closed to them outside a call."""
        return self._curtain

    @property
    def television(self) -> Display:
        """The display to hand to the idle screen's stream; shut in a call."""
        return TelevisionScreen(self._curtain)

    def present(self, name: ScreenName, facts: ScreenFacts) -> None:
        """Put a screen on the display, also when it is there already."""
        self._put(self._content(name, facts))

    def refresh(self, name: ScreenName, facts: ScreenFacts) -> None:
        """
        Draw again what changed with time.

        A page is put back even when it did not change, should anybody have
        drawn upon it who does not know the curtain.
        """
        content = self._content(name, facts)
        if content != self._shown or not content.over_picture:
            self._put(content)

    def prepare(self) -> None:
        """Load what the next screens will need."""
        (self._artist or self._hired()).prepare()

    def give_up(self) -> None:
        """Cover everything with a plain page, drawn by nobody."""
        width, height = self._display.size
        page = PageFrame(width, height, PLAIN_GROUND * (width * height))
        self._shown = None
        self._curtain.show_page(page)
        for layer in (*ABOVE_A_PAGE, Layer.PIP):
            self._display.hide(layer)

    def _put(self, content: ScreenContent) -> None:
        self._curtain.place(self._places(content))
        self._curtain.allow_television(allowed=content.name is ScreenName.IDLE)
        if content.self_view:
            self._curtain.lift()
        else:
            self._curtain.lower()
        artist = self._artist or self._hired()
        if content.over_picture:
            if [tile.layer for tile in content.tiles] not in ([], [Layer.BASE]):
                self._curtain.take_page_away()  # no picture will cover all of it
            page, place = artist.over(content)
            self._display.show(Layer.OVER, page, place)
        else:
            self._curtain.show_page(artist.page(content))
            for layer in ABOVE_A_PAGE:
                self._display.hide(layer)
        if not content.self_view:
            self._display.hide(Layer.PIP)
        self._shown = content

    def _places(self, content: ScreenContent) -> dict[Layer, Rect | None]:
        if not content.over_picture:
            return {}
        layers = [tile.layer for tile in content.tiles]
        if len(layers) == 1:
            return {layers[0]: None}
        shape = self._self_view or SHAPE
        rects = tile_rects(self._display.size, len(layers), shape) if layers else ()
        return dict(zip(layers, rects, strict=True))

    def _content(self, name: ScreenName, facts: ScreenFacts) -> ScreenContent:
        return screen_content(
            name,
            facts,
            language=self._language,
            branding=self._branding,
            now=self._clock.now(),
            wall_time=wall_time(self._clock.wall_s()),
        )

    def _hired(self) -> Artist:
        # Pillow takes 50 ms to import: not with the daemon, but with a screen.
        from kiosk.ui.draw import Artist  # noqa: PLC0415
        from kiosk.ui.fonts import DIRECTORIES, Fonts  # noqa: PLC0415

        fonts = Fonts(self._font_directories or DIRECTORIES)
        words = LANGUAGES.get(self._language)
        if words is None:
            log.warning("no texts in %s: screens are in English", self._language)
        elif words.needs_cjk and not fonts.has_cjk:
            log.warning(
                "no font for %s: screens are in English; install fonts-noto-cjk",
                self._language,
            )
            self._language = FALLBACK
        self._artist = Artist(self._display.size, fonts, self_view=self._self_view)
        return self._artist


class PillowScreens:
    """
    Implements :class:`kiosk.ports.Screens` on a thread named ``screens``.

    Args:
        presenter: Draws and shows; used by that thread alone.

    """

    def __init__(self, presenter: ScreenPresenter) -> None:
        self._presenter = presenter
        self._changed = threading.Condition()
        self._wanted: tuple[ScreenName, ScreenFacts] | None = None
        self._ticked = False
        self._new = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def show(self, name: ScreenName, facts: ScreenFacts) -> None:
        """Put a screen on the display as soon as it is drawn; returns at once."""
        with self._changed:
            if self._closed:
                return
            self._wanted = name, facts
            self._new = True
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="screens", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def tick(self) -> None:
        """Draw again what changes with time."""
        with self._changed:
            self._ticked = True
            self._changed.notify()

    def close(self) -> None:
        """Draw no more; what is on the display stays."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        prepared = False
        while (wish := self._next_wish()) is not None:
            self._carry_out(wish)
            if not prepared:  # only now: the first screen waits for nothing
                prepared = True
                self._carry_out(self._presenter.prepare)

    def _next_wish(self) -> Callable[[], None] | None:
        """Wait for the newest wish; ``None`` once closed."""
        with self._changed:
            while not (self._closed or self._new or self._ticked):
                self._changed.wait()
            if self._closed or self._wanted is None:
                return None
            is_new = self._new
            self._new = self._ticked = False
            present, refresh = self._presenter.present, self._presenter.refresh
            return partial(present if is_new else refresh, *self._wanted)

    def _carry_out(self, wish: Callable[[], None]) -> None:
        try:
            wish()
        except Exception:
            log.exception("a screen could not be drawn")
            self._cover()

    def _cover(self) -> None:
        try:
            self._presenter.give_up()
        except Exception:
            log.exception("the display shows nothing")


def wall_time(wall_s: float) -> str:
    """Return hours and minutes where we are, or nothing while the clock is unset."""
    if wall_s < CLOCK_IS_SET:
        return ""
    return f"{datetime.fromtimestamp(wall_s, tz=UTC).astimezone():%H:%M}"
