"""What was built once is kept by what it is made of, and only when it was finished."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.cache import KEPT, Cache, default_folder, key_of


def test_a_key_is_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name / "etc").mkdir(parents=True)
        (tmp_path / name / "etc" / "hosts").write_text("localhost")

    assert key_of([tmp_path / "here"]) == key_of([tmp_path / "there"])


@pytest.mark.parametrize("change", ["text", "name", "mode", "link"])
def test_any_change_of_a_folder_is_another_key(tmp_path: Path, change: str) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    before = key_of([tmp_path])

    if change == "text":
        file.write_text("two")
    elif change == "name":
        file.rename(tmp_path / "other")
    elif change == "mode":
        file.chmod(0o755)
    else:
        (tmp_path / "link").symlink_to("file")

    assert key_of([tmp_path]) != before


def test_parts_do_not_run_into_each_other() -> None:
    assert key_of(["ab", "c"]) != key_of(["a", "bc"])


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    made: list[Path] = []
    cache = Cache(tmp_path)

    first = cache.get("disk", "key", made.append)
    second = cache.get("disk", "key", made.append)

    assert first == second
    assert len(made) == 1


def test_what_could_not_be_finished_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError):
        cache.get("disk", "key", fail)

    assert list(cache.get("disk", "key", lambda _: None).iterdir()) == []


def test_only_the_newest_of_a_kind_stay(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for number in range(KEPT + 2):
        place = cache.get("disk", str(number), lambda _: None)
        os.utime(place, (number, number))
    cache.get("root", "only", lambda _: None)

    kept = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())

    assert len([name for name in kept if name.startswith("disk-")]) == KEPT
    assert f"disk-{KEPT + 1}" in kept
    assert "root-only" in kept


def test_the_cache_is_outside_of_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIOSK_APPLIANCE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")

    assert default_folder() == Path("/caches/kiosk-appliance")


def test_the_cache_may_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_APPLIANCE_CACHE", "/big/disk")

    assert default_folder() == Path("/big/disk")
