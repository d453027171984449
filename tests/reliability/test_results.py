"""The results: a section is replaced whole, nothing else is touched, no nonsense enters."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import pytest

from tests.reliability.results import SECTIONS, STAMP, read, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reliability.json"


def test_a_section_is_replaced_as_a_whole(file: Path) -> None:
    write("chaos", {"operations": 5, "violations": 1}, file=file)
    write("fuzz", {"executions": 7}, file=file)

    write("chaos", {"operations": 9}, file=file)

    found = read(file)
    assert {
        name: value for name, value in found["chaos"].items() if name not in STAMP
    } == {"operations": 9}
    assert found["fuzz"]["executions"] == 7


def test_every_section_says_when_and_on_which_commit(file: Path) -> None:
    write("soak", {"calls": 1000}, file=file)

    assert set(STAMP) < set(read(file)["soak"])


@pytest.mark.parametrize(
    "figures",
    [{"x": math.nan}, {"x": [1, math.inf]}, {"x": {"y": object()}}, {"x": "z" * 500}],
)
def test_what_is_no_figure_is_refused_by_its_name(
    figures: dict[str, object], file: Path
) -> None:
    with pytest.raises(ValueError, match=r"soak\.x"):
        write("soak", figures, file=file)
    assert not file.exists()


def test_an_unknown_section_is_refused_with_those_there_are(file: Path) -> None:
    with pytest.raises(ValueError, match=SECTIONS[0]):
        write("sok", {}, file=file)


def test_runners_that_end_at_once_lose_nothing_of_each_other(file: Path) -> None:
    threads = [
        threading.Thread(target=write, args=(name, {"n": 1}), kwargs={"file": file})
        for name in SECTIONS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert tuple(read(file)) == SECTIONS


def test_nothing_of_a_writer_is_left_beside_the_file_but_its_lock(file: Path) -> None:
    write("soak", {"calls": 1}, file=file)

    assert {path.name for path in file.parent.iterdir()} == {
        "reliability.json",
        ".reliability.json.lock",
    }
