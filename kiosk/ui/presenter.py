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
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
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
from kiosk.ui.attract import Pictures
from kiosk.ui.curtain import Curtain, TelevisionScreen
from kiosk.ui.fault import Nameplate
from kiosk.ui.layout import SHAPE
from kiosk.ui.look import Look, find_fonts, make_artist
from kiosk.ui.screens import Branding, ScreenContent, screen_content
from kiosk.ui.texts import FALLBACK, Texts


if TYPE_CHECKING:
    from kiosk.ui.draw import Artist

JOIN_S: Final = 2.0
CLOCK_IS_SET: Final = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
"""A machine without a clock of its own starts in 1970 or at its image's date."""
PLAIN_GROUND: Final = bytes((38, 20, 7, 255))
PLAIN_LOOK: Final = Look()
ABOVE_A_PAGE: Final = (Layer.OVER, Layer.SECOND, Layer.THIRD)

log = logging.getLogger(__name__)


class ScreenPresenter:
    """
    Draws and shows screens on the caller's thread, one at a time.

    Args:
        display: Already open.
        clock: For the time in the call and on the wall.
        texts: The languages that may be spoken, the kiosk's own first; English
            where no font can write them.
        branding: Whose kiosk it is.
        look: Colours, logo, size of type, and so on.
        week: Opening hours from Monday to Sunday.
        nameplate: Which device it is.
        attract: Pictures to show below the idle screen, while no stream is there.
        spare_page: Returns the page of a size that is shown where nothing can be
            drawn.

    """

    def __init__(
        self,
        display: Display,
        clock: Clock,
        *,
        texts: Sequence[Texts] = (),
        branding: Branding | None = None,
        look: Look = PLAIN_LOOK,
        week: Sequence[str | None] = (),
        nameplate: Nameplate | None = None,
        attract: Pictures | None = None,
        spare_page: Callable[[tuple[int, int]], PageFrame] = lambda size: PageFrame(
            *size, PLAIN_GROUND * (size[0] * size[1])
        ),
    ) -> None:
        self._display = display
        self._curtain = Curtain(display)
        self._clock = clock
        self._texts = tuple(texts) or (Texts(FALLBACK),)
        self._branding = branding or Branding()
        self._look = look
        self._week = week
        self._nameplate = nameplate
        self._attract = attract
        self._beneath: PageFrame | None = None
        self._spare_page = spare_page
        self._artist: Artist | None = None
        self._drawn_for = (0, 0)
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
        beneath = self._picture(name, facts)
        self._put(self._content(name, facts, beneath), beneath)

    def refresh(self, name: ScreenName, facts: ScreenFacts) -> None:
        """
        Draw again what changed with time.

        A page is put back even when it did not change, should anybody have
        drawn upon it who does not know the curtain.
        """
        beneath = self._picture(name, facts)
        content = self._content(name, facts, beneath)
        same = content == self._shown and beneath is self._beneath
        if not same or not content.over_picture:
            self._put(content, beneath)

    def prepare(self) -> None:
        """Load what the next screens will need."""
        (self._artist or self._hired()).prepare()

    def rehearse(self, name: ScreenName, facts: ScreenFacts) -> None:
        """Draw a screen that may come in advance, unless a call decides what it says."""
        quiet = ScreenFacts(insecure=facts.insecure, broadcasts=facts.broadcasts)
        (self._artist or self._hired()).rehearse(self._content(name, quiet, None))

    def rest(self) -> None:
        """Let go of what only drawing needs."""
        if self._artist is not None:
            self._artist.rest()

    def give_up(self) -> None:
        """Cover everything with a page that nobody has to draw."""
        self._shown = None
        self._curtain.show_page(self._spare_page(self._display.size))
        for layer in (*ABOVE_A_PAGE, Layer.PIP):
            self._display.hide(layer)

    def _picture(self, name: ScreenName, facts: ScreenFacts) -> PageFrame | None:
        if self._attract is None or name is not ScreenName.IDLE or facts.television:
            return None
        return self._attract.at(self._clock.now(), self._display.size)

    def _put(self, content: ScreenContent, beneath: PageFrame | None) -> None:
        self._curtain.place(self._places(content))
        self._curtain.allow_television(allowed=content.name is ScreenName.IDLE)
        if content.self_view:
            self._curtain.lift()
        else:
            self._curtain.lower()
        artist = self._artist
        if artist is None or self._drawn_for != self._display.size:
            artist = self._hired()  # of another size when another display is plugged in
        if beneath is not None:
            self._curtain.show_page(beneath)
        if content.over_picture:
            if [tile.layer for tile in content.tiles] not in ([], [Layer.BASE]):
                self._curtain.take_page_away()  # no picture will cover all of it
            page, place = artist.over(content)
            self._display.show(Layer.OVER, page, place)
        else:
            self._curtain.show_page(artist.page(content))
            for layer in ABOVE_A_PAGE:
                self._display.hide(layer)
            if content.name is ScreenName.IDLE:
                artist.rest()  # for hours perhaps
        if not content.self_view:
            self._display.hide(Layer.PIP)
        self._shown, self._beneath = content, beneath

    def _places(self, content: ScreenContent) -> dict[Layer, Rect | None]:
        if not content.over_picture:
            return {}
        layers = [tile.layer for tile in content.tiles]
        if len(layers) == 1:
            return {layers[0]: None}
        layout = self._look.layout(self._display.size)
        shape = self._look.self_view or SHAPE
        rects = layout.tiles(len(layers), shape) if layers else ()
        return dict(zip(layers, rects, strict=True))

    def _content(
        self, name: ScreenName, facts: ScreenFacts, beneath: PageFrame | None
    ) -> ScreenContent:
        if beneath is not None:
            facts = replace(facts, television=True)  # drawn over it in the same way
        spoken = [one for one in self._texts if one.language == facts.language]
        texts = (spoken or self._texts)[0]
        wall_s = self._clock.wall_s()
        return screen_content(
            name,
            facts,
            texts=texts,
            others=[other for other in self._texts if other is not texts],
            branding=self._branding,
            now=self._clock.now(),
            wall_time=wall_time(wall_s),
            week=self._week,
            local=weekday_and_minute(wall_s),
            nameplate=self._nameplate,
        )

    def _hired(self) -> Artist:
        fonts = find_fonts(self._look)
        if not fonts.has_cjk:
            self._do_without_chinese()
        self._drawn_for = self._display.size
        self._artist = make_artist(self._look, self._drawn_for, fonts)
        return self._artist

    def _do_without_chinese(self) -> None:
        lost = [one.language for one in self._texts if one.needs_cjk]
        if lost:
            log.warning(
                "no font for %s: screens are in English; install fonts-noto-cjk",
                ", ".join(lost),
            )
            rest = tuple(one for one in self._texts if not one.needs_cjk)
            self._texts = rest or (Texts(FALLBACK),)


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
        self._chores: deque[Callable[[], None]] = deque()
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
        first = self._next_wish()
        if first is None:
            return
        self._carry_out(first)
        self._chores.extend(self._to_prepare())  # the first screen waits for nothing
        while (wish := self._next_wish()) is not None:
            self._carry_out(wish)

    def _to_prepare(self) -> Iterator[Callable[[], None]]:
        yield self._presenter.prepare
        if self._wanted is not None:
            for name in ScreenName:
                yield partial(self._presenter.rehearse, name, self._wanted[1])
        yield self._presenter.rest

    def _next_wish(self) -> Callable[[], None] | None:
        """Wait for the newest wish, with chores meanwhile; ``None`` once closed."""
        with self._changed:
            while not (self._closed or self._new or self._ticked):
                if self._chores:
                    return self._chores.popleft()
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


def weekday_and_minute(wall_s: float) -> tuple[int, int] | None:
    """Return the weekday (0 is Monday) and minute where we are, while known."""
    if wall_s < CLOCK_IS_SET:
        return None
    local = datetime.fromtimestamp(wall_s, tz=UTC).astimezone()
    return local.weekday(), local.hour * 60 + local.minute
