"""
What every screen looked like when people last looked at it; ``make goldens``.

A file a language and size: all elements of all screens, reduced and in grey, on
one sheet, and an index that says where each belongs and its mean colour.  The
same crops of several screens are kept once.  Coarse on purpose: two versions of
FreeType must agree, and any element left out must not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageStat

from kiosk.ui.layout import Layout
from kiosk.ui.scenes import SCENES, content_of
from kiosk.ui.texts import LANGUAGES
from tests.ui.elements import Drawn, PixelBox, draw


FOLDER: Final = Path(__file__).with_name("goldens")
SHEETS: Final = Path("golden-out")
LAYOUTS: Final = {
    "1280x720": Layout((1280, 720)),
    "1920x1080": Layout((1920, 1080)),
    "1024x600": Layout((1024, 600)),
    "720x1280": Layout((720, 1280)),
}
MOST_MEAN: Final = 3.0
"""Levels that a box may differ by, on average."""
MOST_OFF: Final = 0.01
"""Part of a box's pixels that may be off by more than :data:`OFF`."""
OFF: Final = 16
MOST_TINT: Final = 4
"""Levels that a channel's mean may differ by."""
WIDTH: Final = 1024
GREYS: Final = [level // 4 * 4 + 2 for level in range(256)]
FINE: Final = frozenset({"text", "icon"})
WHOLE: Final = "whole"


@dataclass(frozen=True, slots=True)
class Golden:
    """How one element of a screen should look."""

    kind: str
    box: PixelBox
    grey: Image.Image
    tint: tuple[int, int, int]


def differences(name: str, language: str, size: str, drawn: Drawn) -> list[str]:
    """Return what of a screen does not look as it did."""
    return [
        difference
        for golden in _stored(language, size)[name]
        if (difference := _difference(golden, drawn.image, LAYOUTS[size]))
    ]


def write_all() -> None:
    """Draw all screens anew and write them, with sheets to look at."""
    FOLDER.mkdir(exist_ok=True)
    SHEETS.mkdir(exist_ok=True)
    for size, layout in LAYOUTS.items():
        for language in LANGUAGES:
            screens = {
                name: draw(content_of(scene, language), layout)
                for name, scene in SCENES.items()
            }
            _write(language, size, screens)
            _write_sheet(SHEETS / f"{size}-{language}.png", screens)


def _difference(golden: Golden, image: Image.Image, layout: Layout) -> str:
    crop = _crop(image, golden.kind, golden.box, layout)
    off = ImageChops.difference(crop.convert("L"), golden.grey)
    histogram = off.histogram()
    pixels = off.width * off.height
    mean = sum(level * count for level, count in enumerate(histogram)) / pixels
    far = sum(histogram[OFF + 1 :]) / pixels
    tint = max(
        abs(one - other) for one, other in zip(_tint(crop), golden.tint, strict=True)
    )
    if mean <= MOST_MEAN and far <= MOST_OFF and tint <= MOST_TINT:
        return ""
    return (
        f"{golden.kind} at {golden.box}: {mean:.1f} levels, {far:.1%} off, tint {tint}"
    )


def _crop(image: Image.Image, kind: str, box: PixelBox, layout: Layout) -> Image.Image:
    """Return a box, reduced: text and signs a little, grounds and the whole much."""
    if kind == WHOLE:
        return image.reduce(32)
    factor = max(2, round(2 * layout.unit)) if kind in FINE else 8
    left, top, right, bottom = box
    around = (
        left - left % factor,
        top - top % factor,
        right + -right % factor,
        bottom + -bottom % factor,
    )
    return image.crop(around).reduce(factor)


def _tint(crop: Image.Image) -> tuple[int, int, int]:
    red, green, blue = (round(mean) for mean in ImageStat.Stat(crop).mean)
    return red, green, blue


@cache
def _stored(language: str, size: str) -> dict[str, list[Golden]]:
    stem = FOLDER / f"{size}-{language}"
    index = json.loads(stem.with_suffix(".json").read_text())
    with Image.open(stem.with_suffix(".png")) as image:
        sheet = image.convert("L")
    return {
        name: [
            Golden(
                kind,
                (left, top, right, bottom),
                sheet.crop((x, y, x + width, y + height)),
                (red, green, blue),
            )
            for kind, left, top, right, bottom, x, y, width, height, red, green, blue in rows
        ]
        for name, rows in index.items()
    }


def _write(language: str, size: str, screens: dict[str, Drawn]) -> None:
    crops: dict[tuple[tuple[int, int], bytes], Image.Image] = {}
    rows: dict[str, list[tuple[str, PixelBox, tuple[tuple[int, int], bytes], object]]]
    rows = {}
    for name, drawn in screens.items():
        rows[name] = []
        for kind, box in _boxes(drawn):
            crop = _crop(drawn.image, kind, box, LAYOUTS[size])
            grey = crop.convert("L").point(GREYS)
            key = grey.size, grey.tobytes()
            crops[key] = grey
            rows[name].append((kind, box, key, _tint(crop)))
    sheet, places = _packed(crops)
    stem = FOLDER / f"{size}-{language}"
    sheet.save(stem.with_suffix(".png"), optimize=True)
    lines = [
        f"{json.dumps(name)}: "
        + json.dumps(
            [
                [kind, *box, *places[key], *key[0], *tint]  # type: ignore[misc]
                for kind, box, key, tint in each
            ],
            separators=(",", ":"),
        )
        for name, each in rows.items()
    ]
    stem.with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _boxes(drawn: Drawn) -> Iterator[tuple[str, PixelBox]]:
    yield WHOLE, (0, 0, *drawn.image.size)
    for element in drawn.elements:
        yield element.kind, element.box


def _packed(
    crops: dict[tuple[tuple[int, int], bytes], Image.Image],
) -> tuple[Image.Image, dict[tuple[tuple[int, int], bytes], tuple[int, int]]]:
    """Return all crops in rows on one sheet, and where each is."""
    places: dict[tuple[tuple[int, int], bytes], tuple[int, int]] = {}
    x = y = row = 0
    for key in sorted(crops, key=lambda each: (each[0][1], each[0][0], each[1])):
        width, height = key[0]
        if x and x + width > WIDTH:
            x, y, row = 0, y + row, 0
        places[key] = x, y
        x, row = x + width, max(row, height)
    sheet = Image.new("L", (WIDTH, y + row))
    for key, place in places.items():
        sheet.paste(crops[key], place)
    return sheet, places


def _write_sheet(path: Path, screens: dict[str, Drawn]) -> None:
    """Write all screens side by side, for people."""
    across = 4
    images = [drawn.image.reduce(2) for drawn in screens.values()]
    width, height = images[0].size
    rows = -(-len(images) // across)
    sheet = Image.new("RGB", (across * (width + 8), rows * (height + 8)), "white")
    for number, image in enumerate(images):
        place = number % across * (width + 8), number // across * (height + 8)
        sheet.paste(image, place)
    sheet.save(path)


if __name__ == "__main__":
    write_all()
    sys.exit(0)
