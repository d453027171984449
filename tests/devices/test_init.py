"""The supervisor: systemd by its socket, or nobody."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.devices.init_notify import LONGEST_STATUS, NotifyInit, watchdog_period
from kiosk.devices.init_silent import SilentInit
from kiosk.ports import Init
from tests.fakes.leaks import open_descriptors


@pytest.fixture(params=["path", "abstract"])
def supervisor(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[str, socket.socket]]:
    """A socket as systemd makes one, and its address as systemd names it."""
    address = str(tmp_path / "notify")
    if request.param == "abstract":
        address = f"@kiosk-test-{tmp_path.name}-{id(request)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1) if address[0] == "@" else address)
        listener.settimeout(2.0)
        yield address, listener


def test_the_supervisor_hears_every_message_as_one_datagram(
    supervisor: tuple[str, socket.socket],
) -> None:
    address, listener = supervisor
    init: Init = NotifyInit(address)

    init.ready()
    init.status("in a call")
    init.ping()
    init.stopping()

    heard = [listener.recv(1000) for _ in range(4)]
    assert heard == [b"READY=1", b"STATUS=in a call", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_status_cannot_smuggle_another_field(
    supervisor: tuple[str, socket.socket],
) -> None:
    address, listener = supervisor

    NotifyInit(address).status("gone\nMAINPID=1\r\n" + "x" * 10_000)

    heard = listener.recv(100_000)
    assert b"\n" not in heard
    assert b"\r" not in heard
    assert len(heard) == len("STATUS=") + LONGEST_STATUS


@pytest.mark.parametrize(
    "address", ["/nowhere/notify", "@nobody-listens-here", "", "x" * 200, "a\0b"]
)
def test_a_supervisor_that_is_gone_is_logged_once_and_nothing_raised(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    init = NotifyInit(address)

    with caplog.at_level(logging.WARNING):
        init.ready()
        init.ping()
        init.stopping()

    assert len(caplog.records) == 1


def test_a_supervisor_that_does_not_listen_does_not_hold_us_up(
    supervisor: tuple[str, socket.socket],
) -> None:
    address, listener = supervisor
    init = NotifyInit(address)
    before = open_descriptors()

    for _ in range(2000):
        init.ping()

    assert listener.recv(100) == b"WATCHDOG=1"
    assert open_descriptors() == before


def test_without_a_supervisor_nothing_happens() -> None:
    init: Init = SilentInit()
    before = open_descriptors()

    init.ready()
    init.status("in a call")
    init.ping()
    init.stopping()

    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("environ", "period"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "10000000"}, 5_000_000),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "7"}, 5_000_000),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "ten"}, None),
        ({"WATCHDOG_USEC": "9" * 5000}, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_it_asks(
    environ: dict[str, str], period: int | None
) -> None:
    assert watchdog_period(environ, pid=7) == period
