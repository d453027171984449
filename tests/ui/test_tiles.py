"""Several others on one display: where each is, and what is said of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from PIL import Image

from kiosk.display.headless import HeadlessDisplay
from kiosk.ports import (
    Frame,
    Layer,
    Micros,
    PageFrame,
    Received,
    Rect,
    ScreenFacts,
    ScreenName,
    SoftFrame,
    Tile,
)
from kiosk.ui import palette
from kiosk.ui.draw import Artist
from kiosk.ui.fonts import Fonts
from kiosk.ui.layout import Layout, fitted
from kiosk.ui.presenter import ScreenPresenter
from kiosk.ui.screens import Branding, PeerTile, ScreenContent, screen_content
from kiosk.ui.texts import Texts
from tests.fakes.frames import grey_frame
from tests.fakes.steady_clock import SteadyClock


SIZES = [(1280, 720), (1920, 1080), (1024, 600), (720, 1280), (640, 360)]
SIZE = (640, 360)
ANNA = Tile("Anna", Layer.BASE, Received.PICTURE)
BRUNO = Tile("Bruno", Layer.SECOND, Received.PICTURE)
CARLA = Tile("Carla", Layer.THIRD, Received.PICTURE)


@pytest.fixture
def display() -> Iterator[HeadlessDisplay]:
    with HeadlessDisplay(SteadyClock(), width=SIZE[0], height=SIZE[1]) as display:
        yield display


@pytest.fixture
def presenter(display: HeadlessDisplay) -> ScreenPresenter:
    return ScreenPresenter(display, SteadyClock())


def with_tiles(*tiles: Tile) -> ScreenFacts:
    return ScreenFacts(peer_name="Anna, Bruno", tiles=tiles)


def content(*tiles: Tile) -> ScreenContent:
    return screen_content(
        ScreenName.IN_CALL,
        with_tiles(*tiles),
        texts=Texts("en"),
        branding=Branding(),
        now=Micros(0),
    )


def overlap(one: Rect, other: Rect) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    below = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (beside or below)


# -- places ----------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("camera", [(16, 9), (4, 3)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_pictures_cover_neither_each_other_nor_what_else_there_is(
    size: tuple[int, int], camera: tuple[int, int], count: int
) -> None:
    places = Layout(size).tiles(count, camera)

    strip = Rect(
        0, size[1] - round(Layout(size).strip * Layout(size).unit), size[0], size[1]
    )
    for one, other in combinations([*places, Layout(size).pip(camera), strip], 2):
        assert not overlap(one, other)
    for place in places:
        assert 0 <= place.x < place.x + place.width <= size[0]
        assert 0 <= place.y < place.y + place.height <= size[1]
        assert not any(side % 2 for side in (place.x, place.y, place.width))


@pytest.mark.parametrize("size", SIZES)
def test_pictures_are_of_one_size_and_as_large_as_a_clock_needs(
    size: tuple[int, int],
) -> None:
    places = Layout(size).tiles(3)

    assert len({(place.width, place.height) for place in places}) == 1
    assert places[0].width >= size[0] * 0.3


def test_a_wide_display_has_them_beside_each_other_a_high_one_below() -> None:
    wide, high = Layout((1280, 720)).tiles(3), Layout((720, 1280)).tiles(3)

    assert len({place.y for place in wide}) == 1
    assert len({place.x for place in high}) == 1


@pytest.mark.parametrize("picture", [(16, 9), (4, 3), (1, 2)])
def test_a_picture_keeps_its_shape_in_its_place(picture: tuple[int, int]) -> None:
    cell = Rect(100, 50, 320, 180)

    place = fitted(cell, picture)

    assert abs(place.width / place.height - picture[0] / picture[1]) < 0.03
    assert cell.x <= place.x <= place.x + place.width <= cell.x + cell.width
    assert cell.y <= place.y <= place.y + place.height <= cell.y + cell.height


# -- what is said ----------------------------------------------------------------


def test_who_is_without_a_picture_has_words_in_its_place() -> None:
    notes = [
        content(ANNA, Tile("Bruno", Layer.SECOND, received)).tiles[1].note
        for received in Received
    ]

    assert notes == ["Joining", "", "Sound only", "Interrupted"]


def test_of_several_the_pill_says_how_many_and_of_one_who() -> None:
    assert content(ANNA, BRUNO, CARLA).peer == "3 others"
    assert content(ANNA).peer == "Anna, Bruno"


def test_several_are_drawn_over_pictures_even_if_nobody_has_one() -> None:
    silent = [Tile(name, Layer.BASE, Received.SOUND) for name in ("Anna", "Bruno")]
    facts = ScreenFacts(with_picture=False, tiles=tuple(silent))

    drawn = screen_content(
        ScreenName.IN_CALL, facts, texts=Texts("en"), branding=Branding(), now=Micros(0)
    )

    assert drawn.over_picture


def test_a_name_from_outside_is_made_plain_and_short() -> None:
    hostile = Tile("Anna\u202e\n" + "x" * 100, Layer.BASE, Received.PICTURE)

    name = content(hostile, BRUNO).tiles[0].name

    assert "\u202e" not in name
    assert len(name) == 40


def test_the_loudest_is_marked_by_colour_and_sign_and_nobody_else_is() -> None:
    artist = Artist(Layout(SIZE), Fonts())
    talks = Tile("Bruno", Layer.SECOND, Received.PICTURE, is_loudest=True)

    silence = glass(artist, content(ANNA, BRUNO))
    speech = glass(artist, content(ANNA, talks))

    first, second = Layout(SIZE).tiles(2)
    for place, marked in ((first, False), (second, True)):
        at = (place.x + place.width // 2, place.y + place.height + 2)
        assert (speech.getpixel(at) == palette.LIGHT_GREEN) is marked
        assert silence.getpixel(at) != palette.LIGHT_GREEN


def test_the_place_of_a_missing_picture_is_covered_and_of_a_picture_left_clear() -> (
    None
):
    absent = Tile("Bruno", Layer.SECOND, Received.SOUND)

    page, at = Artist(Layout(SIZE), Fonts()).over(content(ANNA, absent))

    for place, covered in zip(Layout(SIZE).tiles(2), (False, True), strict=True):
        x, y = place.x + place.width // 4 - at.x, place.y + place.height // 4 - at.y
        opacity = page.pixels[4 * (y * page.width + x) + 3]
        assert opacity == (255 if covered else 0)


def glass(artist: Artist, drawn: ScreenContent) -> Image.Image:
    page, place = artist.over(drawn)
    whole = Image.new("RGB", SIZE)
    size = page.width, page.height
    whole.paste(
        Image.frombytes("RGBA", size, page.pixels, "raw", "BGRA").convert("RGB"),
        (place.x, place.y),
    )
    return whole


# -- on the display ---------------------------------------------------------------


def show_all(presenter: ScreenPresenter, frame: Frame) -> None:
    for layer in (Layer.BASE, Layer.SECOND, Layer.THIRD):
        presenter.pictures.show(layer, frame)


def test_each_picture_is_in_its_tile_in_its_own_shape(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IN_CALL, with_tiles(CARLA, ANNA, BRUNO))

    show_all(presenter, grey_frame(size=(64, 48)))

    places = Layout(SIZE).tiles(3)
    for layer, cell in zip(
        (Layer.THIRD, Layer.BASE, Layer.SECOND), places, strict=True
    ):
        assert display.place(layer) == fitted(cell, (64, 48))


def test_who_is_left_alone_has_the_whole_display_and_no_page_behind(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.CONNECTING, ScreenFacts())
    presenter.present(ScreenName.IN_CALL, with_tiles(BRUNO))

    presenter.pictures.show(Layer.SECOND, grey_frame())

    assert display.newest(Layer.BASE) is None
    assert isinstance(display.newest(Layer.SECOND), SoftFrame)
    assert display.place(Layer.SECOND) is None


def test_among_several_no_page_is_left_behind_the_pictures(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.CONNECTING, ScreenFacts())

    presenter.present(ScreenName.IN_CALL, with_tiles(ANNA, BRUNO))

    assert display.newest(Layer.BASE) is None


def test_alone_on_the_base_layer_a_page_waits_for_the_next_picture(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.CONNECTING, ScreenFacts())

    presenter.present(ScreenName.IN_CALL, with_tiles(ANNA))

    assert isinstance(display.newest(Layer.BASE), PageFrame)


def test_further_pictures_never_come_upon_a_page(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IN_CALL, with_tiles(ANNA, BRUNO, CARLA))
    show_all(presenter, grey_frame())
    presenter.present(ScreenName.PEER_AWAY, with_tiles(ANNA, BRUNO, CARLA))

    show_all(presenter, grey_frame())

    assert display.newest(Layer.SECOND) is None
    assert display.newest(Layer.THIRD) is None


def test_other_screens_of_a_call_have_no_tiles() -> None:
    away = screen_content(
        ScreenName.PEER_AWAY,
        with_tiles(ANNA, BRUNO),
        texts=Texts("en"),
        branding=Branding(),
        now=Micros(0),
    )

    assert away.tiles == ()


def test_all_others_stay_in_their_tiles_while_our_own_stream_is_moved(
    display: HeadlessDisplay, presenter: ScreenPresenter
) -> None:
    presenter.present(ScreenName.IN_CALL, with_tiles(ANNA, BRUNO))
    show_all(presenter, grey_frame())
    in_call = display.place(Layer.SECOND)

    presenter.present(ScreenName.RECONNECTING, with_tiles(ANNA, BRUNO))

    assert presenter.pictures.show(Layer.SECOND, grey_frame()) is not None
    assert display.place(Layer.SECOND) == in_call
    assert presenter.pictures.show(Layer.THIRD, grey_frame()) is None


def test_a_tile_knows_its_layer() -> None:
    assert content(ANNA, BRUNO).tiles[1] == PeerTile("Bruno", Layer.SECOND, "", False)
