"""Names to addresses: bounded waits, one thread a name."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

import pytest

from kiosk.media.resolver import Address, Resolver, system_lookup
from tests.fakes.waiting import wait_until


def never() -> bool:
    return False


ADDRESS: Address = (socket.AF_INET, ("192.0.2.1", 1935))


def test_a_numeric_address_needs_no_lookup() -> None:
    def forbidden(host: str, port: int) -> Sequence[Address]:
        raise AssertionError(host)

    found = Resolver(forbidden).addresses("127.0.0.1", 1935, 1.0, never)

    assert found == [(socket.AF_INET, ("127.0.0.1", 1935))]


def test_the_system_knows_this_machine() -> None:
    found = Resolver().addresses("localhost", 1935, 5.0, never)

    assert found[0][1][1] == 1935
    assert list(found) == list(system_lookup("localhost", 1935))


def test_an_unknown_name_is_an_error() -> None:
    def unknown(host: str, port: int) -> Sequence[Address]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(OSError, match="not known"):
        Resolver(unknown).addresses("nowhere.example", 1935, 1.0, never)


def test_a_name_that_cannot_be_encoded_is_an_error() -> None:
    def encode(host: str, port: int) -> Sequence[Address]:
        raise UnicodeError("label too long")

    with pytest.raises(OSError, match="is no host name"):
        Resolver(encode).addresses("x" * 70, 1935, 1.0, never)


def test_a_lookup_that_fails_in_an_unheard_of_way_is_an_error() -> None:
    def failing(host: str, port: int) -> Sequence[Address]:
        raise ValueError("embedded null")

    with pytest.raises(OSError, match="embedded null"):
        Resolver(failing).addresses("relay.test", 1935, 5.0, never)


def test_a_name_is_asked_for_again_once_there_are_threads_again() -> None:
    resolver = Resolver(lambda host, port: [ADDRESS])
    before = threading.stack_size(1 << 46)  # more than there is: none can start
    try:
        with pytest.raises(OSError, match="can't start new thread"):
            resolver.addresses("relay.test", 1935, 5.0, never)
    finally:
        threading.stack_size(before)

    assert resolver.addresses("relay.test", 1935, 5.0, never) == [ADDRESS]


def test_two_who_wait_for_a_name_share_one_lookup() -> None:
    lookups = 0
    release = threading.Event()

    def slow(host: str, port: int) -> Sequence[Address]:
        nonlocal lookups
        lookups += 1
        release.wait(5)
        return [ADDRESS]

    resolver = Resolver(slow)
    with pytest.raises(TimeoutError):
        resolver.addresses("relay.example", 1935, 0.05, never)
    with pytest.raises(TimeoutError):
        resolver.addresses("relay.example", 1935, 5.0, lambda: True)
    release.set()
    assert wait_until(lambda: not resolver._under_way)

    assert lookups == 1
    assert resolver.addresses("relay.example", 1935, 5.0, never) == [ADDRESS]
    assert lookups == 2
