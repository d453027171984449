"""
Sends the streams of rooms to an external recorder, for as long as they live.

A look at rooms and relay a few times a second decides which streams those are; a
task for each keeps its connection, with growing pauses while the recorder is
away.  Nobody in a call ever waits for any of it, and nothing is kept here.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from collections.abc import Mapping
from functools import partial
from typing import Final, Never, Protocol

from kiosk.errors import WireError
from kiosk.room.room_types import RoomType
from kiosk.room.targets import HuntGroup
from kiosk.roomserver.recorder_link import RecorderLink
from kiosk.roomserver.recorder_terms import (
    Recorded,
    RecorderLimits,
    RecorderSettings,
    TeeState,
    TeeStats,
)
from kiosk.roomserver.relay_stream import Listener
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.spaces import id_of, key_of
from kiosk.rtmp.client import PublishClient
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from kiosk.tls import trusting


log: Final = logging.getLogger(__name__)

_LOOK_S: Final = 0.25
_LIMITS: Final = RecorderLimits()


class RecorderRelay(Protocol):
    """What a recorder needs of a relay."""

    def is_live(self, name: str) -> bool:
        """Say whether somebody publishes a stream."""
        ...

    def listen(self, name: str, listener: Listener) -> None:
        """Hear a stream, from its configs on."""
        ...

    def unlisten(self, name: str, listener: Listener) -> None:
        """Hear it no more; safe to repeat."""
        ...

    def request_idr(self, name: str) -> None:
        """Ask a stream's publisher for an IDR."""
        ...


class Tee:
    """
    One stream on its way to the recorder.

    Args:
        stream: Its name.
        url: Where it goes.
        relay: Where it comes from.
        limits: Deadlines and sizes.
        tls: Whom to trust, for ``rtmps://``.

    """

    def __init__(
        self,
        stream: str,
        url: RtmpUrl,
        relay: RecorderRelay,
        limits: RecorderLimits,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._stream = stream
        self._url = url
        self._relay = relay
        self._limits = limits
        self._tls = tls
        self._link: RecorderLink | None = None
        self._is_waiting = False
        self._sent_bytes = 0
        self._dropped_units = 0
        self._failures = 0

    @property
    def stats(self) -> TeeStats:
        """How it goes."""
        link = self._link
        return TeeStats(
            self._state(),
            self._sent_bytes + (link.sent_bytes if link else 0),
            self._dropped_units + (link.dropped_units if link else 0),
            self._failures,
        )

    async def run(self) -> Never:
        """Keep the stream at the recorder until cancelled."""
        in_a_row = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            reason = await self._until_broken()
            self._failures += 1
            lived = loop.time() - began >= self._limits.proven_s
            in_a_row = 1 if lived else in_a_row + 1
            pause_s = self._pause_s(in_a_row)
            log.warning(
                "recorder lost",
                extra={
                    "stream": self._stream,
                    "recorder": self._url.redacted,
                    "reason": reason,
                    "again_s": round(pause_s, 1),
                },
            )
            self._is_waiting = True
            await asyncio.sleep(pause_s)
            self._is_waiting = False

    def _state(self) -> TeeState:
        if self._is_waiting:
            return TeeState.WAITING
        if self._link is None or not self._link.published.done():
            return TeeState.CONNECTING
        if self._link.is_acknowledged:
            return TeeState.RECORDING
        return TeeState.SILENT

    def _pause_s(self, in_a_row: int) -> float:
        limits = self._limits
        doubled = limits.first_pause_s * 2.0 ** min(in_a_row - 1, 10)
        # scattered: a recorder that comes back is not asked by all at once
        scatter = 0.5 + secrets.randbelow(1000) / 1000
        return min(doubled, limits.longest_pause_s) * scatter

    async def _until_broken(self) -> str:
        """Connect and publish; return why that is over."""
        try:
            async with asyncio.timeout(self._limits.start_s):
                link = await self._connected()
                await link.published
            log.info("recorder reached", extra={"stream": self._stream})
            self._relay.listen(self._stream, link)
            while not link.over.done():
                await asyncio.wait({link.over}, timeout=self._limits.look_s)
                link.look()
            return link.over.result()
        except TimeoutError:
            return f"no answer within {self._limits.start_s:g} s"
        except (OSError, WireError) as error:
            return str(error) or type(error).__name__
        except Exception as error:
            # Here a task ends: our own mistake must not cost anybody a call.
            log.exception("recording failed", extra={"stream": self._stream})
            return type(error).__name__
        finally:
            self._part()

    async def _connected(self) -> RecorderLink:
        client = PublishClient(self._url, secrets.token_bytes(RANDOM_BYTES))
        link = RecorderLink(client, self._limits, self._want_idr)
        self._link = link
        tls = self._tls if self._url.is_secure else None
        loop = asyncio.get_running_loop()
        await loop.create_connection(
            lambda: link, self._url.host, self._url.port, ssl=tls
        )
        return link

    def _part(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            self._relay.unlisten(self._stream, link)
            self._sent_bytes += link.sent_bytes
            self._dropped_units += link.dropped_units
            link.close()

    def _want_idr(self) -> None:
        self._relay.request_idr(self._stream)


class Recorder:
    """
    All streams that are recorded.

    Args:
        settings: Which, and where to.
        rooms: To be looked at.
        relay: Where the streams are.
        limits: Of one stream.

    Raises:
        OSError: If the file of authorities cannot be read.

    """

    def __init__(
        self,
        settings: RecorderSettings,
        rooms: Rooms,
        relay: RecorderRelay,
        limits: RecorderLimits = _LIMITS,
    ) -> None:
        self._settings = settings
        self._rooms = rooms
        self._relay = relay
        self._limits = limits
        self._wanted = HuntGroup(settings.rooms)
        self._tls = trusting(settings.ca_file)
        self._tees: dict[str, Tee] = {}
        self._tasks: dict[str, asyncio.Task[Never]] = {}

    def is_recorded(self, stream: str) -> bool:
        """Say whether the recorder confirms a stream at this moment."""
        tee = self._tees.get(stream)
        return tee is not None and tee.stats.state is TeeState.RECORDING

    def stats(self) -> Mapping[str, TeeStats]:
        """Return how each stream's recording goes."""
        return {name: tee.stats for name, tee in self._tees.items()}

    async def run(self) -> Never:
        """Record until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._look(group)
                await asyncio.sleep(_LOOK_S)

    def _look(self, group: asyncio.TaskGroup) -> None:
        wanted = self._to_be_recorded()
        for stream in self._tees.keys() - wanted.keys():
            del self._tees[stream]
            self._tasks.pop(stream).cancel()
        for stream in wanted.keys() - self._tees.keys():
            url = self._settings.url_of(wanted[stream])
            tee = Tee(stream, url, self._relay, self._limits, self._tls)
            self._tees[stream] = tee
            self._tasks[stream] = group.create_task(tee.run(), name="recorder")

    def _to_be_recorded(self) -> dict[str, Recorded]:
        return {
            seat.stream: Recorded(
                seat.stream, room_type.value, id_of(room.room_id), seat.user_id
            )
            for room_type in RoomType
            for room in self._rooms.listed(room_type)
            if self._wanted.wants(
                id_of(room.room_id), room.label, partial(self._is_an_id, room_type)
            )
            for seat in room.seats
            if self._relay.is_live(seat.stream)
        }

    def _is_an_id(self, room_type: RoomType, name: str) -> bool:
        return self._rooms.find(key_of(room_type, name)) is not None
