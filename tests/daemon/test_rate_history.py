"""A bit rate over a call: what it was, in memory that does not grow."""

from __future__ import annotations

from kiosk.call.record_bounds import MOST_SPANS
from kiosk.daemon.rate_history import RateHistory
from kiosk.ports import Micros
from kiosk.ports.call_record import RateSpan


SECOND = 1_000_000


def history_of(*kbps: int, aimed: int | None = None) -> RateHistory:
    """One look a second; so many kilobits passed between two of them."""
    history = RateHistory()
    total = 0
    history.look(0, Micros(0), aimed)
    for number, rate in enumerate(kbps, 1):
        total += rate * 1000 // 8
        history.look(total, Micros(number * SECOND), aimed)
    return history


def test_seconds_of_about_the_same_rate_are_one_span() -> None:
    history = history_of(600, 620, 590, 150, 160, aimed=600)

    assert history.spans(Micros(-500_000)) == (
        RateSpan(at_ms=500, for_ms=3000, kbps=603, aimed_kbps=600),
        RateSpan(at_ms=3500, for_ms=2000, kbps=155, aimed_kbps=600),
    )
    assert history.newest_kbps == 160


def test_another_aim_begins_another_span() -> None:
    history = history_of(600, aimed=600)
    history.look(2 * 600_000 // 8, Micros(2 * SECOND), 500)

    assert [span.aimed_kbps for span in history.spans(Micros(0))] == [600, 500]


def test_a_long_call_makes_the_history_coarse_and_loses_no_byte() -> None:
    restless = [100 if number % 2 else 900 for number in range(10_000)]
    history = history_of(*restless)
    spans = history.spans(Micros(0))

    assert len(spans) <= MOST_SPANS
    assert sum(span.for_ms for span in spans) == 10_000_000
    carried = sum(span.kbps * span.for_ms / 1000 for span in spans)
    assert abs(carried - sum(restless)) < 0.001 * sum(restless)


def test_what_was_aimed_at_is_averaged_when_spans_become_one() -> None:
    history = RateHistory()
    for number in range(MOST_SPANS + 2):
        total = number * 100_000
        history.look(total, Micros(number * SECOND), 400 if number % 2 else 800)

    assert {span.aimed_kbps for span in history.spans(Micros(0))[:50]} == {600}


def test_a_look_out_of_turn_makes_no_rate_and_loses_no_byte() -> None:
    history = history_of(600)
    history.look(600_000 // 8 + 10_000, Micros(SECOND + 5_000))
    hasty = history.newest_kbps
    history.look(2 * 600_000 // 8, Micros(2 * SECOND))

    assert (hasty, history.newest_kbps) == (600, 600)
    assert [span.kbps for span in history.spans(Micros(0))] == [600]


def test_the_end_of_a_stream_is_in_its_last_span() -> None:
    history = history_of(600, 600, aimed=600)
    history.look(160_000, Micros(2 * SECOND + 200_000), 700)
    (whole,) = history.spans(Micros(0))
    (again,) = history.spans(Micros(0))

    assert whole == again == RateSpan(0, 2_200, round(160_000 * 8 / 2_200), 600)
    assert history.newest_kbps == 600


def test_the_end_of_one_that_goes_away_again_at_once_is_in_no_span() -> None:
    history = history_of(600)
    history.pause()
    history.look(600_000 // 8, Micros(9 * SECOND))
    history.look(90_000, Micros(9 * SECOND + 100_000))
    history.pause()

    assert history.spans(Micros(0)) == (RateSpan(0, 1_000, 600),)


def test_the_time_a_stream_was_away_is_in_no_span() -> None:
    history = history_of(600)
    history.pause()
    away = history.newest_kbps
    history.look(600_000 // 8, Micros(60 * SECOND))
    history.look(2 * 600_000 // 8, Micros(61 * SECOND))

    assert away is None
    assert [
        (span.at_ms, span.for_ms, span.kbps) for span in history.spans(Micros(0))
    ] == [
        (0, 1_000, 600),
        (60_000, 1_000, 600),
    ]


def test_two_looks_at_the_same_moment_count_once() -> None:
    history = RateHistory()
    history.look(0, Micros(5))
    history.look(9_999, Micros(5))

    assert history.newest_kbps is None
    assert history.spans(Micros(0)) == ()
