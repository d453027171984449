"""The playout delay: when it plays, when it waits, what it throws away."""

from __future__ import annotations

from kiosk.media.jitter import DelayBounds
from tests.fakes.jitter_line import Line


def test_nothing_is_played_before_the_target_is_reached() -> None:
    line = Line()
    line.send(2)

    assert not line.play().is_playing


def test_playing_begins_at_sixty_milliseconds() -> None:
    line = Line()
    line.send(3)

    assert line.play().is_playing


def test_a_thin_stream_is_played_after_as_long_a_wait() -> None:
    line = Line()
    line.send(1)
    waited = [line.play() for _ in range(6)]
    line.send(1)

    assert not any(order.is_playing for order in waited)
    assert line.play().is_playing


def test_a_rest_shorter_than_a_period_does_not_silence_what_comes_after_a_pause() -> (
    None
):
    line = Line(packet_us=5_000)
    line.send(13)
    for _ in range(80):  # the sender pauses
        line.play()
    assert line.level_us == 5_000
    line.send(12)

    assert line.play().is_playing


def test_a_steady_stream_plays_without_a_gap_and_ends_at_the_lower_bound() -> None:
    line = Line()
    line.run(30)
    first = next(i for i, order in enumerate(line.orders) if order.is_playing)

    assert all(order.is_playing for order in line.orders[first:])
    assert line.buffer.target_us == 40_000
    assert line.level_us <= 70_000


def test_the_target_never_falls_below_its_bound_nor_rises_above() -> None:
    bounds = DelayBounds(
        start_us=60_000, least_us=50_000, most_us=80_000, lossy_us=80_000
    )
    line = Line(bounds)
    for _ in range(8):
        line.run(1)
        line.run(0.3, stalled=True)
        line.send(15)
    highest = line.buffer.target_us
    line.run(90)

    assert highest == 80_000
    assert line.buffer.target_us == 50_000


def test_stalls_now_and_then_raise_the_target_to_the_prompt_bound_and_no_further() -> (
    None
):
    line = Line()
    for _ in range(2):
        line.run(20)
        line.run(0.4, stalled=True)
        line.send(20)
    line.run(1)

    assert line.buffer.target_us == 160_000


def test_a_path_that_stalls_all_the_time_is_waited_for_longer_than_is_prompt() -> None:
    line = Line()
    for _ in range(25):
        line.run(1)
        line.run(0.3, stalled=True)
        line.send(15)
    learnt = len(line.orders)
    for _ in range(25):
        line.run(1)
        line.run(0.3, stalled=True)
        line.send(15)

    assert 250_000 <= line.buffer.target_us <= 330_000
    gaps = [order for order in line.orders[learnt:] if not order.is_playing]
    assert len(gaps) < 0.01 * len(line.orders[learnt:])


def test_the_longest_wait_has_its_own_bound() -> None:
    line = Line(DelayBounds(lossy_us=200_000))
    for _ in range(25):
        line.run(1)
        line.run(0.4, stalled=True)
        line.send(20)

    assert line.buffer.target_us == 200_000


def test_an_underrun_is_one_event_however_long_it_lasts() -> None:
    line = Line()
    line.run(2)
    line.run(0.2, stalled=True)

    assert line.buffer.counts.underruns == 1
    assert line.buffer.is_starving


def test_a_stall_raises_the_target_at_once_to_what_would_have_bridged_it() -> None:
    line = Line()
    line.run(2)
    line.run(0.1, stalled=True)
    line.send(5)
    line.play()

    assert 110_000 <= line.buffer.target_us <= 120_000


def test_a_second_stall_as_long_as_the_first_is_bridged() -> None:
    line = Line()
    for _ in range(2):
        line.run(5)
        line.run(0.1, stalled=True)
        line.send(5)
    line.run(1)

    assert line.buffer.counts.underruns == 1


def test_late_packets_raise_the_target_before_an_underrun_shows_the_need() -> None:
    line = Line()
    line.run(30)
    lowest = line.buffer.target_us
    for _ in range(8):  # packets come in threes
        line.run(1)
        line.run(0.06, stalled=True)
        line.send(3)
    line.run(0.1)

    assert lowest == 40_000
    assert line.buffer.target_us > 60_000


def test_a_target_that_is_needed_no_more_falls_slowly() -> None:
    line = Line()
    for _ in range(8):
        line.run(1)
        line.run(0.1, stalled=True)
        line.send(5)
    line.run(52)
    held = line.buffer.target_us
    line.run(14)
    falling = line.buffer.target_us
    line.run(40)

    assert held > 100_000
    assert held - 30_000 <= falling < held
    assert line.buffer.target_us == 40_000
