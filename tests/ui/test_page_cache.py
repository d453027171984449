"""Pages that were drawn once are not drawn again, whatever became of their files."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from kiosk.ui.fonts import Fonts
from kiosk.ui.look import Look, make_artist
from kiosk.ui.page_cache import KEPT, MOST_FILES, PageCache
from tests.ui.shots import content_of


SIZE = (64, 32)
PAGE = Image.linear_gradient("L").resize(SIZE).convert("RGBA")
FONTS = Fonts()


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*"))


def test_a_page_is_found_again_by_the_next_process(tmp_path: Path) -> None:
    PageCache(tmp_path / "new", "look").put("idle", PAGE)

    found = PageCache(tmp_path / "new", "look").get("idle", SIZE)

    assert found is not None
    assert found.tobytes() == PAGE.tobytes()


def test_another_content_or_another_look_is_another_page(tmp_path: Path) -> None:
    PageCache(tmp_path, "look").put("idle", PAGE)

    assert PageCache(tmp_path, "look").get("ended", SIZE) is None
    assert PageCache(tmp_path, "other look").get("idle", SIZE) is None


@pytest.mark.parametrize("broken", [b"", b"not a page", "half", "another size"])
def test_a_broken_file_is_as_good_as_none_and_written_anew(
    broken: bytes | str, tmp_path: Path
) -> None:
    PageCache(tmp_path, "look").put("idle", PAGE)
    (file,) = _files(tmp_path)
    whole = file.read_bytes()
    if broken == "another size":
        assert PageCache(tmp_path, "look").get("idle", (32, 32)) is None
        return
    file.write_bytes(broken if isinstance(broken, bytes) else whole[: len(whole) // 2])
    cache = PageCache(tmp_path, "look")

    assert cache.get("idle", SIZE) is None
    cache.put("idle", PAGE)

    assert file.read_bytes() == whole


def test_a_directory_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    cache = PageCache(tmp_path / "file", "look")

    with caplog.at_level(logging.WARNING):
        cache.put("idle", PAGE)
        cache.put("ended", PAGE)

    assert len(caplog.records) == 1
    assert cache.get("idle", SIZE) is not None


def test_memory_and_directory_hold_so_many_pages_and_no_more(tmp_path: Path) -> None:
    cache = PageCache(tmp_path, "look")
    for number in range(MOST_FILES + 5):
        cache.put(number, PAGE)

    assert len(_files(tmp_path)) == MOST_FILES
    in_memory = PageCache(None, "look")
    for number in range(KEPT + 1):
        in_memory.put(number, PAGE)
    assert in_memory.get(0, SIZE) is None
    assert in_memory.get(KEPT, SIZE) is not None


def test_a_kept_page_looks_as_a_drawn_one_at_any_time_of_day(tmp_path: Path) -> None:
    look = Look(pages=tmp_path)
    content = content_of("waiting")
    make_artist(look, (640, 360), FONTS).rehearse(replace(content, wall_time="09:00"))
    assert len(_files(tmp_path)) == 1

    kept = make_artist(look, (640, 360), FONTS).page(content)

    assert kept == make_artist(Look(), (640, 360), FONTS).page(content)
    assert len(_files(tmp_path)) == 1


@pytest.mark.parametrize("scene", ["in-call-sound-only", "out-of-service", "queued"])
def test_nothing_of_a_call_or_a_fault_is_kept_on_disk(
    scene: str, tmp_path: Path
) -> None:
    make_artist(Look(pages=tmp_path), (640, 360), FONTS).rehearse(content_of(scene))

    assert not _files(tmp_path)


def test_an_accent_or_a_larger_type_is_another_page(tmp_path: Path) -> None:
    looks = Look(pages=tmp_path), Look(pages=tmp_path, accent="#802060")
    for look in (*looks, Look(pages=tmp_path, diagonal=7.0)):
        make_artist(look, (640, 360), FONTS).rehearse(content_of("idle"))

    assert len(_files(tmp_path)) == 3
