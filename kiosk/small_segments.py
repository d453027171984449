"""
TCP in segments that every link can carry.

A tunnel or a mobile link within a branch's network carries less than Ethernet, and the
message that says so is often thrown away: whatever is larger vanishes, each time it is
sent again.  What asks for small segments in its SYN is sent such, and sends such; so
both ways pass, without a look at the path and without the machine's settings.  1280
bytes is what every link of IPv6 must carry (RFC 8200, 5).
"""

from __future__ import annotations

import socket
from typing import Final


SEGMENT_BYTES: Final = 1220
"""Of 1280: 40 are the address header of IPv6, 20 that of TCP."""


def keep_small(sock: socket.socket) -> None:
    """Ask for small segments both ways; before the socket connects."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
