"""A user who publishes, gives the seat up in one way or another, and waits to be cut."""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from kiosk.room import messages as msg
from kiosk.rtmp.client import PublishClient
from kiosk.rtmp.events import Publishing, Refused
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.chaos.asking import Address, Asker, Lost
from tests.chaos.history import History, Op, Outcome
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    VIDEO_CONFIG,
    SocketClient,
    dialled,
    publishing,
)


WAYS = ("left", "destroyed", "silent")
_PATIENCE_S = 3.0
_CUT_PATIENCE_S = 30.0
"""So much later than promised a stream may be cut, and its lateness is still known."""
_PICTURE_S = 0.5


class Streamer:
    """Opens a room of its own, over and over; straight, no proxy between."""

    def __init__(self, ways: Sequence[Address], history: History, *, seed: int) -> None:
        self._dice = random.Random(f"{seed} streamer")
        self._asker = Asker("streamer", ways, 98)
        self._history = history

    async def run(self, over: asyncio.Event) -> None:
        """Publish until it is over."""
        while not over.is_set():
            with suppress(Lost, OSError, TimeoutError, AssertionError):
                if not self._asker.token:
                    await self._asker.log_in()
                await self._once(self._dice.choice(WAYS))
            await asyncio.sleep(0.2)
        self._asker.close()

    async def _once(self, way: str) -> None:
        told = await self._asker.ask(msg.GetPushUrl("streamer"))
        url = str(told.wire.get("pushURL", ""))
        if not url:
            return
        began = time.monotonic()
        wanted = msg.CreateRoom("streamer", "Stream", "", "streamer", "1", url)
        room_id = str((await self._asker.ask(wanted)).wire["roomID"])
        async with publishing(url) as stream:
            stream.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
            await self._give_up(way, room_id)
            given_up = time.monotonic()
            ended = await self._end_of(stream, way)
        after = None if ended is None else round(ended - given_up, 3)
        told_of = {
            "way": way,
            "given_up": given_up,
            "cut_s": after,
            "since_asked_s": None if ended is None else round(ended - began, 3),
            "refused": await _said_of(url),
        }
        room, now = f"double_room/{room_id}", time.monotonic()
        self._history.ops.append(
            Op(
                "streamer",
                "stream",
                room,
                "streamer",
                began,
                now,
                Outcome.OK,
                0,
                told_of,
            )
        )

    async def _give_up(self, way: str, room_id: str) -> None:
        """
        Give the seat up, or fall silent.

        Raises:
            Lost: The server did not take it back: the stream may go on.

        """
        asked: Mapping[str, msg.Request[Any]] = {
            "left": msg.DeletePusher(room_id, "streamer"),
            "destroyed": msg.DestroyRoom(room_id, "streamer"),
        }
        if way in asked and (await self._asker.ask(asked[way])).code != 0:
            raise Lost("the seat was not taken back")

    async def _end_of(self, stream: SocketClient, way: str) -> float | None:
        terms = self._history.terms
        most = _CUT_PATIENCE_S + (terms.ghost_s if way == "silent" else terms.slack_s)
        try:
            async with asyncio.timeout(most), asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(_send_on(stream))
                await stream.wait_for_end(most)
                ended = time.monotonic()
                sending.cancel()
        except TimeoutError:
            return None
        return ended


async def _send_on(stream: SocketClient) -> None:
    """Send pictures: a publisher that has none is let go for that."""
    for number in itertools.count(1):
        await asyncio.sleep(_PICTURE_S)
        stream.send(int(1000 * _PICTURE_S) * number, IDR)


async def _said_of(url: str) -> bool | None:
    """Say whether the relay refuses a push URL; None: it says nothing."""
    try:
        return await _is_refused(url)
    except (OSError, TimeoutError, AssertionError):
        return None


async def _is_refused(url: str) -> bool:
    """Say whether the relay refuses a push URL."""
    parsed = RtmpUrl.parse(url)
    client = PublishClient(parsed, secrets.token_bytes(RANDOM_BYTES))
    async with dialled(client, parsed) as wired:
        await wired.wait_until(
            lambda: wired.count(Refused) + wired.count(Publishing) > 0, _PATIENCE_S
        )
        return wired.count(Publishing) == 0
