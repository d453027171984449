"""The opening of an RTMP connection."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp.handshake import RANDOM_BYTES, Handshake


OURS = b"c" * RANDOM_BYTES
THEIRS = b"s" * RANDOM_BYTES


def test_both_sides_echo_one_another() -> None:
    client, server = Handshake.client(OURS), Handshake.server(THEIRS)

    s0_s1_s2 = server.feed(client.opening)
    c2 = client.feed(s0_s1_s2)
    nothing = server.feed(c2 + b"more")

    assert client.opening == b"\x03" + bytes(8) + OURS
    assert s0_s1_s2 == b"\x03" + bytes(8) + THEIRS + client.opening[1:]
    assert c2 == s0_s1_s2[1:1537]
    assert (client.done, server.done, nothing) == (True, True, b"")
    assert (client.rest, server.rest) == (b"", b"more")


def test_a_server_has_nothing_to_say_first() -> None:
    assert Handshake.server(THEIRS).opening == b""


def test_single_bytes_are_enough() -> None:
    server = Handshake.server(THEIRS)

    said = b"".join(server.feed(b"\x03") for _ in range(1 + 2 * 1536))

    assert server.done
    assert len(said) == 1 + 2 * 1536


def test_the_client_answers_before_the_servers_echo_is_here() -> None:
    client = Handshake.client(OURS)

    c2 = client.feed(b"\x03" + bytes(1536))

    assert c2 == bytes(1536)
    assert not client.done


@pytest.mark.parametrize("version", [0, 2, 3, 6, 31])
def test_any_possible_version_is_answered_with_3(version: int) -> None:
    digest = bytes((version,)) + bytes.fromhex("00000000 80000702") + THEIRS

    said = Handshake.server(THEIRS).feed(digest)

    assert said[0] == 3
    assert said[1537:] == digest[1:]


@pytest.mark.parametrize("first", [b"H", b"\x20", b"\xff"])
def test_text_is_no_handshake(first: bytes) -> None:
    with pytest.raises(WireError, match="check scheme, host and port"):
        Handshake.client(OURS).feed(first)


def test_the_number_of_random_bytes_is_fixed() -> None:
    with pytest.raises(WireError, match="1528 random bytes"):
        Handshake.client(b"too few")
