"""Whom a proxy leads to, what it is asked, and what its answers mean."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from kiosk.proxy import MAX_HEAD_BYTES, Asking, Proxy, ProxyRefused
from tests.fakes.connect_proxy import LEADS


OURS = Proxy("proxy.bank.example", 3128)


@contextmanager
def wired() -> Generator[tuple[socket.socket, socket.socket]]:
    """Return our end of a connection, which never blocks, and the proxy's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        yield ours, theirs


def answered(asking: Asking, ours: socket.socket) -> None:
    while not asking.is_answered(ours):
        pass


@pytest.mark.parametrize(
    ("host", "leads"),
    [
        ("rooms.example.org", True),
        ("203.0.113.7", True),
        ("2001:db8::7", True),
        ("localhost", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("branch.example", False),
        ("Relay.Branch.Example.", False),
        ("notbranch.example", True),
        ("10.20.0.1", False),
        ("192.0.2.9", False),
        ("192.0.2.10", True),
    ],
)
def test_a_proxy_leads_to_all_but_this_machine_and_those_named(
    host: str, leads: bool
) -> None:
    direct = (".branch.example", "10.0.0.0/8", "192.0.2.9")

    assert Proxy("proxy", 3128, direct=direct).leads_to(host) is leads


def test_it_is_asked_by_name_for_host_and_port() -> None:
    named, numbered = Asking(OURS, "rooms.example", 443), Asking(OURS, "2001:db8::7", 1)

    assert named.question == (
        b"CONNECT rooms.example:443 HTTP/1.1\r\nHost: rooms.example:443\r\n\r\n"
    )
    assert numbered.question.startswith(b"CONNECT [2001:db8::7]:1 HTTP/1.1\r\n")


def test_whoever_asks_is_proved_and_shown_nowhere() -> None:
    proxy = Proxy("proxy", 3128, "branch-12", "canary")

    assert b"\r\nProxy-Authorization: Basic YnJhbmNoLTEyOmNhbmFyeQ==\r\n" in (
        Asking(proxy, "rooms.example", 443).question
    )
    assert "canary" not in f"{proxy!r} {proxy.name}"


@pytest.mark.parametrize("host", ["", "a b", "a\r\nX: y", "räume.example"])
def test_a_host_that_is_no_host_is_not_asked_for(host: str) -> None:
    with pytest.raises(ProxyRefused):
        Asking(OURS, host, 443)


def test_what_comes_behind_the_head_is_left_for_the_server() -> None:
    with wired() as (ours, theirs):
        theirs.sendall(LEADS + b"\x16\x03server")

        assert Asking(OURS, "rooms.example", 443).is_answered(ours)
        assert ours.recv(100) == b"\x16\x03server"


def test_an_answer_may_come_byte_by_byte() -> None:
    asking = Asking(OURS, "rooms.example", 443)
    with wired() as (ours, theirs):
        assert not asking.is_answered(ours)
        for at in range(len(LEADS)):
            theirs.sendall(LEADS[at : at + 1])
            assert asking.is_answered(ours) is (at == len(LEADS) - 1)


@pytest.mark.parametrize(
    ("answer", "told", "passes"),
    [
        (b"HTTP/1.1 407 Who?\r\n\r\n", "kiosk.network.proxy_password", False),
        (b"HTTP/1.0 403 No\r\n\r\n", "permit CONNECT to rooms.example:443", False),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "cannot reach rooms.example:443", True),
        (b"HTTP/1.1 405 No\r\n\r\n", "is [network] proxy right?", False),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "speaks no HTTP", False),
        (b"HTTP/1.1 200x OK\r\n\r\n", "speaks no HTTP", False),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * MAX_HEAD_BYTES, "without end", False),
    ],
)
def test_an_answer_that_is_no_names_proxy_and_cure(
    answer: bytes, told: str, passes: bool
) -> None:
    asking = Asking(OURS, "rooms.example", 443)
    with wired() as (ours, theirs):
        theirs.sendall(answer)

        with pytest.raises(ProxyRefused) as refused:
            answered(asking, ours)

    assert str(refused.value).startswith("the proxy proxy.bank.example:3128 ")
    assert told in str(refused.value)
    assert refused.value.passes is passes


def test_half_an_answer_is_none() -> None:
    asking = Asking(OURS, "rooms.example", 443)
    with wired() as (ours, theirs):
        theirs.sendall(LEADS[:20])
        theirs.close()

        assert not asking.is_answered(ours)
        with pytest.raises(ProxyRefused, match="hung up before it answered") as ended:
            asking.is_answered(ours)

    assert ended.value.passes
