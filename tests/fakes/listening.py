"""A server that takes one connection, whatever it then does with it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
