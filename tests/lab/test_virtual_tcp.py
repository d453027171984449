"""The model of TCP behaves as the controller meets it in the kernel."""

from __future__ import annotations

import pytest

from tests.lab.path import Conditions, Path
from tests.lab.virtual_tcp import MSS, VirtualTcp


class Rig:
    """A connection over two paths, written to evenly."""

    def __init__(self, up: Conditions, **tcp: int) -> None:
        self.delivered: list[tuple[int, float]] = []
        self.up = Path(up)
        down = Path(Conditions(delay_ms=up.delay_ms))
        self.tcp = VirtualTcp(self.up, down, self._deliver, **tcp)
        self.now = 0.0
        self.written = 0

    def _deliver(self, up_to: int, now: float) -> None:
        self.delivered.append((up_to, now))

    def run(self, seconds: float, *, bytes_per_10ms: int = 0) -> None:
        end = self.now + seconds
        write_at = self.now
        while True:
            event = self.tcp.next_event()
            times = [end, *([write_at] if bytes_per_10ms else [])]
            self.now = max(self.now, min([*times, *([event] if event else [])]))
            if self.now >= end:
                return
            self.tcp.advance(self.now)
            if bytes_per_10ms and self.now >= write_at:
                self.tcp.write(bytes_per_10ms, self.now)
                self.written += bytes_per_10ms
                write_at += 0.01


def test_a_small_write_arrives_after_the_delay_and_is_acknowledged() -> None:
    rig = Rig(Conditions(delay_ms=20))
    rig.tcp.write(500, 0.0)
    rig.run(0.2)

    assert rig.delivered == [(500, pytest.approx(0.02))]
    assert rig.tcp.backlog_bytes == 0
    assert rig.tcp.rtt_s == pytest.approx(0.08)  # the acknowledgement was delayed


def test_more_than_a_segment_is_acknowledged_at_once() -> None:
    rig = Rig(Conditions(delay_ms=20))
    rig.tcp.write(2 * MSS, 0.0)
    rig.run(0.041)

    assert rig.tcp.backlog_bytes == 0


def test_everything_arrives_in_order_however_much_is_lost() -> None:
    rig = Rig(Conditions(delay_ms=20, loss_percent=10), buffer_bytes=10**9)
    rig.run(10, bytes_per_10ms=700)
    rig.run(10)

    arrived = [up_to for up_to, _ in rig.delivered]
    assert arrived == sorted(arrived)
    assert arrived[-1] == rig.written
    assert rig.up.counts.lost > 30


def test_a_slow_link_leaves_a_backlog_and_long_round_trips() -> None:
    rig = Rig(Conditions(rate_kbps=400, delay_ms=20))
    rig.run(2, bytes_per_10ms=700)

    assert rig.tcp.backlog_bytes > 20_000
    assert rig.tcp.rtt_s > 0.3


def test_a_lost_packet_leaves_the_others_passed_and_does_not_look_like_a_queue() -> (
    None
):
    rig = Rig(Conditions(delay_ms=20))
    rig.run(0.1, bytes_per_10ms=700)
    rig.up.change(rig.now, loss_percent=100)
    rig.run(0.01, bytes_per_10ms=700)
    rig.up.change(rig.now, loss_percent=0)
    rig.run(0.055, bytes_per_10ms=700)

    assert rig.tcp.passed_bytes > 0


def test_a_window_that_losses_made_small_keeps_data_back() -> None:
    rig = Rig(Conditions(delay_ms=50, loss_percent=15), buffer_bytes=10**9)
    rig.run(5, bytes_per_10ms=1500)

    assert rig.tcp.unsent_bytes > 10 * MSS


def test_after_an_outage_it_goes_on_by_itself_though_late() -> None:
    rig = Rig(Conditions(delay_ms=20))
    rig.run(1, bytes_per_10ms=100)
    rig.up.change(rig.now, loss_percent=100)
    rig.run(2, bytes_per_10ms=100)
    rig.up.change(rig.now, loss_percent=0)
    silent_since = rig.delivered[-1][1]
    rig.run(4, bytes_per_10ms=100)

    back_at = next(at for _, at in rig.delivered if at > silent_since)
    assert 3.0 < back_at < 5.0
    assert rig.tcp.backlog_bytes < 1_000
