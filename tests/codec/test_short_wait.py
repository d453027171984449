"""A short wait keeps what an event's own wait promises."""

from __future__ import annotations

import threading
import time

from kiosk.codec.short_wait import SHORT_S, wait_shortly


def test_it_lasts_as_long_as_it_is_told() -> None:
    began = time.monotonic()

    assert not wait_shortly(threading.Event(), 0.02)
    assert time.monotonic() - began >= 0.02


def test_an_event_that_was_set_meanwhile_is_told() -> None:
    event = threading.Event()
    setter = threading.Timer(0.01, event.set)
    setter.start()
    is_set = wait_shortly(event, SHORT_S)
    setter.join()

    assert is_set


def test_a_long_wait_ends_as_soon_as_the_event_is_set() -> None:
    event = threading.Event()
    event.set()
    began = time.monotonic()

    assert wait_shortly(event, 30.0)
    assert time.monotonic() - began < 10


def test_no_time_is_no_wait() -> None:
    assert not wait_shortly(threading.Event(), -1.0)
