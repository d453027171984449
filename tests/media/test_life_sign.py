"""Signs of life and pings: when they are sent, and when they are missed."""

from __future__ import annotations

from kiosk.media.flow import Reading
from kiosk.media.life_sign import LifeSign, Pings
from kiosk.ports import Micros


ARRIVED = Reading(backlog_bytes=0, rtt_us=30_000, acked_bytes=100)
UNDER_WAY = Reading(backlog_bytes=16, rtt_us=30_000, acked_bytes=84)


def at(ms: int) -> Micros:
    return Micros(ms * 1000)


def sent() -> LifeSign:
    """Return one whose sign is under way since 500 ms."""
    sign = LifeSign(0.4, 0.6)
    assert sign.is_due(at(0), at(500))
    return sign


def test_while_media_come_no_sign_is_due() -> None:
    sign = LifeSign(0.4, 0.6)

    assert not sign.is_due(at(1000), at(1400))
    assert not sign.is_under_way


def test_a_silence_makes_one_sign_due() -> None:
    sign = LifeSign(0.4, 0.6)

    assert [sign.is_due(at(0), at(now)) for now in (300, 401, 500)] == [
        False,
        True,
        False,
    ]


def test_a_sign_that_does_not_arrive_in_time_is_lost() -> None:
    sign = sent()

    assert not sign.is_lost(UNDER_WAY, at(1100))
    assert sign.is_lost(UNDER_WAY, at(1101))


def test_a_sign_that_arrived_is_followed_by_another() -> None:
    sign = sent()

    assert not sign.is_lost(ARRIVED, at(1200))
    assert sign.is_due(at(0), at(1201))


def test_a_long_way_is_given_two_round_trips() -> None:
    sign = sent()
    far = Reading(backlog_bytes=16, rtt_us=700_000, acked_bytes=84)

    assert not sign.is_lost(far, at(1900))
    assert sign.is_lost(far, at(1901))


def test_media_make_the_sign_forgotten() -> None:
    sign = sent()
    sign.media_came()

    assert not sign.is_under_way
    assert not sign.is_lost(UNDER_WAY, at(5000))


def asked(*seconds: int, reading: Reading = ARRIVED) -> Pings:
    """Return pings of which one was written at each of these seconds."""
    pings = Pings(1.0, 3.0)
    for second in seconds:
        assert pings.is_due(at(second * 1000))
        pings.asked(reading, at(second * 1000))
        pings.is_lost(0, reading, at(second * 1000))
    return pings


def test_a_relay_is_asked_once_a_second() -> None:
    pings = asked(0)

    assert not pings.is_due(at(999))
    assert pings.is_due(at(1000))


def test_a_relay_that_answered_and_then_no_more_is_lost() -> None:
    pings = asked(0, 1, 2)

    assert not pings.is_lost(1, ARRIVED, at(4000))
    assert pings.is_lost(1, ARRIVED, at(4001))


def test_a_relay_that_answers_late_is_not_lost() -> None:
    pings = asked(0, 1)

    assert not pings.is_lost(1, ARRIVED, at(2900))
    assert not pings.is_lost(2, ARRIVED, at(4100))


def test_a_relay_that_never_answers_is_not_judged() -> None:
    pings = Pings(1.0, 3.0)
    for second in range(100):
        assert pings.is_due(at(second * 1000))
        pings.asked(ARRIVED, at(second * 1000))
        assert not pings.is_lost(0, ARRIVED, at(second * 1000))


def test_a_long_way_is_given_two_and_a_half_round_trips_for_an_answer() -> None:
    far = Reading(backlog_bytes=0, rtt_us=1_600_000, acked_bytes=100)
    pings = asked(0, 1)

    assert not pings.is_lost(1, far, at(5000))
    assert pings.is_lost(1, far, at(5001))


def test_a_ping_behind_a_queue_has_its_time_once_it_arrived() -> None:
    queued = Reading(backlog_bytes=60_000, rtt_us=30_000, acked_bytes=40_000)
    moving = Reading(backlog_bytes=90_000, rtt_us=30_000, acked_bytes=99_999)
    through = Reading(backlog_bytes=50_000, rtt_us=30_000, acked_bytes=100_000)
    pings = asked(0, 1, reading=queued)

    assert not pings.is_lost(1, moving, at(5000))
    assert not pings.is_lost(1, through, at(5100))
    assert not pings.is_lost(1, through, at(8100))
    assert pings.is_lost(1, through, at(8101))
