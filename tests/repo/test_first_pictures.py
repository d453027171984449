"""The pictures in the package are those the product draws: `make first-pictures`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pytest

from kiosk.display.first_pictures import FOLDER, HEAD, FirstPicture, Sprite, sprites_of
from tests.repo.first_pictures import letters, packed, sprites


def levels(
    sprite: Sprite, pixels: bytes
) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    flat = np.frombuffer(pixels, np.uint8).astype(np.int16)
    return flat.reshape(sprite.height, sprite.width, 4)


DRAWN: Mapping[str, Callable[[], list[Sprite]]] = {
    "letters": letters,
    **{each.value: partial(sprites, each) for each in FirstPicture},
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_as_it_would_be_drawn_today(name: str) -> None:
    kept = list(sprites_of(FOLDER / f"{name}.z"))
    drawn = DRAWN[name]()

    assert [one[:2] for one in kept] == [one[:2] for one in drawn]
    for old, new in zip(kept, drawn, strict=True):
        difference = np.abs(
            levels(old, zlib.decompress(old.pixels)) - levels(new, new.pixels)
        )
        # FreeType versions differ a little in the edges of letters.
        assert difference.mean() <= 1.0, "run `make first-pictures`"
        assert (difference > 16).mean() <= 0.005, "run `make first-pictures`"


def test_a_file_is_what_the_maker_writes() -> None:
    content = packed(FirstPicture.STARTING)
    width, height, length = HEAD.unpack_from(content)
    pixels = zlib.decompress(content[HEAD.size : HEAD.size + length])

    assert len(pixels) == width * height * 4
