"""
Draws the screens for the README; ``make readme-pictures``.

``kiosk snapshot`` draws them; here most of them are put on one picture.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image

from kiosk.cli import main


PICTURES: Final = Path(__file__).parents[2] / "config" / "pictures"
WIDE, TALL = "1280x720", "720x1280"
SHEET: Final = (
    ("idle", "en", WIDE),
    ("waiting", "zh_CN", WIDE),
    ("in-call", "en", WIDE),
    ("out-of-service", "zh_TW", WIDE),
)
"""What stands on one picture, two by two, with a portrait display beside it."""
BESIDE: Final = ("idle", "zh_TW", TALL)
STEPS: Final = (
    ("unconfigured", "en", WIDE),
    ("idle", "en", WIDE),
    ("waiting", "en", WIDE),
    ("in-call", "en", WIDE),
)
"""What a technician sees one after another, from a blank kiosk to the first call."""
SEVERAL: Final = ("in-call-several", "en", "960x540")
GAP: Final = 8


def write() -> None:
    """Write them."""
    with TemporaryDirectory() as folder:
        _sheet(Path(folder)).save(PICTURES / "screens.png", optimize=True)
        steps = _row(Path(folder), STEPS)
        steps.save(PICTURES / "first_call.png", optimize=True)
        several = _drawn(Path(folder), SEVERAL)
        several.save(PICTURES / "multi_room.png", optimize=True)


def _sheet(folder: Path) -> Image.Image:
    images = [_drawn(folder, shot).reduce(2) for shot in SHEET]
    width, height = images[0].size
    tall = _drawn(folder, BESIDE)
    high = 2 * height + GAP
    tall = tall.resize((high * tall.width // tall.height, high))
    sheet = Image.new("RGB", (2 * width + 2 * GAP + tall.width, high), "white")
    for number, image in enumerate(images):
        place = number % 2 * (width + GAP), number // 2 * (height + GAP)
        sheet.paste(image, place)
    sheet.paste(tall, (2 * (width + GAP), 0))
    return sheet


def _row(folder: Path, shots: tuple[tuple[str, str, str], ...]) -> Image.Image:
    images = [_drawn(folder, shot).reduce(3) for shot in shots]
    width, height = images[0].size
    row = Image.new("RGB", (len(shots) * (width + GAP) - GAP, height), "white")
    for number, image in enumerate(images):
        row.paste(image, (number * (width + GAP), 0))
    return row


def _drawn(folder: Path, shot: tuple[str, str, str]) -> Image.Image:
    screen, language, size = shot
    file = folder / "shot.png"
    asked = ["--screen", screen, "--lang", language, "--size", size]
    if status := main(["snapshot", *asked, str(file)]):
        raise SystemExit(status)
    with Image.open(file) as image:
        return image.convert("RGB")


if __name__ == "__main__":
    write()
