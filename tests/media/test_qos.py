"""Rate control against a simulated bottleneck."""

from __future__ import annotations

from kiosk.media.qos import RateController, Reading, Steering
from kiosk.ports import Bitrate, Micros


PICTURE_US = 33_333
RTT_US = 30_000


class Bottleneck:
    """A link of so many bits a second, and a camera that obeys."""

    def __init__(self, capacity_bps: int, *, start: int = 600_000) -> None:
        self.capacity_bps = capacity_bps
        self.controller = RateController(start=Bitrate(start), ceiling=Bitrate(600_000))
        self.now = 1_000_000
        self.queued = 0.0
        self.acked = 0.0
        self.number = 0
        self.next_picture = 0
        self.worst_ms = 0.0

    def run(self, seconds: float) -> Steering:
        for _ in range(round(seconds * 1_000_000 / PICTURE_US)):
            self.now += PICTURE_US
            drained = min(self.queued, self.capacity_bps * PICTURE_US / 8_000_000)
            self.queued -= drained
            self.acked += drained
            self._picture()
        return self.controller.steering

    def _picture(self) -> None:
        steering = self.controller.steering
        if self.now < self.next_picture:
            return
        self.next_picture = self.now + round(990_000 / steering.pictures_per_second)
        in_flight = min(self.capacity_bps, steering.bitrate) / 8 * RTT_US / 1_000_000
        reading = Reading(round(self.queued + in_flight), RTT_US, round(self.acked))
        self.controller.observe(reading, Micros(self.now))
        size = steering.bitrate / 8 / steering.pictures_per_second
        self.queued += size * (4 if self.number % 60 == 0 else 1)
        self.number += 1
        self.worst_ms = max(self.worst_ms, self.queued * 8000 / self.capacity_bps)


def test_on_a_wide_link_the_rate_rises_to_the_ceiling_and_stays() -> None:
    link = Bottleneck(5_000_000, start=300_000)
    link.run(30)

    steering = link.run(20)

    assert steering == Steering(Bitrate(600_000), 30.0)


def test_on_a_narrow_link_the_rate_falls_below_what_it_carries() -> None:
    link = Bottleneck(5_000_000)
    link.run(5)
    link.capacity_bps = 350_000
    link.run(4)

    steering = link.run(1)

    assert steering.bitrate <= 400_000
    assert link.queued * 8000 / link.capacity_bps < 400


def test_a_sudden_narrow_never_queues_seconds() -> None:
    link = Bottleneck(5_000_000)
    link.run(5)
    link.capacity_bps = 350_000
    link.run(20)

    assert link.worst_ms < 1_000


def test_when_the_link_is_wide_again_the_rate_comes_back() -> None:
    link = Bottleneck(350_000)
    link.run(15)
    link.capacity_bps = 5_000_000
    link.run(60)

    assert link.controller.steering.bitrate == 600_000


def test_a_very_narrow_link_gets_few_pictures_instead_of_unreadable_ones() -> None:
    link = Bottleneck(180_000)

    steering = link.run(30)

    assert 150_000 <= steering.bitrate < 250_000
    assert steering.pictures_per_second <= 15.0


def test_a_backlog_of_half_a_second_thins_the_pictures_out_at_once() -> None:
    controller = RateController(start=Bitrate(600_000), ceiling=Bitrate(600_000))

    steering = controller.observe(Reading(40_000, RTT_US, 0), Micros(0))

    assert steering.pictures_per_second == 5.0
    assert controller.backlog_ms > 500


def test_the_burst_of_an_idr_is_not_congestion() -> None:
    controller = RateController(start=Bitrate(600_000), ceiling=Bitrate(600_000))
    for number in range(120):
        backlog = 20_000 if number % 10 == 0 else 0
        controller.observe(
            Reading(backlog, RTT_US, number * 2500), Micros(number * PICTURE_US)
        )

    assert controller.steering.bitrate == 600_000


def test_a_new_connection_starts_with_the_old_rate_and_no_memory() -> None:
    link = Bottleneck(350_000)
    link.run(10)
    rate = link.controller.steering.bitrate
    link.controller.observe(Reading(400_000, RTT_US, 0), Micros(link.now))
    link.controller.reconnected()

    assert link.controller.steering.bitrate <= rate
    assert link.controller.steering.pictures_per_second > 5.0
    assert link.controller.backlog_ms == 0.0


def test_a_raise_that_fails_makes_the_next_one_wait_longer() -> None:
    link = Bottleneck(350_000)
    link.run(60)

    assert link.controller._wait_us > 1_500_000
