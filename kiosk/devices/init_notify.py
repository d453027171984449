"""
systemd as the supervisor, by its notification socket and nothing else.

The protocol is one datagram a message to the socket that ``$NOTIFY_SOCKET``
names, a path or (with a leading ``@``) an abstract address: sd_notify(3).  The
supervisor must never hold the daemon up: sending does not block, and a socket
that is gone or full is logged once and forgotten.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Mapping
from typing import Final

from kiosk.ports import Micros


LONGEST_STATUS: Final = 512
"""Characters; systemctl shows one line."""
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

    def _send(self, message: str) -> None:
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.sendto(message.encode("utf-8", "replace"), self._address)
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
