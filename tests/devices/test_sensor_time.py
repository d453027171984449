"""When a picture was taken, from stamps of clocks that differ."""

from __future__ import annotations

from kiosk.devices.camera_picamera2.sensor_time import Now, SensorClock


SLEPT = 3_600_000_000
"""Microseconds by which CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC."""


def now(monotonic: int) -> Now:
    return Now(monotonic, monotonic + SLEPT)


def test_a_stamp_of_the_monotonic_clock_is_taken_as_it_is() -> None:
    assert SensorClock().taken_at(5_000_000, 0, now(5_030_000)) == 5_000_000


def test_a_stamp_that_counts_the_sleep_too_is_brought_to_our_clock() -> None:
    clock = SensorClock()

    assert clock.taken_at(5_000_000 + SLEPT, 0, now(5_030_000)) == 5_000_000
    assert clock.taken_at(5_033_000 + SLEPT, 0, now(5_063_000)) == 5_033_000


def test_a_first_picture_that_waited_keeps_its_clock_and_those_after_it_too() -> None:
    clock = SensorClock()

    assert clock.taken_at(5_000_000, 0, now(6_400_000)) == 5_000_000
    assert clock.taken_at(6_400_000, 0, now(6_430_000)) == 6_400_000


def test_after_a_short_sleep_the_clock_is_the_one_by_which_it_is_youngest() -> None:
    moment = Now(5_030_000, 7_030_000)

    assert SensorClock().taken_at(5_000_000, 0, moment) == 5_000_000
    assert SensorClock().taken_at(7_000_000, 0, moment) == 5_000_000


def test_a_stamp_of_neither_clock_counts_as_now_and_keeps_its_pace() -> None:
    clock = SensorClock()

    assert clock.taken_at(77, 0, now(5_030_000)) == 5_030_000
    assert clock.taken_at(33_077, 0, now(5_070_000)) == 5_063_000


def test_a_picture_was_taken_in_the_middle_of_its_exposure() -> None:
    assert SensorClock().taken_at(5_000_000, 20_000, now(5_030_000)) == 4_990_000


def test_pictures_are_never_of_the_future_nor_of_the_same_moment() -> None:
    clock = SensorClock()
    first = clock.taken_at(5_000_000, 0, now(5_000_000))
    ahead = clock.taken_at(5_200_000, 0, now(5_033_000))
    longer = clock.taken_at(5_033_100, 30_000, now(5_066_000))

    assert [first, ahead, longer] == [5_000_000, 5_033_000, 5_033_001]


def test_what_an_encoder_gives_out_is_known_by_the_stamp_for_a_while() -> None:
    clock = SensorClock()
    for number in range(40):
        clock.taken_at(5_000_000 + number, 0, now(5_030_000))

    assert clock.of(5_000_039) == 5_000_039
    assert clock.of(5_000_000) is None
