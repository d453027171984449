"""A daemon for the control server: it keeps what it was asked, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from kiosk.errors import KioskError
from kiosk.ports import Inspected, Inspection, Probe


class FakeDaemon:
    """
    Implements ``ControlledDaemon``; ``None`` published ends every subscription.

    Attributes:
        records: What calls left behind, the newest first.
        asked: What was asked, as (verb, argument).
        refusal: Raised by the next requests, if set.
        subscriptions: How many are open now.

    """

    def __init__(self, status: dict[str, Any] | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self.refusal: KioskError | None = None
        self.subscriptions = 0
        self.records: list[dict[str, Any]] = []
        self._status = status or {"schema_version": 1, "state": "IDLE"}
        self._queues: list[asyncio.Queue[dict[str, Any] | None]] = []

    def press(self, button: str, held_s: float = 0.0) -> None:
        self._note("press", f"{button} {held_s:g}" if held_s else button)

    def status(self) -> dict[str, Any]:
        self._note("status", "")
        return self._status

    def calls(self) -> list[dict[str, Any]]:
        self._note("calls", "")
        return self.records

    async def inspect(self) -> Inspection:
        self._note("inspect", "")
        return ((Inspected.CAMERA, Probe("nothing", "no camera", "plug it in")),)

    def subscribe(self) -> AsyncGenerator[dict[str, Any], None]:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(maxsize=16)
        self._queues.append(queue)
        self.subscriptions += 1
        return self._events(queue)

    async def save_screenshot(self, path: str) -> None:
        self._note("screenshot", path)
        await asyncio.to_thread(Path(path).write_bytes, b"PNG")

    async def send_text(self, text: str) -> None:
        self._note("text", text)

    async def send_reply(self, number: int) -> None:
        self._note("reply", str(number))

    async def stand_down(self, seconds: float) -> None:
        self._note("stand down", f"{seconds:g}")

    async def ask_still(self) -> bytes:
        self._note("still", "")
        return b"\xff\xd8\xff still"

    def publish(self, event: dict[str, Any] | None) -> None:
        for queue in self._queues:
            queue.put_nowait(event)

    async def _events(
        self, queue: asyncio.Queue[dict[str, Any] | None]
    ) -> AsyncGenerator[dict[str, Any], None]:
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._queues.remove(queue)
            self.subscriptions -= 1

    def _note(self, verb: str, argument: str) -> None:
        self.asked.append((verb, argument))
        if self.refusal is not None:
            raise self.refusal
