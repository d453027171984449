"""Whichever address of a relay answers first, whatever the other ones do."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from kiosk.media.reaching import Reaching
from kiosk.media.resolver import Address
from kiosk.media.waiting import Waiting


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
