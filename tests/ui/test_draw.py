"""Screens as pixels: everything that should be there is, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image, ImageChops

from kiosk.ports import Micros, PageFrame, Rect, ScreenFacts, ScreenName
from kiosk.ui.draw import PAGES_KEPT, Artist
from kiosk.ui.fonts import Fonts
from kiosk.ui.layout import Layout
from kiosk.ui.screens import Branding, ScreenContent, screen_content
from kiosk.ui.texts import LANGUAGES, Texts


SIZE = (640, 360)
FONTS = Fonts()
BANK = Branding("Sample Bank", "Chaoyang Branch")


def _content(
    name: ScreenName, facts: ScreenFacts | None = None, language: str = "en"
) -> ScreenContent:
    return screen_content(
        name,
        facts or ScreenFacts(),
        texts=Texts(language),
        branding=BANK,
        now=Micros(0),
        wall_time="14:32",
    )


def _image(page: PageFrame) -> Image.Image:
    size = page.width, page.height
    return Image.frombytes("RGBA", size, page.pixels, "raw", "BGRA").convert("RGB")


def _changed(one: PageFrame, other: PageFrame) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(_image(one), _image(other)).getbbox()


@pytest.fixture
def artist() -> Artist:
    return Artist(Layout(SIZE), FONTS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ScreenName)
def test_every_screen_is_a_whole_opaque_page_in_every_language(
    name: ScreenName, language: str, artist: Artist
) -> None:
    facts = ScreenFacts(
        reason="R007 no answer",
        position=3,
        muted=True,
        insecure=True,
        text="Hello",
        with_picture=False,
    )

    page = artist.page(_content(name, facts, language))

    assert (page.width, page.height) == SIZE
    assert set(page.pixels[3::4]) == {255}


@pytest.mark.parametrize("name", ScreenName)
def test_no_two_screens_look_the_same(name: ScreenName, artist: Artist) -> None:
    plain_call = ScreenFacts(with_picture=False)
    page = artist.page(_content(name, plain_call))

    for other in set(ScreenName) - {name}:
        assert _changed(page, artist.page(_content(other, plain_call)))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another title"},
        {"lines": ("Another line",)},
        {"wall_time": "14:33"},
        {"branding": Branding("Sample Bank", "Another Branch")},
        {"branding": Branding("Another Bank", "Chaoyang Branch")},
        {"peer": "Somebody else"},
        {"timer": "00:01"},
        {"message": "Another message"},
        {"notices": ()},
        {"muted": None},
        {"self_view": False},
        {"strip": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_the_content_can_be_seen(
    change: dict[str, Any], artist: Artist
) -> None:
    facts = ScreenFacts(
        peer_name="Li Wen", muted=True, insecure=True, text="Hello", with_picture=False
    )
    content = _content(ScreenName.IN_CALL, facts)

    altered = replace(content, **change)

    assert _changed(artist.page(content), artist.page(altered))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        (ScreenName.IDLE, "hint"),
        (ScreenName.QUEUED, "figure"),
        (ScreenName.OUT_OF_SERVICE, "fault"),
    ],
)
def test_the_part_a_screen_is_about_can_be_seen(
    name: ScreenName, part: str, artist: Artist
) -> None:
    content = _content(name, ScreenFacts(reason="R007 no answer", position=2))
    nothing: dict[str, Any] = {part: "" if part == "hint" else None}
    without = replace(content, **nothing)

    assert _changed(artist.page(content), artist.page(without))


def test_a_changed_clock_changes_the_bar_and_nothing_below(artist: Artist) -> None:
    content = _content(ScreenName.IDLE)

    box = _changed(
        artist.page(content), artist.page(replace(content, wall_time="14:33"))
    )

    assert box is not None
    assert box[3] <= 0.13 * SIZE[1]


def test_an_overlay_is_cut_to_what_is_drawn_and_stays_at_the_bottom(
    artist: Artist,
) -> None:
    overlay, place = artist.over(_content(ScreenName.IN_CALL))

    assert (overlay.width, overlay.height) == (place.width, place.height)
    assert place.x == 0
    assert place.x + place.width == SIZE[0]
    assert place.y + place.height == SIZE[1]
    assert place.y > SIZE[1] / 2


def test_an_overlay_is_premultiplied_and_leaves_the_self_view_free(
    artist: Artist,
) -> None:
    overlay, place = artist.over(_content(ScreenName.IN_CALL, ScreenFacts(muted=True)))
    pip = Layout(SIZE).pip()

    for at in range(0, len(overlay.pixels), 4):
        blue, green, red, alpha = overlay.pixels[at : at + 4]
        assert max(blue, green, red) <= alpha
    middle = (pip.y + pip.height // 2 - place.y) * place.width + pip.x + pip.width // 2
    assert overlay.pixels[4 * middle : 4 * middle + 4] == bytes(4)


def test_the_frame_of_the_self_view_hides_the_corners_of_its_plane(
    artist: Artist,
) -> None:
    overlay, place = artist.over(_content(ScreenName.IN_CALL))
    pip = Layout(SIZE).pip()

    for x in (pip.x, pip.x + pip.width - 1):
        for y in (pip.y, pip.y + pip.height - 1):
            at = 4 * ((y - place.y) * place.width + x - place.x)
            assert overlay.pixels[at + 3] > 200


def test_without_a_self_view_no_frame_is_drawn() -> None:
    bare = Artist(Layout(SIZE), FONTS, self_view=None)
    facts = ScreenFacts(muted=True)

    page, place = bare.over(_content(ScreenName.IN_CALL, facts))
    pip = Layout(SIZE).pip()

    assert place.y > pip.y
    assert page.pixels
    assert bare.page(_content(ScreenName.WAITING, facts)).pixels


def test_a_page_is_kept_as_long_as_it_is_new_enough(artist: Artist) -> None:
    content = _content(ScreenName.IDLE)
    first = artist.page(content)

    again = artist.page(_content(ScreenName.IDLE))
    for number in range(PAGES_KEPT):
        artist.page(replace(content, title=str(number)))
    later = artist.page(content)

    assert again is first
    assert later is not first
    assert later == first


@pytest.mark.parametrize("size", [(1, 1), (17, 9), (40, 900), (1920, 60), (720, 1280)])
def test_absurd_sizes_are_drawn_not_raised(size: tuple[int, int]) -> None:
    artist = Artist(Layout(size), FONTS)
    artist.prepare()
    facts = ScreenFacts(
        reason="R007 x", position=1, muted=True, insecure=True, text="Hello"
    )

    for name in ScreenName:
        page = artist.page(_content(name, replace(facts, with_picture=False)))
        assert len(page.pixels) == 4 * size[0] * size[1]
    overlay, place = artist.over(_content(ScreenName.IN_CALL, facts))

    assert len(overlay.pixels) == 4 * place.width * place.height
    assert isinstance(place, Rect)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5000,
        "word " * 1000,
        "请把身份证正面对准摄像头" * 50,
        "ضع بطاقة هويتك أمام الكاميرا",
        "नमस्ते दुनिया",
        "👩‍💻🏦\u200d",
        "\u202eabc",
        "e" + "\u0301" * 500,
        "\ud800\udfff",
        "",
    ],
)
def test_text_of_any_length_and_script_is_drawn_not_raised(
    text: str, artist: Artist
) -> None:
    facts = ScreenFacts(peer_name=text, text=text, reason=text)
    content = _content(ScreenName.IN_CALL, facts)

    overlay, _ = artist.over(content)
    page = artist.page(
        replace(
            _content(ScreenName.OUT_OF_SERVICE, facts), branding=Branding(text, text)
        )
    )

    assert overlay.pixels
    assert page.pixels
