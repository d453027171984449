"""
A screen as one picture: for designers, documentation and tests.

Where the display would put video, there is a drawn person. Nothing here is on
the way to a customer: it uses the same artist and adds what hardware would.
"""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageChops

from kiosk.ports import PageFrame, Rect
from kiosk.ui.draw import Artist
from kiosk.ui.layout import SHAPE, Layout, fitted
from kiosk.ui.person import Person, picture_of
from kiosk.ui.screens import ScreenContent


INVERSE: Final = list(range(255, -1, -1))


def compose(
    artist: Artist,
    layout: Layout,
    content: ScreenContent,
    camera: tuple[int, int] = SHAPE,
) -> Image.Image:
    """Return what a customer would see, in RGB; ``camera`` is its picture's shape."""
    if not content.over_picture:
        image = as_image(artist.page(content)).convert("RGB")
        _put_self_view(image, layout, content, camera)
        return image
    image = Image.new("RGB", layout.size)
    people = [Person.ADVISER, Person.CUSTOMER]
    tiles = content.tiles if len(content.tiles) > 1 else ()
    for number, place in enumerate(layout.tiles(len(tiles), camera) if tiles else ()):
        at = fitted(place, SHAPE)
        person = picture_of(people[number % 2], (at.width, at.height))
        image.paste(person, (at.x, at.y))
    if not tiles:
        image.paste(picture_of(Person.ADVISER, layout.size))
    _put_self_view(image, layout, content, camera)
    over, at = artist.over(content)
    put_over(image, over, at)
    return image


def as_image(page: PageFrame) -> Image.Image:
    """Return a page or an overlay in RGBA, premultiplied as it is."""
    size = page.width, page.height
    return Image.frombytes("RGBA", size, page.pixels, "raw", "BGRA")


def put_over(image: Image.Image, over: PageFrame, at: Rect) -> None:
    """Blend an overlay upon a picture, as the display hardware does."""
    layer = as_image(over)
    box = (at.x, at.y, at.x + at.width, at.y + at.height)
    below = image.crop(box)
    clear = layer.getchannel("A").point(INVERSE)
    dimmed = ImageChops.multiply(below, Image.merge("RGB", (clear, clear, clear)))
    image.paste(ImageChops.add(dimmed, layer.convert("RGB")), (at.x, at.y))


def _put_self_view(
    image: Image.Image,
    layout: Layout,
    content: ScreenContent,
    camera: tuple[int, int],
) -> None:
    if content.self_view:
        at = layout.pip(camera)
        image.paste(picture_of(Person.CUSTOMER, (at.width, at.height)), (at.x, at.y))
