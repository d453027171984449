"""
Stands in for the program ``kiosk`` as the demonstration starts it.

``server`` prints two addresses, ``run`` serves a control socket behind which a
call goes ``well``, has ``no picture``, ``ends`` by itself, or the process
``dies`` at the press; the server may also find ``no port`` or ``babble``.  A kiosk
with a page is ``visited``: somebody calls on it, hangs up, and ends the demonstration;
or ``looked at``: somebody presses nothing, and ends it in the call.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import tomllib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from kiosk.control.server import ControlServer
from kiosk.ports import Inspection


RATE = 30


class FakeParty:
    """A daemon whose call counts pictures by the clock."""

    def __init__(self, behaviour: str, role: str) -> None:
        self._behaviour = behaviour
        self._idle = "WAITING" if role == "agent" else "IDLE"
        self._called: float | None = None
        self._started = time.monotonic()
        self._muted = False

    def press(self, button: str, held_s: float = 0.0) -> None:
        match button:
            case "call" if self._behaviour == "dies":
                os.write(2, b"fatal: the camera is on fire\n")
                os._exit(3)
            case "call":
                self._called = time.monotonic()
            case "hangup":
                self._called = None
            case _:
                self._muted = not self._muted

    def status(self) -> dict[str, Any]:
        going_for = self._going_for()
        return {
            "schema_version": 1,
            "state": self._idle if going_for is None else "IN_CALL",
            "reason": "",
            "muted": self._muted,
            "timings": self._timings(going_for),
            "push": {"pictures_sent": int((time.monotonic() - self._started) * RATE)},
            "play": [] if going_for is None else [self._play(going_for)],
            "rss_mb": 50.0,
            "cpu_s": time.process_time(),
        }

    @property
    def pictures_shown(self) -> int:
        """How many the call under way has shown so far."""
        return int((self._going_for() or 0.0) * RATE)

    async def inspect(self) -> Inspection:
        return ()

    def calls(self) -> list[dict[str, Any]]:
        return []

    async def subscribe(self) -> AsyncGenerator[dict[str, Any], None]:
        yield {}

    async def save_screenshot(self, path: str) -> None:
        await asyncio.to_thread(Path(path).write_bytes, b"PNG")

    async def send_text(self, text: str) -> None:
        pass

    async def send_reply(self, number: int) -> None:
        pass

    async def stand_down(self, seconds: float) -> None:
        pass

    async def ask_still(self) -> bytes:
        return b""

    def _going_for(self) -> float | None:
        if self._called is None:
            return None
        seconds = time.monotonic() - self._called
        return None if self._behaviour == "ends" and seconds > 1 else seconds

    def _timings(self, going_for: float | None) -> dict[str, int | None]:
        shown = going_for is not None and self._behaviour != "no picture"
        return {
            "call_pressed_us": None if going_for is None else 1_000_000,
            "first_picture_us": 1_250_000 if shown else None,
        }

    def _play(self, going_for: float) -> dict[str, Any]:
        shown = int(going_for * RATE)
        latency = {"n": shown, "p50": 90.0, "p95": 110.0, "p99": 120.0, "max": 130.0}
        return {
            "user_id": "agent",
            "pictures_shown": shown,
            "pictures_dropped": 0,
            "bytes_received": shown * 3000,
            "video_latency_ms": latency,
            "audio_latency_ms": latency,
            "av_offset_ms": {**latency, "p50": -5.0, "max": 30.0},
        }


async def run(config: dict[str, Any], behaviour: str) -> None:
    """Serve a control socket until SIGTERM."""
    role = config["call"]["role"]
    party = FakeParty(behaviour if role == "kiosk" else "well", role)
    server = ControlServer(config["control"]["socket"], party)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, server.close)
    async with asyncio.TaskGroup() as group:
        if config["display"]["device"] == "simulator":
            os.write(1, b'{"simulator": "http://127.0.0.1:1/token/"}\n')
            if behaviour in {"visited", "looked at"}:
                group.create_task(visit(party, behaviour))
        await server.serve()


async def visit(party: FakeParty, behaviour: str) -> None:
    """Call and hang up, or wait for a call; then press Ctrl-C."""
    if behaviour == "visited":
        for button in ("call", "hangup"):
            await asyncio.sleep(1.5)
            party.press(button)
    while behaviour == "looked at" and party.pictures_shown < RATE:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    os.kill(os.getppid(), signal.SIGTERM)


def main(behaviour: str) -> None:
    """Do what the arguments say."""
    if sys.argv[1] == "run":
        config = tomllib.loads(Path(sys.argv[3]).read_text())
        asyncio.run(run(config, behaviour))
    elif behaviour == "no port":
        sys.exit("no port is free")
    else:
        addresses = (
            b'{"http": "http://127.0.0.1:1", "rtmp": "rtmp://127.0.0.1:2", '
            b'"desk": "http://127.0.0.1:3"}'
        )
        os.write(1, (b"hello" if behaviour == "babble" else addresses) + b"\n")
        signal.pause()
