"""The playout buffer's pace: what is cut, played faster or slower, or begun anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.media.jitter import LIMIT_US, AudioPacket, JitterBuffer
from kiosk.ports import Micros
from tests.fakes.jitter_line import PACKET_US, PERIOD_US, Line


def test_a_join_backlog_is_cut_at_the_start() -> None:
    line = Line()
    line.send(40)
    line.play()

    assert line.buffer.buffered_us <= 80_000
    assert line.buffer.counts.cut_us > 0


def test_a_backlog_that_arrives_later_is_cut_after_a_second() -> None:
    line = Line()
    line.run(2)
    line.send(25)
    line.run(2)

    assert any(order.is_cut for order in line.orders)
    assert line.level_us < 120_000


def test_a_small_excess_is_played_fast_and_not_cut() -> None:
    line = Line()
    line.run(2)
    line.send(10)
    line.run(1.5)

    assert not any(order.is_cut for order in line.orders)
    assert max(order.speed for order in line.orders) == 1.04


@pytest.mark.parametrize(("stall_s", "given_back_s"), [(0.14, 3.0), (0.2, 5.5)])
def test_what_a_stall_added_is_given_back_within_seconds_of_speech(
    stall_s: float, given_back_s: float
) -> None:
    line = Line()
    line.run(20)
    line.run(stall_s, stalled=True)
    line.send(round(stall_s * 50))
    line.run(given_back_s)

    assert line.level_us < line.buffer.target_us + 15_000
    assert line.buffer.counts.underruns == 1
    assert line.buffer.counts.cut_us == 0


def test_an_excess_is_given_back_quickly_where_the_peer_pauses() -> None:
    line = Line()
    line.run(2)
    steady = line.orders[-1]
    line.send(6)
    line.run(1.05)

    assert (steady.speed, steady.quiet_speed) == (1.0, 1.0)
    assert line.orders[-1].quiet_speed == 1.5


def test_late_packets_every_second_do_not_hold_a_long_delay_up_for_ever() -> None:
    line = Line()
    line.run(2)
    line.run(0.3, stalled=True)
    line.send(15)
    held_us = line.level_us
    for _ in range(20):  # always a tenth of a second late once a second
        line.run(0.9)
        line.run(0.1, stalled=True)
        line.send(5)

    assert held_us > 270_000
    assert line.level_us <= line.buffer.target_us + 80_000
    assert line.buffer.counts.cut_us == 0


def test_before_an_underrun_sound_is_played_slower() -> None:
    line = Line()
    line.run(2)
    line.run(0.04, stalled=True)

    assert min(order.speed for order in line.orders[-4:]) == 0.98


def test_a_reserve_that_is_missing_is_made_up_for_at_once_where_the_peer_pauses() -> (
    None
):
    line = Line()
    line.run(2)
    line.run(0.03, stalled=True)

    assert line.orders[-1].speed == 0.98
    assert line.orders[-1].quiet_speed == 0.5


def test_what_a_sender_left_out_is_made_up_for_by_playing_slower() -> None:
    line = Line()
    line.run(3)
    line.run(0.1, stalled=True)
    line.send(5)
    line.run(20)
    line.run(0.1, stalled=True)
    line.sent += 5  # never comes
    line.run(0.5)
    short_us = line.level_us
    line.run(10)

    assert short_us < 40_000
    assert line.level_us > 80_000


def test_after_a_long_silence_buffering_starts_afresh() -> None:
    line = Line()
    line.run(1)
    line.run(1.0, stalled=True)
    line.send(1)

    assert not line.play().is_playing
    assert not line.buffer.is_starving


def test_a_packet_that_comes_twice_is_dropped() -> None:
    line = Line()
    line.send(3)
    line.buffer.put(AudioPacket(PACKET_US, b"", PACKET_US), Micros(0))

    assert line.buffer.counts.late_packets == 1
    assert line.buffer.buffered_us == 60_000


def test_a_jump_back_in_time_is_a_new_timeline() -> None:
    line = Line()
    line.sent = 1000
    line.send(3)
    line.sent = 0
    line.send(1)

    assert line.buffer.counts.late_packets == 0
    assert line.buffer.buffered_us == 80_000


def test_a_restart_forgets_the_timeline_and_keeps_the_target() -> None:
    line = Line()
    line.run(1)
    line.run(0.1, stalled=True)
    target = line.buffer.target_us
    line.buffer.restart()
    line.sent -= 2
    line.send(1)

    assert line.buffer.target_us == target
    assert line.buffer.buffered_us == PACKET_US
    assert line.buffer.counts.late_packets == 0


def test_an_empty_buffer_gives_nothing() -> None:
    assert JitterBuffer().take() is None


def test_a_fast_sender_clock_does_not_let_the_delay_grow() -> None:
    line = Line()
    due = 0.0
    for _ in range(60_000):  # ten minutes, sender 500 ppm fast
        due += PERIOD_US * 1.0005
        while due >= PACKET_US:
            due -= PACKET_US
            line.send()
        line.play()

    assert line.level_us < 80_000
    assert line.buffer.counts.underruns == 0
    assert line.buffer.counts.cut_us == 0


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=60)
)
def test_what_comes_out_is_in_order_and_never_older_than_the_limit(
    bursts: list[tuple[int, int]],
) -> None:
    line = Line()
    for n_packets, n_periods in bursts:
        line.send(n_packets)
        for _ in range(n_periods):
            newest_us = line.sent * PACKET_US
            already = len(line.played)
            line.play()
            for pts_us in line.played[already:]:
                assert newest_us - pts_us <= LIMIT_US + PACKET_US

    assert line.played == sorted(set(line.played))
    assert 40_000 <= line.buffer.target_us <= 160_000
    assert all(0.98 <= order.speed <= 1.04 for order in line.orders)
    for order in line.orders:
        speed, quiet = order.speed, order.quiet_speed
        assert 0.5 <= quiet <= speed <= 1.0 or 1.0 <= speed <= quiet <= 1.5
