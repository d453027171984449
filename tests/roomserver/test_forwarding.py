"""Whose address a request has: a table of headers, and what is made of them."""

from __future__ import annotations

import pytest

from kiosk.roomserver.forwarding import UNKNOWN, Forwarding
from kiosk.roomserver.request_head import read_head


TRUSTED = ("10.0.0.0/29", "127.0.0.0/8", "::1/128", "2001:db8:aa::/64")
CLIENT = "203.0.113.9"


@pytest.mark.parametrize(
    ("told", "client"),
    [
        (CLIENT, CLIENT),
        (f"{CLIENT}, 10.0.0.2", CLIENT),
        (f"{CLIENT},10.0.0.2 ,127.0.0.1", CLIENT),
        (f"127.0.0.1, {CLIENT}", CLIENT),
        (f"10.0.0.1, 192.168.7.7, {CLIENT}, 2001:db8:aa::7", CLIENT),
        (f"nonsense, {CLIENT}", CLIENT),
        ("2001:db8::9", "2001:db8::9"),
        (f"::ffff:{CLIENT}", f"::ffff:{CLIENT}"),
    ],
)
def test_the_last_address_that_is_no_proxy_is_the_clients(
    told: str, client: str
) -> None:
    plain = client.removeprefix("::ffff:")

    assert Forwarding(TRUSTED).client_of(told) == plain


@pytest.mark.parametrize(
    "told",
    [
        "",
        ",",
        "unknown",
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1, 127.0.0.1",
        f"{CLIENT}, unknown, 10.0.0.2",
        f"{CLIENT}:50123",
        f"[{CLIENT}]",
        f"{CLIENT}, ",
        "203.0.113.009",
        "localhost",
        "'127.0.0.1'",
    ],
)
def test_without_a_readable_address_that_is_no_proxy_nobody_knows_him(
    told: str,
) -> None:
    assert Forwarding(TRUSTED).client_of(told) == UNKNOWN


@pytest.mark.parametrize("told", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_no_proxy_makes_anybody_this_machine(told: str) -> None:
    assert Forwarding(("10.0.0.0/29",)).client_of(told) == UNKNOWN


def test_nobody_is_trusted_unless_named() -> None:
    assert not Forwarding(()).trusts("127.0.0.1")
    assert Forwarding(TRUSTED).trusts("::ffff:127.0.0.1")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("X-Forwarded-For: 1.2.3.4",), "1.2.3.4"),
        (("x-forwarded-for: 1.2.3.4", "X-FORWARDED-FOR: 5.6.7.8"), "1.2.3.4,5.6.7.8"),
        (("X-Real-IP: 1.2.3.4",), ""),
        (("Forwarded: for=1.2.3.4",), ""),
        (("Via: 1.1 here", "VIA: 1.1 there"), ""),
        (("X-Client-IP: 1.2.3.4", "x-forwarded-for: 5.6.7.8"), "5.6.7.8"),
        (("X-FORWARDED-ANYTHING: 1.2.3.4",), ""),
    ],
)
def test_every_line_of_the_header_counts_in_its_order(
    lines: tuple[str, ...], told: str
) -> None:
    head = read_head(_request(*lines), 0)

    assert (head.is_forwarded, head.forwarded_for) == (True, told)


@pytest.mark.parametrize(
    "line", ["X-Forwarded: y", "Viaduct: y", "X-Via: y", "Not-Forwarded: y", "X: via"]
)
def test_other_headers_are_no_proxys(line: str) -> None:
    assert not read_head(_request(line), 0).is_forwarded


def _request(*lines: str) -> bytes:
    return "\r\n".join(["GET / HTTP/1.1", "Host: h", *lines, "", ""]).encode()
