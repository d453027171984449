"""
RTMP as a proxy passes it: what a relay sends to players, message by message, changed.

One tap serves all connections of a proxy (:meth:`tests.fakes.proxy.Proxy.follow`).  What
clients send passes untouched; what a relay sends is taken apart and put together again
from the beginning of a connection, so that a change may come at any moment.  When it is
over, pictures go on with the next IDR and its parameters, as a sender that is back does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from typing_extensions import override

from kiosk.errors import WireError
from kiosk.rtmp import flv
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import ChunkReader, ChunkWriter, Message
from tests.fakes.proxy import Passing, Way


Alter = Callable[[Message], Iterable[Message | bytes]]
"""What is passed on in the place of a message: others, or bytes as they are."""

_HANDSHAKE = 1 + 2 * 1536
_CHUNK_BYTES = 4096
_CHUNK_STREAMS = {m.AUDIO: 4, m.METADATA: 5, m.VIDEO: 6}
_CONTROL = 2
_COMMANDS = 3
_LAST_CONTROL = 6


class RtmpTap:
    """
    What is done to the messages of a relay; told by any thread.

    Attributes:
        altered: How many messages were looked at to be changed.

    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._alter: Alter | None = None
        self._stream = ""
        self.altered = 0

    def alter(self, alter: Alter | None, stream: str = "") -> None:
        """
        Have messages changed from now on.

        Args:
            alter: Is asked about each of them.
            stream: Only on connections that play this one.

        """
        with self._turn:
            self._alter, self._stream = alter, stream
            self.altered = 0

    def connection(self) -> Passing:
        """Return what follows one connection."""
        return _Connection(self)

    def passed(
        self, message: Message, played: str
    ) -> tuple[Message | bytes, ...] | None:
        """Return what is passed on to who plays a stream; None: what was sent."""
        with self._turn:
            if self._alter is None or not played or self._stream not in ("", played):
                return None
            self.altered += 1
            return tuple(self._alter(message))


class _Connection(Passing):
    def __init__(self, tap: RtmpTap) -> None:
        self._tap = tap
        self._shaking = dict.fromkeys(Way, _HANDSHAKE)
        self._asked: ChunkReader | None = ChunkReader()
        self._played = ""
        self._reader: ChunkReader | None = ChunkReader()
        self._writer = ChunkWriter()
        self._is_begun = False
        self._config: tuple[Message, ...] = ()
        self._resumes = False

    @override
    def pass_on(self, way: Way, received: bytes) -> bytes:
        shaking = received[: self._shaking[way]]
        self._shaking[way] -= len(shaking)
        said = received[len(shaking) :]
        if way is Way.THERE:
            self._listen(said)
            return received
        return shaking + (self._told(said) if said else b"")

    def _listen(self, said: bytes) -> None:
        """Find out what is played here; what comes after that is no matter."""
        if self._asked is None:
            return
        try:
            for message in self._asked.feed(said):
                if message.type_id == m.COMMAND:
                    self._understand(m.parse_command(message))
        except WireError:
            self._asked = None

    def _understand(self, command: m.Command) -> None:
        if command.name in ("play", "publish"):
            self._asked = None
        if command.name == "play":
            self._played = command.text(1).partition("?")[0]

    def _told(self, said: bytes) -> bytes:
        if self._reader is None:
            return said
        passed = b""
        if not self._is_begun:
            self._is_begun = True
            passed = self._writer.set_chunk_bytes(_CHUNK_BYTES)
        for message in self._reader.feed(said):
            for part in self._passed(message):
                passed += part if isinstance(part, bytes) else self._written(part)
        return passed

    def _passed(self, message: Message) -> Iterable[Message | bytes]:
        is_video = message.type_id == m.VIDEO
        if is_video and flv.is_video_config(message.payload):
            self._config = (message,)
        changed = self._tap.passed(message, self._played)
        if changed is not None:
            self._resumes = True
            return changed
        if not is_video or not self._resumes:
            return (message,)
        if not flv.is_video_key(message.payload):
            return ()
        self._resumes = False
        return (*self._config, message)

    def _written(self, message: Message) -> bytes:
        usual = _CONTROL if message.type_id <= _LAST_CONTROL else _COMMANDS
        stream = _CHUNK_STREAMS.get(message.type_id, usual)
        return self._writer.write(message, stream)
