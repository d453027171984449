"""The least of the last moments, found without searching."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.media.recent_least import RecentLeast
from kiosk.ports import Micros


NOTED = st.lists(st.tuples(st.integers(0, 400), st.integers(-5, 5)), min_size=1)


@given(NOTED)
def test_it_is_what_a_search_through_all_that_counts_would_find(
    noted: list[tuple[int, int]],
) -> None:
    recent = RecentLeast(1000)
    now, kept = 0, list[tuple[int, int]]()
    for later_by, number in noted:
        now += later_by
        recent.note(number, Micros(now))
        kept = [(at, held) for at, held in [*kept, (now, number)] if now - at <= 1000]

        assert recent.least == min(held for _, held in kept)
        assert recent.known_us(Micros(now + 7)) == now + 7 - kept[0][0]


def test_what_was_forgotten_counts_no_more() -> None:
    recent = RecentLeast(1000)
    recent.note(1, Micros(10))
    recent.clear()
    recent.note(9, Micros(20))

    assert (recent.least, recent.known_us(Micros(25))) == (9, 5)
