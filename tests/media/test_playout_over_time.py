"""
The playout of a call in virtual time: drift, stalls and losses, with the promises.

Jitter buffer, AAC decoder, time-scaling and concealment are the product's own;
only the network and the two clocks are models.
"""

from __future__ import annotations

import pytest

from kiosk.media.qos import RateController
from kiosk.ports import Bitrate
from tests.lab.path import Conditions
from tests.lab.virtual_call import SOUND_BITRATE, ModelCamera, VirtualCall
from tests.lab.virtual_listener import Arrival, VirtualListener, arrivals


HOUR_S = 3_600


@pytest.mark.timeout(300)  # it reckons for all of the hour, on a busy machine too
@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_an_hour_of_drift_jitter_and_stalls_leaves_the_delay_flat(drift: float) -> None:
    listener = VirtualListener(drift=drift)
    listener.hear(arrivals(HOUR_S, jitter_s=0.008, stall_s=0.12, drift=drift))
    first_ms = listener.mean_ms(0, 60)
    minutes_ms = [
        listener.mean_ms(begin, begin + 60) for begin in range(60, HOUR_S - 60, 60)
    ]

    assert abs(listener.mean_ms(HOUR_S - 60, HOUR_S) - first_ms) <= 20
    assert max(minutes_ms) - min(minutes_ms) <= 20
    assert max(minutes_ms) < 140
    assert listener.concealed_percent(HOUR_S) <= 0.2


def over_a_lossy_link(seed: int, seconds: float) -> list[Arrival]:
    """600 kbit/s over 700 kbit/s with 2 % loss and a round trip of 60 ms."""
    rate = Bitrate(600_000)
    sender = VirtualCall(
        RateController(start=rate, ceiling=rate, sound=SOUND_BITRATE),
        ModelCamera(rate, seed=seed),
        Conditions(rate_kbps=700, delay_ms=30, loss_percent=2, queue_bytes=256_000),
        seed=seed,
    )
    sender.run(seconds)
    return [Arrival(taken, taken + late / 1000) for taken, late in sender.sounds_ms]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_on_a_link_that_loses_packets_hardly_anything_is_concealed(seed: int) -> None:
    coming = over_a_lossy_link(seed, 60)
    speaking = VirtualListener()
    speaking.hear(coming)
    talking = VirtualListener(is_pausing=True)
    talking.hear(coming)

    assert speaking.concealed_percent(60) <= 1.0
    assert talking.concealed_percent(60) < speaking.concealed_percent(60)
    assert speaking.mean_ms(0, 60) <= 300


def test_on_a_good_network_the_delay_is_the_least_and_nothing_is_concealed() -> None:
    listener = VirtualListener()
    listener.hear(arrivals(60, jitter_s=0.003))

    assert listener.counters.concealed_us == 0
    assert listener.mean_ms(20, 60) <= 70


def test_a_backlog_at_the_beginning_is_gone_within_two_seconds() -> None:
    joined_at = 1.5
    live = list(arrivals(10, jitter_s=0.003))
    late = VirtualListener()
    late.hear(Arrival(a.taken, max(joined_at, a.came)) for a in live)

    assert late.mean_ms(joined_at, joined_at + 0.1) < 200
    assert late.mean_ms(joined_at + 2, 10) <= 70


def test_a_backlog_in_the_middle_is_gone_within_two_seconds() -> None:
    stalled = VirtualListener()
    stalled.hear(
        Arrival(a.taken, 5.6 if 5 < a.came < 5.6 else a.came)
        for a in arrivals(20, jitter_s=0.003)
    )

    assert stalled.stream.jitter.counts.cut_us > 200_000
    assert stalled.mean_ms(7.6, 20) <= 220
