"""The soak itself bites: growth, a thread too many and a failed call are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.growth import slope
from tests.soak.calls import ENDED, FAILED, WHOLE, Outcome
from tests.soak.notebook import Notebook
from tests.soak.report import figures, shortfalls
from tests.soak.site import Held
from tests.soak.troubles import TROUBLES, trouble_of


QUIET = trouble_of(seed=1, call=1, share=0.0)
HELD = Held(threads=4, descriptors=28)


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return Notebook(tmp_path / "calls.jsonl", seed=1)


def soaked(
    notebook: Notebook, *, calls: int = 400, kb_a_call: float = 0.0, after: Held = HELD
) -> Notebook:
    """A process that made calls, a size noted every ten."""
    notebook.begin_process(HELD)
    wave = _wave()
    for _ in range(calls):
        number = notebook.calls + 1
        notebook.note_call(number, QUIET, Outcome(WHOLE, "", 2.0))
        if number % 10 == 0:
            notebook.note_size(100.0 + number * kb_a_call / 1024 + next(wave), HELD)
    notebook.end_process(after, [] if after == HELD else ["29: socket"])
    return notebook


def _wave() -> Iterator[float]:
    """Memory that goes up and down without growing, MB."""
    while True:
        yield from (0.0, 0.3, -0.2, 0.1, -0.2)


def test_a_steady_kiosk_is_in_order(notebook: Notebook) -> None:
    assert shortfalls(soaked(notebook)) == []


def test_three_kilobytes_a_call_are_seen_beneath_what_goes_up_and_down(
    notebook: Notebook,
) -> None:
    soaked(notebook, kb_a_call=3.0)

    (wrong,) = shortfalls(notebook)

    assert "grows by" in wrong
    assert abs(figures(notebook)["growth_kb_a_call"] - 3.0) < 0.3


def test_a_thread_too_many_is_told_with_what_is_open(notebook: Notebook) -> None:
    soaked(notebook, after=Held(5, 28, ("MainThread", "asyncio_1")))

    (wrong,) = shortfalls(notebook)

    assert "[5, 28] after" in wrong
    assert "29: socket" in wrong
    assert "thread asyncio_1" in wrong


def test_a_failed_call_is_told(notebook: Notebook) -> None:
    soaked(notebook)
    notebook.note_call(401, QUIET, Outcome(FAILED, "not seen by both", 40.0))
    notebook.note_call(402, QUIET, Outcome(ENDED, "M004 gone", 2.0))

    (wrong,) = shortfalls(notebook)

    assert "not seen by both" in wrong


def test_a_process_that_begins_larger_has_not_grown(notebook: Notebook) -> None:
    first = [(x, 100.0 + 0.001 * x) for x in range(50)]
    second = [(x, 140.0 + 0.001 * x) for x in range(50, 100)]

    found = slope(first, second)

    assert found is not None
    assert abs(found.estimate - 1.024) < 1e-6


def test_too_little_was_measured_to_say_how_it_grows() -> None:
    assert slope([(1.0, 100.0), (2.0, 110.0), (3.0, 90.0)]) is None
    assert slope() is None


def test_an_interrupted_soak_goes_on_where_it_was(tmp_path: Path) -> None:
    soaked(Notebook(tmp_path / "calls.jsonl", seed=1), calls=20)

    again = Notebook(tmp_path / "calls.jsonl", seed=1)

    assert again.calls == 20
    assert [len(process) for process in again.sizes] == [2]
    assert Notebook(tmp_path / "calls.jsonl", seed=2).calls == 0


def test_what_befalls_a_call_can_be_had_again_and_everything_befalls_some() -> None:
    drawn = [trouble_of(7, call, 0.4) for call in range(1000)]

    assert drawn == [trouble_of(7, call, 0.4) for call in range(1000)]
    assert {one.name for one in drawn} == set(TROUBLES)
    assert 350 < sum(one.name != "none" for one in drawn) < 450
