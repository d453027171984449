"""What readings of a connection say of its path."""

from __future__ import annotations

import pytest

from kiosk.media.flow import Flow, Reading
from kiosk.ports import Micros


RTT_US = 30_000
PERIOD_US = 20_000


class Path:
    """Readings every 20 ms of a sender and a path with given rates."""

    def __init__(self) -> None:
        self.flow = Flow()
        self.now = 0
        self.sent = 0.0
        self.arrived = 0.0

    def run(self, seconds: float, *, sent_kbps: float, arrived_kbps: float) -> None:
        for _ in range(round(seconds * 1_000_000 / PERIOD_US)):
            self.now += PERIOD_US
            self.arrived = min(
                self.sent, self.arrived + arrived_kbps * PERIOD_US / 8_000
            )
            self.read()
            self.sent += sent_kbps * PERIOD_US / 8_000

    def read(self, *, passed: int = 0, rtt_us: int = RTT_US) -> None:
        reading = Reading(
            backlog_bytes=round(self.sent - self.arrived),
            rtt_us=rtt_us,
            acked_bytes=round(self.arrived),
            passed_bytes=passed,
        )
        self.flow.add(reading, Micros(self.now))


def test_nothing_is_late_while_all_arrives_in_a_round_trip() -> None:
    path = Path()
    path.run(2, sent_kbps=600, arrived_kbps=3000)

    assert path.flow.late_us <= 0
    assert path.flow.round_trip_us == RTT_US


def test_what_is_sent_faster_than_it_arrives_grows_late() -> None:
    path = Path()
    path.run(1, sent_kbps=600, arrived_kbps=3000)
    path.run(0.5, sent_kbps=600, arrived_kbps=300)

    assert path.flow.late_us > 100_000
    assert path.flow.most_late_us == path.flow.late_us
    assert path.flow.queue_bytes == pytest.approx(300_000 / 8 / 2, rel=0.1)


def test_a_growing_queue_shows_what_the_link_carries() -> None:
    path = Path()
    path.run(1, sent_kbps=600, arrived_kbps=3000)
    since = Micros(path.now)
    path.run(0.5, sent_kbps=600, arrived_kbps=300)

    found = path.flow.throughput(since)

    assert found is not None
    assert found.moves
    assert found.bps == pytest.approx(300_000, rel=0.05)


def test_a_queue_that_stands_still_only_shows_what_was_sent() -> None:
    path = Path()
    path.run(0.1, sent_kbps=900, arrived_kbps=300)
    path.run(0.5, sent_kbps=300, arrived_kbps=300)
    since = Micros(path.now)
    path.run(0.5, sent_kbps=300, arrived_kbps=300)

    found = path.flow.throughput(since)

    assert found is not None
    assert not found.moves


def test_a_tenth_of_a_second_is_too_short_to_know_a_rate() -> None:
    path = Path()
    path.run(0.1, sent_kbps=600, arrived_kbps=300)

    assert path.flow.throughput(Micros(0)) is None


def test_a_silence_and_the_recovery_from_it_are_no_rate() -> None:
    path = Path()
    path.run(1, sent_kbps=600, arrived_kbps=600)
    path.run(0.3, sent_kbps=600, arrived_kbps=0)
    path.run(0.3, sent_kbps=600, arrived_kbps=900)

    assert path.flow.throughput(Micros(0)) is None


def test_what_passed_behind_a_gap_has_arrived() -> None:
    path = Path()
    path.run(1, sent_kbps=600, arrived_kbps=600)
    before = path.flow.late_us
    for _ in range(10):
        path.now += PERIOD_US
        path.sent += 1_500
        path.read(passed=round(path.sent - path.arrived) - 1_500)

    assert path.flow.is_lossy
    assert path.flow.late_us <= before + PERIOD_US


def test_losses_are_forgotten_after_three_seconds() -> None:
    path = Path()
    path.read(passed=1)
    path.run(3.1, sent_kbps=600, arrived_kbps=600)

    assert not path.flow.is_lossy


def test_late_with_short_round_trips_means_that_tcp_holds_it_back() -> None:
    path = Path()
    path.run(1, sent_kbps=600, arrived_kbps=3000)
    path.run(0.5, sent_kbps=600, arrived_kbps=100)
    is_held_back = path.flow.is_held_back
    for _ in range(4):
        path.now += PERIOD_US
        path.read(rtt_us=RTT_US + path.flow.late_us)

    assert is_held_back
    assert not path.flow.is_held_back


def test_a_round_trip_is_forgotten_after_a_minute_or_when_asked() -> None:
    path = Path()
    path.read(rtt_us=10_000)
    path.run(59, sent_kbps=600, arrived_kbps=3000)
    assert path.flow.round_trip_us == 10_000

    path.run(2, sent_kbps=600, arrived_kbps=3000)
    assert path.flow.round_trip_us == RTT_US

    path.flow.forget_round_trip()
    path.now += PERIOD_US
    path.read(rtt_us=90_000)
    assert path.flow.round_trip_us == 90_000


def test_before_the_first_acknowledgement_no_round_trip_is_known() -> None:
    flow = Flow()
    flow.add(Reading(1_000, 0, 0), Micros(0))

    assert flow.round_trip_us == 0
    assert flow.drain_ms(80_000) == 100
