"""Whichever address of a relay answers first, whatever the other ones do."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from kiosk.media.reaching import Reaching
from kiosk.media.resolver import Address
from kiosk.media.waiting import Waiting
from tests.fakes.listening import full_server


ABSENT: Address = (socket.AF_X25, ("127.0.0.1", 1935))
"""Of a family no kernel has today, as IPv6 where it is switched off."""


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    made = Waiting(lambda: None)
    yield made
    made.close()


def tuned(sock: socket.socket) -> None:
    sock.settimeout(0)


def test_a_family_this_machine_lacks_costs_no_other_address(waiting: Waiting) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there: Address = (socket.AF_INET, listening.getsockname())
        sock = Reaching([ABSENT, there], waiting, tuned).first(5.0, 0.3)
        assert sock is not None
        with sock:
            assert sock.getpeername() == listening.getsockname()


def test_it_is_over_when_this_machine_lacks_the_family_of_all(waiting: Waiting) -> None:
    with pytest.raises(OSError, match="not supported"):
        Reaching([ABSENT, ABSENT], waiting, tuned).first(5.0, 0.3)


def test_a_host_that_answers_nobody_gets_few_attempts_ever_further_apart(
    waiting: Waiting,
) -> None:
    begun: list[float] = []

    def noted(sock: socket.socket) -> None:
        tuned(sock)
        begun.append(time.monotonic())

    with full_server() as port:
        dead: Address = (socket.AF_INET, ("127.0.0.1", port))
        assert Reaching([dead], waiting, noted).first(1.5, 0.1) is None

    gaps = [after - before for before, after in pairwise(begun)]
    assert len(begun) == 4
    assert all(gap >= least for gap, least in zip(gaps, (0.1, 0.2, 0.4), strict=True))


def test_every_address_is_tried_however_many_do_not_answer(waiting: Waiting) -> None:
    with full_server() as full, socket.create_server(("127.0.0.1", 0)) as listening:
        dead: Address = (socket.AF_INET, ("127.0.0.1", full))
        there: Address = (socket.AF_INET, listening.getsockname())
        addresses = [dead] * 6 + [there]
        sock = Reaching(addresses, waiting, tuned).first(5.0, 0.05)
        assert sock is not None
        with sock:
            assert sock.getpeername() == listening.getsockname()
