"""Opening hours, device texts and addresses, once they are right."""

from __future__ import annotations

import pytest

from kiosk.config.hours import is_open, parse_hours
from kiosk.config.schema import HoursSection
from kiosk.config.values import (
    DeviceChoice,
    is_loopback,
    parse_address,
    parse_device,
    parse_size,
)


def test_spans_of_a_day_are_minutes() -> None:
    assert parse_hours("09:00-12:30, 13:30-24:00") == ((540, 750), (810, 1440))


def test_closed_has_no_spans() -> None:
    assert parse_hours("closed") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs hours such as"),
        ("9:00-17:00", "needs hours such as"),
        ("09:60-17:00", "no clock shows"),
        ("09:00-24:01", "no clock shows"),
        ("17:00-09:00", "must end after it begins"),
        ("09:00-12:00,11:00-13:00", "without overlap"),
        (",".join(["00:00-24:00"] * 9), "at most 8 spans"),
    ],
)
def test_hours_that_make_no_sense_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_hours(text)


def test_a_week_without_hours_is_always_open() -> None:
    assert is_open(HoursSection().week, 6, 0)


@pytest.mark.parametrize(
    ("weekday", "minute", "expected"),
    [
        (0, 539, False),
        (0, 540, True),
        (0, 1019, True),
        (0, 1020, False),
        (1, 600, False),
        (2, 600, False),
    ],
)
def test_a_week_with_hours_is_open_only_within_them(
    weekday: int, minute: int, *, expected: bool
) -> None:
    hours = HoursSection(mon="09:00-17:00", tue="closed")

    assert is_open(hours.week, weekday, minute) is expected


def test_a_device_text_splits_at_its_first_colon() -> None:
    assert parse_device("file:/a:b.mp4") == DeviceChoice("file", "/a:b.mp4")
    assert parse_device("synthetic") == DeviceChoice("synthetic")


def test_an_address_splits_into_host_and_port() -> None:
    assert parse_address("127.0.0.1:0") == ("127.0.0.1", 0)
    assert parse_address("[::1]:1935") == ("::1", 1935)


def test_a_size_splits_into_width_and_height() -> None:
    assert parse_size("1280x720") == (1280, 720)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "::1"])
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example"])
def test_everything_else_is_not(host: str) -> None:
    assert not is_loopback(host)
