"""
The stream of events to one client: JSON lines until somebody closes.

Written as a response of its own because it must end on three occasions, each
at once: the events are over, the client is gone, the server closes.
"""

from __future__ import annotations

import asyncio
import json

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from kiosk.control.ports import Subscription


class EventStream(Response):
    """Sends each event as one line of JSON."""

    def __init__(self, events: Subscription, closing: asyncio.Event) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]  # not known: chunked
        self._events = events
        self._closing = closing

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI calls it."""
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": self.raw_headers,
            }
        )
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._send_events(send)),
                group.create_task(_until_disconnected(receive)),
                group.create_task(_until_set(self._closing)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_events(self, send: Send) -> None:
        try:
            async for event in self._events:
                line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
                await send(
                    {"type": "http.response.body", "body": line, "more_body": True}
                )
        finally:
            await self._events.aclose()


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _until_set(closing: asyncio.Event) -> None:
    await closing.wait()
