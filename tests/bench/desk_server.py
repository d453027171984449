"""
What a server does for one desk's media: a relay, and the page's socket.

``python -m tests.bench.desk_server`` prints one JSON line with its addresses and
runs until it is ended.  A process of its own, so that its cost is its own.
"""

from __future__ import annotations

import asyncio
import json

from tests.fakes.desk_page import PaperCall
from tests.fakes.desk_stage import desk_stage
from tests.fakes.media_kit import open_relay


async def serve() -> None:
    async with open_relay() as (_, host, port):
        place = f"rtmp://{host}:{port}/live"
        call = PaperCall(f"{place}/kiosk-7", f"{place}/agent")
        async with desk_stage(call) as stage:
            told = {"page": stage.address, "kiosk": call.play, "agent": call.push}
            print(json.dumps(told), flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
