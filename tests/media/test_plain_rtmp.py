"""Plain RTMP stays on this machine unless the configuration says otherwise (S20, R22)."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from kiosk.errors import StreamRefused
from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Address, Resolver
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.silent_server import silent_server


URL = RtmpUrl.parse("rtmp://relay.example/live/k1?txSecret=CANARY")


def elsewhere(*more: Address) -> Resolver:
    def found(host: str, port: int) -> Sequence[Address]:
        return [(socket.AF_INET, ("192.0.2.1", port)), *more]

    return Resolver(found)


def test_a_relay_elsewhere_is_refused_before_anything_is_sent() -> None:
    link = Link(URL, elsewhere(), limits=LinkLimits(), tls=None)

    with pytest.raises(StreamRefused, match="insecure = true") as refusal:
        link.dial()

    assert "CANARY" not in str(refusal.value)
    link.close()


def test_a_relay_on_this_machine_needs_no_permission() -> None:
    with silent_server() as port:
        here = (socket.AF_INET, ("127.0.0.1", port))
        link = Link(URL, elsewhere(here), limits=LinkLimits(), tls=None)

        link.dial()

        link.close()


def test_a_permitted_link_tries_every_address() -> None:
    with silent_server() as port:
        found = [
            (socket.AF_INET6, ("::1", 9, 0, 0)),
            (socket.AF_INET, ("127.0.0.1", port)),
        ]
        limits = LinkLimits(plain_anywhere=True)
        link = Link(URL, Resolver(lambda host, port: found), limits=limits, tls=None)

        link.dial()

        link.close()


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, "169.254.169.254"),
        (socket.AF_INET, "224.0.0.1"),
        (socket.AF_INET, "0.0.0.0"),
        (socket.AF_INET6, "fe80::1%eth0"),
        (socket.AF_INET6, "ff02::1"),
        (socket.AF_INET6, "::"),
        (socket.AF_INET6, "::ffff:169.254.169.254"),
    ],
)
def test_where_no_relay_can_be_nobody_is_asked(
    scheme: str, family: socket.AddressFamily, address: str
) -> None:
    url = RtmpUrl.parse(f"{scheme}://relay.example/live/k1?txSecret=CANARY")
    found = [(family, (address, 1935))]
    limits = LinkLimits(plain_anywhere=True)
    link = Link(url, Resolver(lambda host, port: found), limits=limits, tls=None)

    with pytest.raises(StreamRefused, match="where no relay can be") as refusal:
        link.dial()

    assert address in str(refusal.value)
    assert "CANARY" not in str(refusal.value)
    link.close()


def test_of_two_addresses_the_one_that_can_be_a_relay_is_taken() -> None:
    with silent_server() as port:
        found = [
            (socket.AF_INET, ("169.254.169.254", port)),
            (socket.AF_INET, ("127.0.0.1", port)),
        ]
        link = Link(
            URL, Resolver(lambda host, port: found), limits=LinkLimits(), tls=None
        )

        link.dial()

        link.close()
