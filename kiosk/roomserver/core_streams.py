"""
The streams' side of the core, put together: their keys, grants, URLs and gate.

Where streams are is known last: :attr:`CoreStreams.backend` is set when there is one.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.room.stream_url import StreamHost, StreamKey, new_stream_name
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.backend import StreamBackend
from kiosk.roomserver.backend_relay import RelayBackend, RelayControl
from kiosk.roomserver.gate import StreamGate
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.key_ring import KeyRing
from kiosk.roomserver.recorder import Recorder
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import Ledger
from kiosk.roomserver.strays import Strays
from kiosk.roomserver.stream_keys import StreamKeys, StreamUrls
from kiosk.roomserver.stream_rights import StreamRights


class CoreStreams:
    """
    Tables and rules of streams.

    Args:
        random_bytes: ``secrets.token_bytes``.
        kept_key: Returns the key of a name, the same in every life.

    """

    def __init__(
        self,
        settings: ServerSettings,
        clock: ServerClock,
        ledger: Ledger,
        *,
        random_bytes: Callable[[int], bytes],
        kept_key: Callable[[str], bytes],
    ) -> None:
        terms = settings.key_terms
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._random_bytes = random_bytes
        self.backend: StreamBackend | None = None
        self.grants = PushGrants(self._new_name, ledger)
        self.strays = Strays(ledger)
        self.keys = StreamKeys(
            terms,
            push=StreamKey(settings.push_key or kept_key("push")),
            play=StreamKey(settings.play_key or kept_key("play")),
            ring=KeyRing(random_bytes, clock, ledger, rotate_s=terms.rotate_s),
        )

    def rights(self, rooms: Rooms) -> StreamRights:
        """Return who may play the streams of these rooms."""
        return StreamRights(rooms, self.grants, self._clock)

    def gate(self, rooms: Rooms, rights: StreamRights) -> StreamGate:
        """Return what a media server asks."""
        return StreamGate(
            grants=self.grants,
            rooms=rooms,
            keys=self.keys,
            rights=rights,
            clock=self._clock,
            strays=self.strays,
            turns=self._ledger,
        )

    def urls(self, backend: StreamBackend) -> StreamUrls:
        """Return who makes the URLs of streams at a backend."""
        return StreamUrls(
            self.keys,
            backend,
            self._clock,
            bizid=self._settings.bizid,
            random_bytes=self._random_bytes,
        )

    def relay_backend(
        self, relay: RelayControl, rtmp_port: int, recorder: Recorder | None = None
    ) -> RelayBackend:
        """Return a backend that names our relay as clients reach it."""
        address = self._settings.url_address(rtmp_port)
        if self._settings.store_url:
            self.grants.here = address  # other processes have relays of their own
        host = StreamHost(address, self._settings.stream_scheme)
        node_of = self.grants.node_of
        if recorder is None:
            return RelayBackend(relay, host, node_of)
        return RelayBackend(relay, host, node_of, recorder.is_recorded)

    @property
    def sweeps(self) -> tuple[Callable[[], None], ...]:
        """What is to be run now and then, each for itself."""
        return (
            lambda: self.grants.sweep(self._clock.monotonic()),
            lambda: self.strays.sweep(self._clock.unix()),
            self.keys.ring.sweep,
            self.review,
        )

    def cut(self, stream: str) -> None:
        """End a stream, and whatever its publisher may play no more."""
        if self.backend is not None:
            self.backend.cut(stream)
            self.backend.review()

    def review(self) -> None:
        """End the connections whose right is over."""
        if self.backend is not None:
            self.backend.review()

    def _new_name(self) -> str:
        return new_stream_name(self._settings.bizid, self._random_bytes)
