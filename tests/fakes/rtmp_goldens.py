"""
RTMP conversations recorded from real software, in ``tests/wire/*.bin``.

``rtmp_<who>_<what>_to_server.bin`` and ``..._to_client.bin`` are the two halves
of one TCP connection:

* ``ffmpeg_publish``: ffmpeg 5.1 pushes 0.6 s of H.264 and AAC to our relay.
* ``ffmpeg_play``: ffmpeg 5.1 pulls a little from our relay.
* ``nginx_publish``, ``nginx_play``: our clients with nginx-rtmp 1.2.2.
* ``nginx_refuses``: our publisher, under a name that is taken.
"""

from __future__ import annotations

from pathlib import Path

from kiosk.rtmp.events import (
    AudioTag,
    ConnectRequested,
    Metadata,
    PlayRequested,
    PublishRequested,
    ServerEvent,
    VideoTag,
)
from kiosk.rtmp.server import ServerSession


WIRE = Path(__file__).parent.parent / "wire"


def to_server(name: str) -> bytes:
    return (WIRE / f"rtmp_{name}_to_server.bin").read_bytes()


def to_client(name: str) -> bytes:
    return (WIRE / f"rtmp_{name}_to_client.bin").read_bytes()


def served(session: ServerSession, received: bytes) -> list[ServerEvent]:
    """Feed a session that grants every request; return all events."""
    found: list[ServerEvent] = []
    events = session.feed(received)
    while events:
        found += events
        if isinstance(events[-1], ConnectRequested | PublishRequested | PlayRequested):
            session.accept()
        events = session.feed(b"")
    return found


def recorded_media(name: str) -> list[AudioTag | VideoTag]:
    """Return the tags a recorded publisher sent, without metadata."""
    events = served(ServerSession(bytes(1528)), to_server(name))
    return [
        event
        for event in events
        if isinstance(event, AudioTag | VideoTag) and not isinstance(event, Metadata)
    ]
