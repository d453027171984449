"""
Listening sockets that systemd opened before this process began.

With socket activation a restart refuses nobody: systemd holds the sockets, and
who connects meanwhile waits in their queue.  Protocol: sd_listen_fds(3).
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass


_FIRST_DESCRIPTOR = 3
_NAMES = ("http", "rtmp")
_UNNAMED = "unknown"


@dataclass(frozen=True, slots=True)
class Listeners:
    """What was handed over; None where this process listens by itself."""

    http: socket.socket | None = None
    rtmp: socket.socket | None = None


def listeners_of(
    environ: Mapping[str, str], pid: int, first: int = _FIRST_DESCRIPTOR
) -> Listeners:
    """
    Take over the sockets this process was given.

    They are told apart by ``FileDescriptorName=``, ``http`` and ``rtmp``; without
    names the first is http and the second rtmp.

    Args:
        environ: Where systemd tells of them.
        pid: Ours: sockets for another process are left alone.
        first: The first descriptor.

    Raises:
        OSError: Naming the socket that is not what a server can use.

    """
    if environ.get("LISTEN_PID") != str(pid):
        return Listeners()
    count = environ.get("LISTEN_FDS", "0")
    given = int(count) if count.isdecimal() and len(count) < len("100") else 0
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    found: dict[str, socket.socket] = {}
    for index in range(given):
        name = names[index] if index < len(names) else ""
        if name in {"", _UNNAMED} and index < len(_NAMES):
            name = _NAMES[index]
        if name not in _NAMES or name in found:
            raise OSError(
                errno.EINVAL,
                f"socket {index} of systemd: set FileDescriptorName= to http or rtmp",
            )
        found[name] = _listening(name, first + index)
    return Listeners(found.get("http"), found.get("rtmp"))


def _listening(name: str, descriptor: int) -> socket.socket:
    try:
        listener = socket.socket(fileno=descriptor)
        is_stream = listener.type is socket.SOCK_STREAM
        is_open = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        is_internet = listener.family in {socket.AF_INET, socket.AF_INET6}
    except OSError as error:
        raise OSError(error.errno, f"{name} of systemd: {error.strerror}") from error
    if not (is_stream and is_open and is_internet):
        listener.detach()
        raise OSError(errno.EINVAL, f"{name} of systemd: needs ListenStream= on TCP")
    listener.setblocking(False)  # noqa: FBT003 -- the socket API
    listener.set_inheritable(False)
    return listener
