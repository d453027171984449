"""
The media of one page: its WebSocket, both ways, for as long as a call lasts.

Puts the parts together and takes them apart again: the writer, the stream that is
shown, the stream that is published, and the reader here.  Whichever ends first ends
all, and nothing of a page that vanished is left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from starlette.websockets import WebSocketDisconnect

from kiosk.agentdesk import framing
from kiosk.agentdesk.codec_threads import CodecThreads
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.media_ports import MediaCall
from kiosk.agentdesk.media_words import (
    Ack,
    Hello,
    Hidden,
    IdrWanted,
    Ping,
    parse_words,
)
from kiosk.agentdesk.page_outlet import OutletLimits, PageOutlet, PageSocket
from kiosk.agentdesk.publishing import Publishing, PublishingLimits
from kiosk.agentdesk.relay_link import RelayDoor
from kiosk.agentdesk.showing import Showing, ShowingLimits
from kiosk.errors import MediaError, RoomError, StreamEnded, StreamStalled


log: Final = logging.getLogger(__name__)

CALL_OVER: Final = 4001
"""Of the WebSocket: there is no such call any more; the reason says why."""

_NONSENSE: Final = 1008
_GONE: Final = 1001
_REASON_BYTES: Final = 120  # RFC 6455 5.5: a close frame has 123
_CLOSE_S: Final = 1.0


class MediaSocket(PageSocket, Protocol):
    """A WebSocket that was accepted; ``starlette.websockets.WebSocket`` is one."""

    async def receive(self) -> Mapping[str, Any]:
        """Return the next ASGI message: ``websocket.receive`` or ``.disconnect``."""
        ...

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """End the connection."""
        ...


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """
    The limits of all parts.

    Attributes:
        silent_s: A page that says nothing for so long is gone; ours pings each second.

    """

    outlet: OutletLimits = field(default_factory=OutletLimits)
    showing: ShowingLimits = field(default_factory=ShowingLimits)
    publishing: PublishingLimits = field(default_factory=PublishingLimits)
    silent_s: float = 15.0


class MediaSockets:
    """
    Carries the media of all pages.

    Args:
        door: How to reach relays.
        threads: Open while pages are carried.
        counts: Where everything is counted.

    """

    def __init__(
        self,
        door: RelayDoor,
        threads: CodecThreads,
        counts: DeskCounts,
        limits: MediaLimits | None = None,
    ) -> None:
        self._door = door
        self._threads = threads
        self._counts = counts
        self._limits = limits or MediaLimits()

    async def carry(self, socket: MediaSocket, call: MediaCall) -> None:
        """
        Carry one page's media until it goes, the call is over, or cancelled.

        The socket is closed afterwards, whatever happened.
        """
        self._counts.pages += 1
        code, reason = 1000, ""
        try:
            async with asyncio.TaskGroup() as tasks:
                page = self._page(socket, call)
                tasks.create_task(page.outlet.run(), name="desk page writer")
                tasks.create_task(page.showing.run(page.outlet), name="desk showing")
                tasks.create_task(page.publishing.run(page.outlet), name="desk push")
                await page.listen()
        except* RoomError as ended:
            code, reason = CALL_OVER, str(_first(ended))
        except* (StreamEnded, StreamStalled, WebSocketDisconnect) as ended:
            code, reason = _GONE, str(_first(ended))
        except* MediaError as ended:
            self._counts.odd_messages += 1
            code, reason = _NONSENSE, str(_first(ended))
        finally:
            self._counts.pages -= 1
            facts = {"call": call.call_id, "reason": reason or "closed"}
            log.info("desk page left", extra=facts)
            await _close(socket, code, reason)

    def _page(self, socket: MediaSocket, call: MediaCall) -> _Page:
        counts, limits = self._counts, self._limits
        clock = asyncio.get_running_loop().time

        def now_us() -> int:
            return round(clock() * 1_000_000)

        showing = Showing(call, self._door, counts, now_us, limits.showing)
        outlet = PageOutlet(socket, counts, showing.want_idr, now_us, limits.outlet)
        publishing = Publishing(
            call,
            self._door,
            self._threads,
            counts=counts,
            now_us=now_us,
            limits=limits.publishing,
        )
        return _Page(
            socket,
            now_us,
            limits,
            outlet=outlet,
            showing=showing,
            publishing=publishing,
        )


class _Page:
    """The reading half of a page's socket, and the parts it feeds."""

    def __init__(
        self,
        socket: MediaSocket,
        now_us: Callable[[], int],
        limits: MediaLimits,
        *,
        outlet: PageOutlet,
        showing: Showing,
        publishing: Publishing,
    ) -> None:
        self.outlet = outlet
        self.showing = showing
        self.publishing = publishing
        self._socket = socket
        self._now_us = now_us
        self._limits = limits

    async def listen(self) -> None:
        """
        Read until the page goes.

        Raises:
            StreamEnded: It went.
            StreamStalled: It says nothing any more.
            MediaError: It is no page of ours.

        """
        while True:
            try:
                async with asyncio.timeout(self._limits.silent_s):
                    message = await self._socket.receive()
            except TimeoutError:
                silent_s = self._limits.silent_s
                raise StreamStalled(f"silent for {silent_s:g} s") from None
            if message["type"] == "websocket.disconnect":
                raise StreamEnded("the page went")
            octets = message.get("bytes")
            if octets is not None:
                self._take_unit(octets)
            else:
                self._hear(message.get("text") or "")

    def _take_unit(self, octets: bytes) -> None:
        sequence, unit = framing.parse(octets)
        self.publishing.take(unit)
        self.outlet.acknowledge(sequence)

    def _hear(self, text: str) -> None:
        match parse_words(text):
            case Hello() as hello:
                self.publishing.hello(hello)
            case Ping(at_us):
                self.outlet.say("pong", at=at_us, now=self._now_us())
            case Ack(sequence):
                self.outlet.acked(sequence)
            case IdrWanted():
                self.showing.want_idr()
            case Hidden(hidden):
                self.outlet.set_hidden(hidden=hidden)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    if isinstance(first, BaseExceptionGroup):
        return _first(cast("BaseExceptionGroup[BaseException]", first))
    return first


async def _close(socket: MediaSocket, code: int, reason: str) -> None:
    """Close what may be closed already, without waiting for long."""
    short = reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore")
    # RuntimeError and WebSocketDisconnect: starlette's words for "it is closed"
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await socket.close(code, short)
