"""
Random signatures at the gate of a room server: none may open a stream.

Everything but the signature is right: a stream that was issued, a member who asks,
times that are good.  Both forms of key, pushing and playing.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterator

from kiosk.roomserver.relay_terms import Refusal
from kiosk.rtmp.url import RtmpUrl
from tests.bench.report import Bar, Result, Table
from tests.fakes.room_core import FakeCore


TRIES, TRIES_FULL = 20_000, 1_000_000


def run(*, full: bool) -> Result:
    """Try the number promised of each kind, or a sample."""
    tries = (TRIES_FULL if full else TRIES) // 4
    core = FakeCore()
    core.create("agent")
    core.join("kiosk")
    urls = {
        "push, v2": core.push_url("agent", tickets=True),
        "play, v2": core.members("kiosk", tickets=True)["agent"],
        "push, tencent": core.push_url("agent"),
        "play, tencent": core.members("kiosk")["agent"],
    }
    rows: list[tuple[str, int, int, float]] = []
    for kind, url in urls.items():
        began = time.perf_counter()
        let_in = sum(_opens(core, kind, forged) for forged in _forgeries(url, tries))
        us = 1e6 * (time.perf_counter() - began) / tries
        rows.append((kind, tries, let_in, us))
    return Result(
        "forgeries",
        [Table("random signatures", ("key", "tried", "let in", "us each"), rows)],
        [Bar("random signatures let in", sum(row[2] for row in rows), 0, "")],
    )


def _forgeries(url: str, tries: int) -> Iterator[RtmpUrl]:
    mark = "&sig=" if "&sig=" in url else "txSecret="
    before, _, rest = url.partition(mark)
    after = "" if mark == "&sig=" else rest[32:]
    for _ in range(tries):
        yield RtmpUrl.parse(f"{before}{mark}{_signature(mark)}{after}")


def _signature(mark: str) -> str:
    if mark == "&sig=":
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return secrets.token_hex(16)


def _opens(core: FakeCore, kind: str, url: RtmpUrl) -> bool:
    gate = core.core.gate
    judge = gate.authorize_publish if kind[:4] == "push" else gate.authorize_play
    return not isinstance(judge(url.app, url.name, url.query), Refusal)
