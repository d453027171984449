"""A link to a port, and peers that stall or reset it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from kiosk.media.dialling import LinkLimits
from kiosk.media.link import Link
from kiosk.media.resolver import Resolver
from kiosk.rtmp.url import RtmpUrl


SECRET = "txSecret=77"


LIMITS = LinkLimits(start_s=0.4, another_s=0.2, send_s=0.3, send_buffer_bytes=4096)


def to_port(port: int, *, scheme: str = "rtmp", host: str = "127.0.0.1") -> RtmpUrl:
    return RtmpUrl.parse(f"{scheme}://{host}:{port}/live/k1?{SECRET}")


@contextmanager
def linked(
    url: RtmpUrl,
    *,
    limits: LinkLimits = LIMITS,
    resolver: Resolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Link]:
    link = Link(url, resolver or Resolver(), limits=limits, tls=tls)
    try:
        yield link
    finally:
        link.close()
        link.close()
