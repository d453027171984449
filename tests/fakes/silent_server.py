"""A server that accepts TCP and never says a word."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def silent_server(backlog: int = 16) -> Iterator[int]:
    """Yield the port of a listener that the kernel alone answers for."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        yield listener.getsockname()[1]
