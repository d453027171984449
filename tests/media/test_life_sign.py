"""Signs of life: sent in a silence, and missed when they do not arrive."""

from __future__ import annotations

from kiosk.media.flow import Reading
from kiosk.media.life_sign import LifeSign
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
