"""
The player of a call: peers' streams, mixed to the speaker, shown on layers.

Lives on the event loop and owns the threads: one receiver a stream, and one
playout and one renderer for all of them, started with the first stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kiosk.media.facts import FactPost
from kiosk.media.incoming import IncomingStream, PlayCounters
from kiosk.media.jitter import DelayBounds
from kiosk.media.playout import Playout
from kiosk.media.receiver import Receiver
from kiosk.media.render import Renderer
from kiosk.media.worker import Worker, WorkerRegistry
from kiosk.ports import Layer, Peer, PlayStats
from kiosk.room.stream_ticket import place_of
from kiosk.rtmp.url import RtmpUrl


_COUNTED_MOST = 32  # peers of a call that stay known after they left


@dataclass(slots=True)
class _Playing:
    peer: Peer
    stream: IncomingStream
    receiver: Receiver
    worker: Worker


class StreamPlayer:
    """
    Implements :class:`kiosk.ports.Player`.

    Args:
        playout: Mixes and plays; its thread is this player's.
        renderer: Shows pictures; likewise.
        make_receiver: Returns the receiver for a URL and a stream.
        bounds: Where the playout delay may move.
        post: Told what happens; closed with the player.
        registry: Where running threads are entered.

    """

    def __init__(
        self,
        playout: Playout,
        renderer: Renderer,
        make_receiver: Callable[[RtmpUrl, IncomingStream], Receiver],
        *,
        bounds: DelayBounds,
        post: FactPost,
        registry: WorkerRegistry,
    ) -> None:
        self._playout = playout
        self._renderer = renderer
        self._make_receiver = make_receiver
        self._bounds = bounds
        self._post = post
        self._registry = registry
        self._playing: dict[str, _Playing] = {}
        self._counters: dict[str, PlayCounters] = {}
        self._shared: tuple[Worker, ...] = ()
        self._is_closed = False

    async def play(self, peer: Peer, layer: Layer = Layer.BASE) -> None:
        """
        Begin to receive and present a peer; a known one under its new URL.

        Raises:
            WireError: The play URL is none.

        """
        url = RtmpUrl.parse(peer.play_url)
        old = self._playing.get(peer.user_id)
        if self._is_closed:
            return
        if old is not None and _is_same(old, peer, layer):
            if peer.play_url != old.peer.play_url:
                old.peer = peer
                old.receiver.renew(url)
            return
        self._start_shared()
        counters = self._counters_of(peer.user_id)
        stream = IncomingStream(
            peer.user_id,
            layer,
            counters,
            bounds=self._bounds,
            on_picture=self._renderer.wake,
        )
        receiver = self._make_receiver(url, stream)
        worker = Worker(
            "receiver", receiver.run, registry=self._registry, wake=receiver.wake
        )
        self._playing[peer.user_id] = _Playing(peer, stream, receiver, worker)
        shown_at = None
        if old is not None:
            # the old picture stays until the new one comes, a second at most
            stays = old.stream.layer is layer
            shown_at = self._renderer.remove(old.stream, hide=not stays)
            self._playout.remove(old.stream)
        self._renderer.add(stream, shown_at, follows=old is not None)
        self._playout.add(stream)
        worker.start()
        if old is not None:
            await old.worker.stop()

    async def stop(self, user_id: str) -> None:
        """Stop one stream and hide its layer; unknown users are ignored."""
        playing = self._playing.pop(user_id, None)
        if playing is None:
            return
        self._renderer.remove(playing.stream, hide=True)
        playing.stream.counters.shown_at = None  # its absence is no freeze
        self._playout.remove(playing.stream)
        await playing.worker.stop()

    def set_volume(self, decibels: float) -> None:
        """Play everything louder or softer from the next period on."""
        self._playout.set_volume(decibels)

    def announce(self, pcm: bytes) -> None:
        """Play samples where no voice is due; a voice ends them, and none do."""
        self._playout.announce(pcm)

    @property
    def stats(self) -> Sequence[PlayStats]:
        """Snapshots, one a stream."""
        underruns = self._playout.underruns
        return tuple(
            replace(playing.stream.stats(), speaker_underruns=underruns)
            for playing in self._playing.values()
        )

    async def close(self) -> None:
        """Stop all streams and close the speaker."""
        self._is_closed = True
        self._post.close()
        for user_id in tuple(self._playing):
            await self.stop(user_id)
        shared, self._shared = self._shared, ()
        for worker in shared:
            await worker.stop()

    def _counters_of(self, user_id: str) -> PlayCounters:
        """Return a peer's counters, the same ones when it comes back."""
        counters = self._counters.setdefault(user_id, PlayCounters())
        if len(self._counters) > _COUNTED_MOST:
            gone = (user for user in self._counters if user not in self._playing)
            del self._counters[next(gone)]
        return counters

    def _start_shared(self) -> None:
        if self._shared:
            return
        registry = self._registry
        self._shared = (
            Worker("playout", self._playout.run, registry=registry),
            Worker(
                "render",
                self._renderer.run,
                registry=registry,
                wake=self._renderer.wake,
            ),
        )
        for worker in self._shared:
            worker.start()


def _is_same(old: _Playing, peer: Peer, layer: Layer) -> bool:
    same_place = place_of(old.peer.play_url) == place_of(peer.play_url)
    return same_place and old.stream.layer is layer
