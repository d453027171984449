"""
systemd as the supervisor, by its notification socket and nothing else.

The protocol is one datagram a message to the socket that ``$NOTIFY_SOCKET``
names, a path or (with a leading ``@``) an abstract address: sd_notify(3).  The
supervisor must never hold the daemon up: sending does not block, and a socket
that is gone or full is logged once and forgotten.

Descriptors are kept by the file descriptor store (``FDSTORE=1`` with the
descriptor beside the datagram, ``FileDescriptorStoreMax=`` of the unit; see
systemd.io/FILE_DESCRIPTOR_STORE), and come back to the next process as
sd_listen_fds(3) has it.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from array import array
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from kiosk.ports import Micros


LONGEST_STATUS: Final = 512
"""Characters; systemctl shows one line."""
FIRST_DESCRIPTOR: Final = 3
MOST: Final = re.compile(r"[0-9]{1,2}")
DECIMAL: Final = re.compile(r"[0-9]{1,20}")

log = logging.getLogger(__name__)


class NotifyInit:
    """
    Implements :class:`kiosk.ports.Init` with systemd's notification protocol.

    Args:
        address: The value of ``$NOTIFY_SOCKET``.

    """

    def __init__(self, address: str) -> None:
        self._shown_address = address
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._warned = False

    def ready(self) -> None:
        """Send ``READY=1``."""
        self._send("READY=1")

    def reloading(self, now: Micros) -> None:
        """
        Send ``RELOADING=1`` with ``MONOTONIC_USEC=``, both in one datagram.

        Apart, ``systemctl reload`` waits in vain (systemd issue 37515).
        """
        self._send(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def status(self, text: str) -> None:
        """Send ``STATUS=``; line ends become spaces, else they end the field."""
        line = " ".join(text.split())
        self._send(f"STATUS={line[:LONGEST_STATUS]}")

    def ping(self) -> None:
        """Send ``WATCHDOG=1``."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Send ``STOPPING=1``."""
        self._send("STOPPING=1")

    def keep(self, name: str, fd: int) -> None:
        """Send ``FDSTORE=1``, after taking the one of that name out."""
        self.forget(name)
        self._send(f"FDSTORE=1\nFDNAME={name}", fd)

    def forget(self, name: str) -> None:
        """Send ``FDSTOREREMOVE=1``."""
        self._send(f"FDSTOREREMOVE=1\nFDNAME={name}")

    def _send(self, message: str, *fds: int) -> None:
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                content = message.encode("utf-8", "replace")
                # socket.send_fds of Python 3.11 forgets the address it is given
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", fds))
                sender.sendmsg([content], [rights] if fds else [], 0, self._address)
        except (OSError, ValueError) as error:
            if not self._warned:
                self._warned = True
                log.warning(
                    "the supervisor at %s hears nothing: %s",
                    self._shown_address,
                    error,
                )


def watchdog_period(environ: Mapping[str, str], pid: int) -> Micros | None:
    """
    Return how often systemd wants a ping, or ``None`` where it wants none.

    Half of ``$WATCHDOG_USEC``, as sd_watchdog_enabled(3) recommends;
    ``$WATCHDOG_PID`` may name another process than ours.
    """
    usec = environ.get("WATCHDOG_USEC", "")
    if not DECIMAL.fullmatch(usec) or int(usec) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    return Micros(int(usec) // 2)


def kept_descriptors(
    environ: Mapping[str, str], pid: int, first: int = FIRST_DESCRIPTOR
) -> dict[str, int]:
    """
    Return the descriptors a crashed predecessor had kept, by name.

    They are not passed on to programs this one starts. Those without a name
    (sockets of a unit, say) are left alone.

    Args:
        environ: Where systemd tells of them.
        pid: Ours: descriptors for another process are left alone.
        first: The first descriptor.

    """
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not MOST.fullmatch(count):
        return {}
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    kept: dict[str, int] = {}
    for fd, name in zip(range(first, first + int(count)), names, strict=False):
        with suppress(OSError):
            os.set_inheritable(fd, False)  # noqa: FBT003 -- os has no keyword for it
            if name:
                kept[name] = fd
    return kept
