"""The playout delay: when it plays, when it waits, what it throws away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.media.jitter import (
    LIMIT_US,
    AudioPacket,
    DelayBounds,
    JitterBuffer,
    Order,
)
from kiosk.ports import Micros


PACKET_US = 20_000
PERIOD_US = 10_000


class Line:
    """A sender, a network and a playout in one simulated time."""

    def __init__(
        self, bounds: DelayBounds | None = None, packet_us: int = PACKET_US
    ) -> None:
        self.buffer = JitterBuffer(bounds)
        self.packet_us = packet_us
        self.now = 0
        self.sent = 0
        self.decoded_us = 0.0
        self.played: list[int] = []
        self.orders: list[Order] = []

    def send(self, n_packets: int = 1) -> None:
        for _ in range(n_packets):
            packet = AudioPacket(self.sent * self.packet_us, b"", self.packet_us)
            self.buffer.put(packet, Micros(self.now))
            self.sent += 1

    def play(self) -> Order:
        """Play one period and let its time pass."""
        order = self.buffer.order(PERIOD_US, round(self.decoded_us), Micros(self.now))
        self.orders.append(order)
        if order.is_cut:
            self.decoded_us = 0
        if order.is_playing:
            needed = PERIOD_US * order.speed
            while self.decoded_us < needed:
                packet = self.buffer.take()
                if packet is None:
                    break
                self.played.append(packet.pts_us)
                self.decoded_us += packet.duration_us
            self.decoded_us = max(0.0, self.decoded_us - needed)
        self.now += PERIOD_US
        return order

    def run(self, seconds: float, *, stalled: bool = False) -> None:
        """Send a packet every 20 ms, or hold them back, while playing."""
        for step in range(round(seconds * 100)):
            if step % 2 == 0 and not stalled:
                self.send()
            self.play()

    @property
    def level_us(self) -> int:
        return self.buffer.buffered_us + round(self.decoded_us)


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
    bounds = DelayBounds(start_us=60_000, least_us=50_000, most_us=80_000)
    line = Line(bounds)
    for _ in range(8):
        line.run(1)
        line.run(0.3, stalled=True)
        line.send(15)
    highest = line.buffer.target_us
    line.run(90)

    assert highest == 80_000
    assert line.buffer.target_us == 50_000


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
