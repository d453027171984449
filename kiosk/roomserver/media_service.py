"""
The media side of a server while it runs: our relay, or the way to another one.

With a foreign media server nothing of ours listens for RTMP; its callbacks come
in over HTTP and orders go out behind the event loop.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Never
from urllib.parse import urlsplit

from starlette.routing import Route

from kiosk.roomserver.backend import StreamBackend
from kiosk.roomserver.backend_remote import LiveStreams, RemoteBackend
from kiosk.roomserver.core import ServerCore
from kiosk.roomserver.http_server import named
from kiosk.roomserver.media_control import MediaControl
from kiosk.roomserver.media_hooks import MediaHooks
from kiosk.roomserver.media_settings import MediaKind, url_of
from kiosk.roomserver.recorder import Recorder
from kiosk.roomserver.recorder_terms import TeeStats
from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import StreamStats
from kiosk.roomserver.settings import ServerSettings


_RTMP_PORT, _RTMPS_PORT = 1935, 443


def _no_tees() -> Mapping[str, TeeStats]:
    return {}


@dataclass(frozen=True, slots=True)
class MediaSide:
    """
    What the rest of a server needs of its media.

    Attributes:
        backend: Signs and cuts.
        address: Where clients' streams go, as far as this process knows.
        streams: The streams of this moment, for operators.
        routes: Callbacks to be served beside the rooms.
        tees: How the recording of streams goes.

    """

    backend: StreamBackend
    address: tuple[str, int]
    streams: Callable[[], Mapping[str, StreamStats]]
    routes: tuple[Route, ...] = ()
    tees: Callable[[], Mapping[str, TeeStats]] = _no_tees


@asynccontextmanager
async def media_side(
    settings: ServerSettings,
    core: ServerCore,
    tls: ssl.SSLContext | None,
    listener: socket.socket | None = None,
) -> AsyncGenerator[MediaSide]:
    """
    Serve, or reach, the media of a server while the context is open.

    Raises:
        OSError: If the relay's address cannot be had; the text names it.

    """
    if settings.media.kind is MediaKind.RELAY:
        side = _relay_side(settings, core, tls, listener)
    else:
        side = _remote_side(settings, core)
    async with side as there:
        yield there


@asynccontextmanager
async def _relay_side(
    settings: ServerSettings,
    core: ServerCore,
    tls: ssl.SSLContext | None,
    listener: socket.socket | None,
) -> AsyncGenerator[MediaSide]:
    relay = Relay(
        authorize_publish=core.gate.authorize_publish,
        authorize_play=core.gate.authorize_play,
        on_stream_started=core.gate.on_stream_started,
        on_stream_ended=core.gate.on_stream_ended,
        limits=settings.relay,
        turns=core.turns,
    )
    host, port = settings.rtmp_host, settings.rtmp_port
    async with AsyncExitStack() as stack:
        try:
            address = await stack.enter_async_context(
                relay.serve(host, port, ssl_context=tls, listener=listener)
            )
        except OSError as error:
            raise named(error, "rtmp", f"{host}:{port}") from error
        beside: list[asyncio.Task[Never]] = []
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        stack.callback(lambda: [task.cancel() for task in beside])
        recorder = None
        if settings.recorder.url:
            recorder = Recorder(settings.recorder, core.rooms, relay)
            beside.append(tasks.create_task(recorder.run(), name="recorder"))
        if settings.echo.enabled:
            agent = await core.turns.turn(lambda: core.echo_agent(relay))
            beside.append(tasks.create_task(agent.run(), name="echo"))
        yield MediaSide(
            core.streams.relay_backend(relay, address[1], recorder),
            address,
            relay.stats,
            tees=recorder.stats if recorder else _no_tees,
        )


@asynccontextmanager
async def _remote_side(
    settings: ServerSettings, core: ServerCore
) -> AsyncGenerator[MediaSide]:
    media = settings.media
    live = LiveStreams(core.gate.on_stream_started, core.gate.on_stream_ended)
    control = MediaControl(media.kind, media.control_url)
    backend = RemoteBackend(media, live, control.cut)
    routes: tuple[Route, ...] = ()
    if media.has_callbacks:
        hooks = MediaHooks(media.kind, media.hook_secret, core.gate, live, core.turns)
        routes = tuple(hooks.routes())
    parts = urlsplit(url_of(media.push_url, "x"))
    port = parts.port or (_RTMPS_PORT if parts.scheme == "rtmps" else _RTMP_PORT)
    address = (parts.hostname or "", port)
    async with asyncio.TaskGroup() as tasks:
        carrying = tasks.create_task(control.run(), name="media control")
        try:
            yield MediaSide(backend, address, lambda: _told(live), routes)
        finally:
            carrying.cancel()


def _told(live: LiveStreams) -> dict[str, StreamStats]:
    """Return what callbacks told of streams: no bytes."""
    return {
        name: StreamStats(
            is_live=True,
            subscribers=live.players(name),
            received_bytes=0,
            sent_bytes=0,
            dropped_units=0,
            silent_s=0.0,
        )
        for name in live.names()
    }
