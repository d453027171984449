"""The supervisor: systemd by its socket, or nobody."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.devices.init_notify import (
    LONGEST_STATUS,
    NotifyInit,
    kept_descriptors,
    watchdog_period,
)
from kiosk.devices.init_silent import SilentInit
from kiosk.ports import Init, Micros
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
    init.reloading(Micros(123_456))
    init.status("in a call")
    init.ping()
    init.stopping()

    heard = [listener.recv(1000) for _ in range(5)]
    assert heard == [
        b"READY=1",
        b"RELOADING=1\nMONOTONIC_USEC=123456",
        b"STATUS=in a call",
        b"WATCHDOG=1",
        b"STOPPING=1",
    ]


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
    init.reloading(Micros(0))
    init.status("in a call")
    init.ping()
    init.stopping()
    init.keep("drm", 0)
    init.forget("drm")

    assert open_descriptors() == before


def test_a_descriptor_is_kept_by_the_supervisor_in_the_place_of_the_one_before(
    supervisor: tuple[str, socket.socket],
) -> None:
    address, listener = supervisor
    before = open_descriptors()
    reading, writing = os.pipe()

    NotifyInit(address).keep("drm", writing)

    assert listener.recv(1000) == b"FDSTOREREMOVE=1\nFDNAME=drm"
    message, (kept,), _, _ = socket.recv_fds(listener, 1000, 4)
    assert message == b"FDSTORE=1\nFDNAME=drm"
    os.close(writing)
    os.write(kept, b"still open")
    assert os.read(reading, 100) == b"still open"
    os.close(kept)
    os.close(reading)
    assert open_descriptors() == before


def test_a_descriptor_that_is_none_is_no_reason_to_stop(
    supervisor: tuple[str, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    address, _ = supervisor

    with caplog.at_level(logging.WARNING):
        NotifyInit(address).keep("drm", -1)

    assert len(caplog.records) == 1


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


@pytest.fixture
def handed_over() -> Iterator[int]:
    """Two descriptors as systemd hands them over: inheritable, one after the other."""
    used = {int(fd.name) for fd in Path("/proc/self/fd").iterdir()}
    first = next(n for n in range(50, 1000) if not {n, n + 1} & used)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (first, first + 1):
        os.dup2(null, number)
    os.close(null)
    yield first
    for number in (first, first + 1):
        os.close(number)


def test_what_a_predecessor_kept_comes_back_by_its_name(handed_over: int) -> None:
    environ = {"LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "drm:other"}

    kept = kept_descriptors(environ, 7, handed_over)

    assert kept == {"drm": handed_over, "other": handed_over + 1}
    assert not any(map(os.get_inheritable, kept.values()))


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_PID": "8", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "drm"},
        {"LISTEN_PID": "7", "LISTEN_FDNAMES": "drm"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "-1", "LISTEN_FDNAMES": "drm"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "one", "LISTEN_FDNAMES": "drm"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "9" * 5000, "LISTEN_FDNAMES": "drm"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "1"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "0", "LISTEN_FDNAMES": "drm"},
    ],
)
def test_what_is_not_for_us_or_has_no_name_is_left_alone(
    environ: dict[str, str], handed_over: int
) -> None:
    assert kept_descriptors(environ, 7, handed_over) == {}


def test_a_descriptor_that_is_not_there_is_not_given() -> None:
    environ = {"LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "drm"}

    assert kept_descriptors(environ, 7, 900) == {}
