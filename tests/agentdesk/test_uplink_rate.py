"""How many bits a page may send, by how late they arrive."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.agentdesk.uplink_rate import FLOOR, Allowance, UplinkRate
from kiosk.ports import Bitrate


MS = 1000
START, CEILING = Bitrate(600_000), Bitrate(1_000_000)
PAGE = 77_000_000_000
"""The page's clock is another one."""


class Page:
    """Pictures thirty times a second, and what they were answered."""

    def __init__(self) -> None:
        self.rate = UplinkRate(START, CEILING)
        self.now = 0
        self.allowed: list[Allowance] = []

    def send(
        self,
        seconds: float,
        late_ms: Callable[[int], float] = lambda at: 0,
        behind_ms: float = 0,
    ) -> Allowance:
        """Send for so long; returns what is allowed at the end."""
        for _ in range(round(seconds * 30)):
            self.now += 33_333
            bps = self.rate.allowance.bps
            arrives = self.now + round((20 + late_ms(self.now)) * MS)
            self.allowed.append(
                self.rate.observe(
                    self.now + PAGE, arrives, bps // 240, round(behind_ms * MS)
                )
            )
        return self.allowed[-1]


def test_in_time_it_rises_to_the_ceiling_in_steps() -> None:
    page = Page()
    soon = page.send(2)
    later = page.send(20)

    assert START < soon.bps < 700_000
    assert later == Allowance(CEILING)


def test_late_it_falls_at_once_and_no_picture_is_held() -> None:
    page = Page()
    page.send(2)
    late = page.send(0.3, lambda at: 200)

    assert late.bps < START
    assert not late.hold


def test_very_late_pictures_are_held_until_it_is_better() -> None:
    page = Page()
    page.send(2)
    very_late = page.send(0.5, lambda at: 600)
    still_late = page.send(0.2, lambda at: 250)
    better = page.send(0.3)

    assert very_late.hold
    assert still_late.hold
    assert not better.hold


def test_one_late_unit_is_no_congestion() -> None:
    page = Page()
    page.send(1)
    before = page.rate.allowance.bps
    page.rate.observe(page.now + PAGE, page.now + 500 * MS, 4000, 0)

    assert page.rate.allowance == Allowance(before)


def test_what_the_relay_does_not_take_counts_as_late() -> None:
    page = Page()
    page.send(2)

    assert page.send(0.3, behind_ms=300).bps < START
    assert page.send(0.3, behind_ms=500).hold


def test_it_never_falls_below_the_floor() -> None:
    page = Page()
    page.send(1)

    assert page.send(30, lambda at: 300).bps == FLOOR


def test_a_raise_that_failed_makes_the_next_one_wait_longer() -> None:
    page = Page()
    page.send(1.6)
    raised = page.rate.allowance.bps
    cut = page.send(0.3, lambda at: 200).bps
    waited = page.send(2.5).bps

    assert raised > START
    assert waited == cut


def test_clocks_that_drift_apart_are_no_congestion() -> None:
    page = Page()
    # 100 ppm: after two minutes the page's clock is 12 ms off
    page.send(120, lambda at: at / 10_000 / MS)

    assert page.rate.allowance == Allowance(CEILING)


def test_a_route_that_became_longer_is_believed_after_half_a_minute() -> None:
    page = Page()
    page.send(5)
    page.send(5, lambda at: 200)
    low = page.rate.allowance.bps
    page.send(60, lambda at: 200)

    assert low < START / 2
    assert page.rate.allowance.bps > START
