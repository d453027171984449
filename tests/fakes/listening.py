"""A server that takes one connection, whatever it then does with it, or none."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.fakes.silent_server import silent_server


@contextmanager
def listening(
    serve: Callable[[socket.socket], None], *, receive_buffer: int = 0
) -> Iterator[int]:
    """Serve one connection on a thread."""
    listener = socket.socket()
    if receive_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    listener.settimeout(5)

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            serve(connection)

    thread = threading.Thread(target=accept, name="served")
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join(5)
        listener.close()


@contextmanager
def full_server() -> Iterator[int]:
    """Yield a port whose queue is full: a connect is not answered."""
    with silent_server(backlog=0) as port, filled(port):
        yield port


@contextmanager
def filled(port: int) -> Iterator[None]:
    """Fill the queue of a port that nobody accepts from."""
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.settimeout(0)
        filler.connect_ex(("127.0.0.1", port))
    try:
        time.sleep(0.05)
        yield
    finally:
        for filler in fillers:
            filler.close()
