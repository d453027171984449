"""
Tells when this machine's links, addresses or routes change: the kernel says so at once.

The kiosk then asks its room server in the place of after a pause, so a cable that is
plugged in is a kiosk that is back, and nobody touches it (rtnetlink(7)).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Never

from kiosk.errors import words_of


SETTLE_S: Final = 0.3
"""A link that comes up is followed by its address and its route."""

_NETLINK_ROUTE: Final = 0
_GROUPS: Final = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE of rtnetlink.h."""
_MESSAGE: Final = 65_536

log = logging.getLogger(__name__)


async def tell_network_changes(on_change: Callable[[], None]) -> Never:
    """Call ``on_change`` on the loop whenever something changed, until cancelled."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    try:
        news = _open()
    except OSError as error:
        reason = {"reason": words_of(error)}
        log.warning("changes of the network are noticed late", extra=reason)
        await asyncio.Future()
        raise AssertionError from error  # a future nobody ends

    def read() -> None:
        with suppress(OSError):  # ENOBUFS: so many that some were lost, news as well
            while news.recv(_MESSAGE):
                pass
        changed.set()

    with news:
        loop.add_reader(news, read)
        try:
            while True:
                await changed.wait()
                await asyncio.sleep(SETTLE_S)
                changed.clear()
                on_change()
        finally:
            loop.remove_reader(news)


def _open() -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    news = socket.socket(socket.AF_NETLINK, kind, _NETLINK_ROUTE)
    try:
        news.bind((0, _GROUPS))
    except OSError:
        news.close()
        raise
    return news
