"""Where nobody tells what a name leads to, its last address serves: for a day."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

import pytest

from kiosk.last_addresses import KEPT_S, LastAddresses
from kiosk.media.resolver import Address, Resolver
from tests.fakes.waiting import wait_until


HERE: Address = (socket.AF_INET, ("192.0.2.1", 1935))
THERE: Address = (socket.AF_INET, ("192.0.2.2", 1935))


class NameServer:
    """Answers, fails, or says nothing at all."""

    def __init__(self) -> None:
        self.answer: Address | None = HERE
        self.speaks = threading.Event()
        self.speaks.set()

    def look_up(self, host: str, port: int) -> Sequence[Address]:
        assert self.speaks.wait(20.0)
        if self.answer is None:
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return [self.answer]


def found(resolver: Resolver, within_s: float = 10.0) -> Sequence[Address]:
    return resolver.addresses("relay.test", 1935, within_s, lambda: False)


def test_a_relay_is_found_where_it_was_while_the_name_server_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = NameServer()
    resolver = Resolver(names.look_up)
    found(resolver)
    names.answer = None

    assert [found(resolver) for _ in range(3)] == [[HERE]] * 3
    assert [one.getMessage() for one in caplog.records] == [
        "name not answered, its last address is used"
    ]


def test_a_relay_is_found_where_it_was_while_the_name_server_is_silent() -> None:
    names = NameServer()
    resolver = Resolver(names.look_up)
    found(resolver)
    names.speaks.clear()
    try:
        assert found(resolver, within_s=15.0) == [HERE]
    finally:
        names.speaks.set()


def test_a_fresh_answer_comes_before_the_last_one() -> None:
    names = NameServer()
    resolver = Resolver(names.look_up)
    found(resolver)
    names.answer = THERE

    # a look that takes long is waited for half a second only
    assert wait_until(lambda: found(resolver) == [THERE])


def test_who_gave_up_is_not_served() -> None:
    names = NameServer()
    resolver = Resolver(names.look_up)
    found(resolver)
    names.speaks.clear()
    try:
        with pytest.raises(TimeoutError):
            resolver.addresses("relay.test", 1935, 15.0, lambda: True)
    finally:
        names.speaks.set()


def test_an_answer_of_yesterday_serves_nobody() -> None:
    now = [1000.0]
    last = LastAddresses[str](lambda: now[0])
    last.keep("relay.test", 1935, ["192.0.2.1"])
    now[0] += KEPT_S - 1
    assert last.of("relay.test", 1935) == ["192.0.2.1"]
    now[0] += 1

    assert last.of("relay.test", 1935) == ()


def test_whoever_names_many_servers_fills_no_memory() -> None:
    last = LastAddresses[str]()
    for number in range(1000):
        last.keep(f"relay{number}.test", 1935, ["192.0.2.1"])
        last.serves(f"relay{number}.test", "no answer")

    known = [bool(last.of(f"relay{number}.test", 1935)) for number in range(1000)]
    assert sum(known) <= 16
    assert known[-1]
    assert len(last._unanswered) <= 16


def test_a_name_that_was_answered_again_is_told_again_when_it_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    last = LastAddresses[str]()
    for _ in range(2):
        last.keep("relay.test", 1935, ["192.0.2.1"])
        last.serves("relay.test", "no answer")
        last.serves("relay.test", "no answer")

    assert len(caplog.records) == 2
