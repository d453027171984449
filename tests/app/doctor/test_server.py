"""The room server as the doctor sees it."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from kiosk.app.doctor.check import Verdict
from kiosk.app.doctor.server import look_at_relay, look_at_server
from kiosk.config.schema import KioskConfig


def test_a_certificate_that_cannot_be_read_is_a_line_and_no_end_of_the_examination(
    tmp_path: Path,
) -> None:
    missing = tmp_path / "branch-ca.pem"
    room = {"server": "https://rooms.example.org", "target": ["service"]}
    network = {"ca_file": str(missing)}
    config = KioskConfig.model_validate({"room": room, "network": network})

    way, found = look_at_server(config, now_s=0.0)
    assert way.what == "network"

    assert found.verdict is Verdict.FAILURE
    assert str(missing) in found.evidence
    assert "[network]" in found.cure


def asked_of(port: int) -> KioskConfig:
    room = {"server": f"http://127.0.0.1:{port}", "target": ["service"]}
    return KioskConfig.model_validate({"room": room})


@contextlib.contextmanager
def answering(with_bytes: Iterable[bytes], pause_s: float = 0.0) -> Iterator[int]:
    """Run a server that says this to the first who comes; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def answer() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(4096)
                for part in with_bytes:
                    if over.wait(pause_s):
                        return
                    connection.sendall(part)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join(5)


def test_a_byte_a_moment_does_not_hold_the_examination() -> None:
    began = time.monotonic()
    with answering(itertools.repeat(b"H"), pause_s=0.05) as port:
        *_, found = look_at_server(asked_of(port), now_s=0.0, patience_s=0.5)

    assert found.verdict is Verdict.FAILURE
    assert "no whole answer in 0.5 s" in found.evidence
    assert time.monotonic() - began < 10


def test_a_body_without_end_is_not_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with answering([head]) as port:
        found = [each.what for each in look_at_server(asked_of(port), now_s=0.0)]

    assert "room server" in found


def test_the_relay_is_told_by_its_hello_and_only_by_that() -> None:
    with answering([b"\x03"]) as port:
        relay = look_at_relay("http://127.0.0.1:1", port)
    with answering([b"HTTP"]) as port:
        stranger = look_at_relay("http://127.0.0.1:1", port)

    assert relay.verdict is Verdict.GOOD
    assert stranger.verdict is Verdict.SKIPPED
    assert "kiosk test-call" in stranger.evidence
