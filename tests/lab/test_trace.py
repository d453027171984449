"""The mobile network: rates within bounds, outages when and as long as asked."""

from __future__ import annotations

from tests.lab.trace import DOWN_KBPS, UP_KBPS, mobile


def test_rates_change_every_second_within_their_bounds() -> None:
    trace = list(mobile((), 20.0))

    assert [change.at_s for change in trace] == list(range(20))
    assert all(UP_KBPS[0] <= change.up_kbps <= UP_KBPS[1] for change in trace)
    assert all(DOWN_KBPS[0] <= change.down_kbps <= DOWN_KBPS[1] for change in trace)
    assert len({change.up_kbps for change in trace}) > 10


def test_nothing_passes_during_an_outage_and_all_does_after_it() -> None:
    trace = list(mobile((3.5, 12.0), 20.0, outage_s=5.0))

    out = [change.at_s for change in trace if change.is_out]
    assert out == [3.5, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16]
    assert {8.5, 17.0} <= {change.at_s for change in trace if not change.is_out}


def test_the_same_seed_is_the_same_journey() -> None:
    assert list(mobile((), 5.0)) == list(mobile((), 5.0))
    assert list(mobile((), 5.0)) != list(mobile((), 5.0, seed=2))
