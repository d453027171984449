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


def test_a_relay_is_asked_once_a_second() -> None:
    pings = Pings(1.0, 3.0)

    assert [pings.is_due(at(now)) for now in (0, 999, 1000, 1500, 2100)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_relay_that_answered_and_then_no_more_is_lost() -> None:
    pings = Pings(1.0, 3.0)
    for now in (0, 1000, 2000):
        assert pings.is_due(at(now))

    assert not pings.is_lost(1, at(4000))
    assert pings.is_lost(1, at(4001))


def test_a_relay_that_answers_late_is_not_lost() -> None:
    pings = Pings(1.0, 3.0)
    for now in (0, 1000):
        assert pings.is_due(at(now))

    assert not pings.is_lost(1, at(2900))
    assert not pings.is_lost(2, at(4100))


def test_a_relay_that_never_answers_is_not_judged() -> None:
    pings = Pings(1.0, 3.0)
    for second in range(100):
        assert pings.is_due(at(second * 1000))
        assert not pings.is_lost(0, at(second * 1000))
