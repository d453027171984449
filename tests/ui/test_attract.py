"""Pictures of a folder on the idle screen, one after another."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from PIL import Image

from kiosk.display.headless import HeadlessDisplay
from kiosk.ports import Layer, Micros, PageFrame, ScreenFacts, ScreenName
from kiosk.ui.attract import Pictures
from kiosk.ui.presenter import ScreenPresenter
from tests.fakes.steady_clock import SteadyClock
from tests.fakes.waiting import wait_until


SIZE = (64, 36)
EACH = 10_000_000
TURNED_BY_A_LETTER = bytes.fromhex(
    "524946468e00000057454250565038580a000000080000005900005900005650382038000000"
    "b004009d012a5a005a003e6d369949a42322a120e800800d896900000776557cbdc69ef26fa7"
    "4e9d3a74e9d37c0000fefb9cc0000000000045584946300000004d4d002a0000000800020100"
    "02000000"
    "0a00000026011200030000000100060000000000007878787878787878784d"
)
"""A picture whose Exif cannot be written again: Pillow raises ``struct.error``."""
RED, GREEN = (255, 0, 0), (0, 255, 0)


def write(folder: Path, name: str, colour: tuple[int, int, int]) -> None:
    Image.new("RGB", (90, 90), colour).save(folder / name)


def colour_of(page: PageFrame | None) -> tuple[int, ...] | None:
    if page is None:
        return None
    assert len(page.pixels) == SIZE[0] * SIZE[1] * 4
    blue, green, red, alpha = page.pixels[:4]
    assert alpha == 255
    return red, green, blue


def shows(pictures: Pictures, turn: int, colour: tuple[int, ...] | None) -> bool:
    now = Micros(turn * EACH + 1)
    return wait_until(lambda: colour_of(pictures.at(now, SIZE)) == colour)


def picture_at(pictures: Pictures, now: Micros) -> PageFrame:
    assert wait_until(lambda: pictures.at(now, SIZE) is not None)
    page = pictures.at(now, SIZE)
    assert page is not None
    return page


def test_they_come_in_the_order_of_their_names_and_begin_anew(tmp_path: Path) -> None:
    write(tmp_path, "b.png", GREEN)
    write(tmp_path, "a.png", RED)
    pictures = Pictures(tmp_path, 10.0)

    assert pictures.at(Micros(0), SIZE) is None  # not read yet, and nobody waited
    for turn, colour in ((0, RED), (1, GREEN), (2, RED)):
        assert shows(pictures, turn, colour)


def test_what_is_no_picture_is_passed_over_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "b.png", GREEN)
    (tmp_path / "a.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("nor this, and it says so")
    pictures = Pictures(tmp_path, 10.0)

    with caplog.at_level(logging.WARNING):
        for turn in range(3):
            assert shows(pictures, turn, GREEN)

    assert [record.__dict__["file"] for record in caplog.records] == ["a.png"]


def test_a_folder_that_is_not_there_costs_the_pictures_and_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = Pictures(tmp_path / "nowhere", 10.0)

    for turn in range(3):
        pictures.at(Micros(turn * EACH), SIZE)
        assert wait_until(lambda: len(caplog.records) == 1)
    assert pictures.at(Micros(3 * EACH), SIZE) is None


def test_pictures_may_be_put_there_and_taken_away(tmp_path: Path) -> None:
    write(tmp_path, "a.png", RED)
    pictures = Pictures(tmp_path, 10.0)
    assert shows(pictures, 0, RED)
    write(tmp_path, "b.png", GREEN)
    (tmp_path / "a.png").unlink()

    assert shows(pictures, 1, GREEN)
    (tmp_path / "b.png").unlink()
    assert shows(pictures, 2, None)


def test_a_picture_too_large_for_a_small_board_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Image.new("1", (8_000, 8_000)).save(tmp_path / "a.png")
    pictures = Pictures(tmp_path, 10.0)

    pictures.at(Micros(0), SIZE)

    assert wait_until(lambda: "picture not shown" in caplog.text)
    assert pictures.at(Micros(1), SIZE) is None


def test_the_idle_screen_lies_over_the_picture_and_a_call_takes_it_away(
    tmp_path: Path,
) -> None:
    write(tmp_path, "a.png", RED)
    clock = SteadyClock()
    display = HeadlessDisplay(clock, width=640, height=360)
    display.open()
    attract = Pictures(tmp_path, 10.0)
    presenter = ScreenPresenter(display, clock, attract=attract)
    assert wait_until(lambda: attract.at(clock.now(), display.size) is not None)

    presenter.present(ScreenName.IDLE, ScreenFacts())
    assert display.newest(Layer.BASE) is attract.at(clock.now(), display.size)
    assert display.newest(Layer.OVER) is not None
    presenter.present(ScreenName.CONNECTING, ScreenFacts())

    assert display.newest(Layer.BASE) is not attract.at(clock.now(), display.size)
    assert display.newest(Layer.OVER) is None
    display.close()


def test_a_live_stream_comes_before_the_pictures(tmp_path: Path) -> None:
    write(tmp_path, "a.png", RED)
    clock = SteadyClock()
    display = HeadlessDisplay(clock, width=640, height=360)
    display.open()
    attract = Pictures(tmp_path, 10.0)
    presenter = ScreenPresenter(display, clock, attract=attract)
    assert wait_until(lambda: attract.at(clock.now(), display.size) is not None)

    presenter.present(ScreenName.IDLE, ScreenFacts(television=True))

    assert display.newest(Layer.BASE) is not attract.at(clock.now(), display.size)
    display.close()


def test_another_display_gets_pictures_of_its_own_size(tmp_path: Path) -> None:
    write(tmp_path, "a.png", RED)
    pictures = Pictures(tmp_path, 10.0)
    assert shows(pictures, 0, RED)
    larger = (128, 72)

    page = pictures.at(Micros(2), larger)
    assert page is None or page.width == 128  # none of the old size meanwhile
    assert wait_until(lambda: pictures.at(Micros(2), larger) is not None)


def test_bytes_that_no_decoder_foresaw_cost_one_picture(tmp_path: Path) -> None:
    write(tmp_path, "b.png", GREEN)
    (tmp_path / "a.webp").write_bytes(TURNED_BY_A_LETTER)
    pictures = Pictures(tmp_path, 10.0)

    assert shows(pictures, 0, GREEN)


def test_a_large_photograph_is_made_small_and_stands_as_its_camera_was_held(
    tmp_path: Path,
) -> None:
    photograph = Image.new("RGB", (6_400, 4_800), RED)
    photograph.paste(GREEN, (0, 0, 3_200, 4_800))  # left, and at the top once turned
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise
    for name in ("a.jpg", "b.webp"):
        photograph.save(tmp_path / name, exif=exif)
        photograph = photograph.resize((1_600, 1_200))
    pictures = Pictures(tmp_path, 10.0)

    for turn in range(2):
        now = Micros(turn * EACH + 1)
        page = picture_at(pictures, now)
        blue, green, red = page.pixels[:3]
        assert (blue < 90, green > 165, red < 90) == (True, True, True)
        assert page.pixels[-2] > 165


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK"])
def test_a_picture_of_any_kind_is_shown(tmp_path: Path, mode: str) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    white = Image.new("RGB", (640, 480), (255, 255, 255)).convert(mode)
    white.save(tmp_path / f"a.{suffix}")
    pictures = Pictures(tmp_path, 10.0)

    assert shows(pictures, 0, (255, 255, 255))
