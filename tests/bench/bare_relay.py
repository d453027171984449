"""
Our relay in a process of its own that lets everybody in.

``python -m tests.bench.bare_relay [HOST]`` prints its address as one JSON line
and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import sys

from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Permit


async def _serve(host: str) -> None:
    relay = Relay(
        authorize_publish=_welcome,
        authorize_play=_welcome,
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )
    async with relay.serve(host, 0) as (bound, port):
        print(json.dumps({"rtmp": f"rtmp://{bound}:{port}/live"}), flush=True)
        await asyncio.Event().wait()


def _welcome(app: str, name: str, query: str) -> Permit:
    return lambda: ""


if __name__ == "__main__":
    asyncio.run(_serve(*(sys.argv[1:] or ["127.0.0.1"])))
