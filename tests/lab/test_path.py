"""The model of a link, in virtual time: it does exactly what it says."""

from __future__ import annotations

from tests.lab.path import Conditions, Path


PACKET = bytes(1000)  # 8 ms at 1000 kbit/s


def arrivals(path: Path, until: float) -> list[float]:
    """Carry on in virtual time; return when each packet arrived."""
    times: list[float] = []
    while (at := path.next_event()) is not None and at <= until:
        times += [at] * len(path.take(at))
    return times


def in_ms(times: list[float]) -> list[float]:
    return [round(at * 1000, 3) for at in times]


def test_packets_leave_at_the_rate_and_arrive_after_the_delay() -> None:
    path = Path(Conditions(rate_kbps=1000, delay_ms=20))
    for _ in range(3):
        path.offer(PACKET, 0.0)

    assert in_ms(arrivals(path, 1.0)) == [28, 36, 44]


def test_without_a_rate_only_the_delay_counts() -> None:
    path = Path(Conditions(delay_ms=20))
    path.offer(PACKET, 0.0)
    path.offer(PACKET, 0.001)

    assert in_ms(arrivals(path, 1.0)) == [20, 21]


def test_a_full_queue_refuses_what_comes() -> None:
    path = Path(Conditions(rate_kbps=1000, queue_bytes=2500))
    for _ in range(5):
        path.offer(PACKET, 0.0)

    assert len(arrivals(path, 1.0)) == 2
    assert path.counts.refused == 3
    assert path.queued_bytes == 0


def test_another_rate_also_holds_for_what_waits_already() -> None:
    path = Path(Conditions(rate_kbps=100))  # 80 ms a packet
    path.offer(PACKET, 0.0)
    path.offer(PACKET, 0.0)
    path.change(0.04, rate_kbps=1000)

    assert in_ms(arrivals(path, 1.0)) == [44, 52]


def test_a_pause_of_the_sender_is_not_credited() -> None:
    path = Path(Conditions(rate_kbps=1000))
    path.offer(PACKET, 0.0)
    path.take(5.0)
    path.offer(PACKET, 5.0)

    assert in_ms(arrivals(path, 6.0)) == [5008]


def test_the_share_lost_is_the_share_asked_for() -> None:
    path = Path(Conditions(loss_percent=2))
    for number in range(10_000):
        path.offer(PACKET, number / 1000)

    arrived = len(arrivals(path, 20.0))

    assert arrived + path.counts.lost == 10_000
    assert 150 <= path.counts.lost <= 250


def test_an_outage_loses_everything_and_ends() -> None:
    path = Path(Conditions(loss_percent=100))
    path.offer(PACKET, 0.0)
    path.change(1.0, loss_percent=0)
    path.offer(PACKET, 1.0)

    assert arrivals(path, 2.0) == [1.0]


def test_jitter_delays_and_keeps_the_order() -> None:
    path = Path(Conditions(delay_ms=10, jitter_ms=30))
    sent = [number / 1000 for number in range(500)]
    for number, at in enumerate(sent):
        path.offer(number.to_bytes(2), at)

    order: list[int] = []
    late_ms: list[float] = []
    while (now := path.next_event()) is not None:
        for packet in path.take(now):
            number = int.from_bytes(packet)
            order.append(number)
            late_ms.append((now - sent[number]) * 1000)

    assert order == list(range(500))
    assert min(late_ms) >= 10
    assert max(late_ms) > 30
    assert max(late_ms) <= 40.001


def test_the_same_seed_loses_the_same_packets() -> None:
    def lost(seed: int) -> list[float]:
        path = Path(Conditions(loss_percent=10), seed)
        for number in range(100):
            path.offer(PACKET, number / 10)
        return arrivals(path, 20.0)

    assert lost(1) == lost(1)
    assert lost(1) != lost(2)
