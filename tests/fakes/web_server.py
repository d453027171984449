"""A web server over TLS that does what the test says, however badly."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from kiosk.tls import trusting
from tests.fakes.certificates import Authority


@dataclass(frozen=True)
class Asked:
    """One request: its path, and its headers by lower-case name."""

    path: str
    headers: Mapping[str, str]


_HANDSHAKE = b"\x16"  # first byte of a TLS client's

Answer = Callable[[Asked, socket.socket], None]
"""Writes an answer; what it leaves open is closed."""


@dataclass
class WebServer:
    """
    Answers each request with the next answer of its list, then with the last one.

    Attributes:
        asked: Every request so far.
        connections: How many are open.

    """

    url: str
    ca: Path
    answers: list[Answer]
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def tls(self) -> ssl.SSLContext:
        return trusting(self.ca)


@contextmanager
def serving(
    folder: Path, *answers: Answer, with_tls: bool = True, host: str = "localhost"
) -> Generator[WebServer]:
    """Serve on this machine until the block ends; every thread is gone then."""
    authority = Authority(folder)
    named = authority.server(alternative=x509.DNSName(host))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*named)
    listener = socket.create_server(("127.0.0.1", 0))
    scheme = "https" if with_tls else "http"
    url = f"{scheme}://{host}:{listener.getsockname()[1]}/bundle.tar"
    server = WebServer(url, authority.file, list(answers))
    over = threading.Event()
    threads = [
        threading.Thread(
            target=_accept, args=(listener, context if with_tls else None, server, over)
        )
    ]
    threads[0].start()
    try:
        yield server
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        threads[0].join(10)


def _accept(
    listener: socket.socket,
    context: ssl.SSLContext | None,
    server: WebServer,
    over: threading.Event,
) -> None:
    threads: list[threading.Thread] = []
    while not over.is_set():
        try:
            plain, _ = listener.accept()
        except OSError:
            break
        plain.settimeout(3)
        thread = threading.Thread(target=_serve, args=(plain, context, server))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(10)


def _serve(
    plain: socket.socket, context: ssl.SSLContext | None, server: WebServer
) -> None:
    server.connections += 1
    try:
        talk = context.wrap_socket(plain, server_side=True) if context else plain
        with talk:
            head = b""
            while b"\r\n\r\n" not in head:
                more = talk.recv(4096)
                if (head + more)[:1] == _HANDSHAKE:
                    talk.sendall(_head("400 Bad Request", {}))  # it speaks no TLS
                    return
                if not more:
                    return
                head += more
            server.asked.append(_asked(head))
            server.next_answer()(server.asked[-1], talk)
    except OSError:
        pass
    finally:
        plain.close()
        server.connections -= 1


def _asked(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.lower(): text.strip() for name, _, text in pairs}
    return Asked(first.split(" ")[1], headers)


def whole(
    content: bytes, etag: str = '"v1"', status: str = "200 OK", **headers: str
) -> Answer:
    """Answer as a good web server does: 304 and parts included."""

    def answer(asked: Asked, talk: socket.socket) -> None:
        if asked.headers.get("if-none-match") == etag:
            talk.sendall(_head("304 Not Modified", {"ETag": etag}))
            return
        wanted = asked.headers.get("range", "")
        if wanted and asked.headers.get("if-range") == etag:
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
            part = content[begin:]
            span = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            length = {"Content-Length": str(len(part)), "Content-Range": span}
            talk.sendall(_head("206 Partial Content", {**length, "ETag": etag}) + part)
            return
        length = {"Content-Length": str(len(content)), "ETag": etag, **headers}
        talk.sendall(_head(status, length) + content)

    return answer


def refusing(status: str, **headers: str) -> Answer:
    """Answer with a status and nothing else."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}

    def answer(asked: Asked, talk: socket.socket) -> None:
        talk.sendall(_head(status, {"Content-Length": "0", **named}))

    return answer


def cut_off(content: bytes, after: int, etag: str = '"v1"') -> Answer:
    """Promise the whole and break off."""

    def answer(asked: Asked, talk: socket.socket) -> None:
        head = _head("200 OK", {"Content-Length": str(len(content)), "ETag": etag})
        talk.sendall(head + content[:after])

    return answer


def dripping(content: bytes, pause_s: float = 0.05, etag: str = '"v1"') -> Answer:
    """Send byte after byte."""

    def answer(asked: Asked, talk: socket.socket) -> None:
        head = _head("200 OK", {"Content-Length": str(len(content)), "ETag": etag})
        for byte in head + content:
            talk.sendall(bytes([byte]))
            time.sleep(pause_s)

    return answer


def endless(asked: Asked, talk: socket.socket) -> None:
    """Send for ever, without having said how much."""
    talk.sendall(_head("200 OK", {"Transfer-Encoding": "chunked"}))
    while True:
        talk.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")


def silent(asked: Asked, talk: socket.socket) -> None:
    """Take the request and say nothing."""
    talk.recv(1)


def _head(status: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{n}: {text}" for n, text in headers.items())]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("latin-1")
