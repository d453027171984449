"""The pictures that need nothing: on displays of any size, and when even they are gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.display import first_pictures
from kiosk.display.first_pictures import NIGHT, FirstPicture, first_page, sprites_of
from kiosk.ports import PageFrame


def pixel(page: PageFrame, x: int, y: int) -> bytes:
    at = (y * page.width + x) * 4
    return page.pixels[at : at + 4]


def drawn_box(page: PageFrame) -> tuple[int, int, int, int]:
    """Return the box around what is not ground."""
    ground = page.pixels[:4]
    rows = [
        y
        for y in range(page.height)
        if page.pixels[y * page.width * 4 : (y + 1) * page.width * 4]
        != ground * page.width
    ]
    columns = [
        x
        for x in range(page.width)
        if any(pixel(page, x, y) != ground for y in rows[::3])
    ]
    return columns[0], rows[0], columns[-1], rows[-1]


@pytest.mark.parametrize("picture", FirstPicture)
@pytest.mark.parametrize(
    "size", [(1280, 720), (1920, 1080), (720, 1280), (1024, 600), (480, 320)]
)
def test_the_picture_stands_in_the_middle_of_the_display(
    picture: FirstPicture, size: tuple[int, int]
) -> None:
    page = first_page(picture, size)

    assert (page.width, page.height) == size
    assert len(page.pixels) == size[0] * size[1] * 4
    left, top, right, bottom = drawn_box(page)
    assert abs(left + right - size[0]) <= size[0] * 0.02
    assert abs(top + bottom - size[1]) <= size[1] * 0.12
    assert right - left > size[0] * 0.3
    assert page.pixels[3::4] == b"\xff" * (size[0] * size[1])


def test_a_large_display_gets_the_picture_twice_as_large() -> None:
    small = first_page(FirstPicture.STARTING, (1920, 1080))
    large = first_page(FirstPicture.STARTING, (3840, 2160))

    for x, y in ((1920, 700), (1500, 1100), (1901, 1203)):
        assert pixel(large, x, y) == pixel(small, x // 2, y // 2)


@pytest.mark.parametrize("size", [(2, 2), (128, 128), (450, 20), (3, 2000)])
def test_a_display_that_is_too_small_shows_the_middle(size: tuple[int, int]) -> None:
    page = first_page(FirstPicture.OUT_OF_SERVICE, size)

    assert len(page.pixels) == size[0] * size[1] * 4


def test_both_pictures_are_different() -> None:
    size = (640, 360)

    starting, broken = (first_page(picture, size) for picture in FirstPicture)

    assert starting != broken


@pytest.mark.parametrize("damage", ["gone", "empty", "cut off", "noise", "no pixels"])
def test_without_its_file_there_is_a_calm_page(damage: str, tmp_path: Path) -> None:
    whole = (first_pictures.FOLDER / "starting.z").read_bytes()
    content = {
        "empty": b"",
        "cut off": whole[: len(whole) // 2],
        "noise": whole[:8] + bytes(reversed(whole[8:])),
        "no pixels": bytes(8),
    }
    if damage in content:
        (tmp_path / "starting.z").write_bytes(content[damage])

    page = first_page(FirstPicture.STARTING, (1920, 1080), tmp_path)

    assert page == PageFrame(1920, 1080, NIGHT * (1920 * 1080))


def test_a_file_says_which_sizes_it_has() -> None:
    sizes = [
        (sprite.width, sprite.height)
        for sprite in sprites_of(first_pictures.FOLDER / "out_of_service.z")
    ]

    assert sizes == [(450, 210), (675, 315), (900, 420), (1350, 630)]


def test_nothing_heavy_is_loaded_for_them() -> None:
    code = (
        "import sys\n"
        "from kiosk.display.first_pictures import FirstPicture, first_page\n"
        "first_page(FirstPicture.STARTING, (1280, 720))\n"
        "print(*{'numpy', 'PIL', 'av', 'pydantic', 'asyncio'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, timeout=30
    )

    assert run.stdout.strip() == b""
