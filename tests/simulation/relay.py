"""
A media relay without media: who may push and play, and whether anything flows.

The gate that judges is the room server's own.  A path (see
:mod:`tests.simulation.path`) lies between a party and the relay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kiosk.errors import StreamEnded, StreamRefused, StreamStalled
from kiosk.roomserver.gate import StreamGate
from kiosk.roomserver.relay_terms import Permit, Refusal
from tests.simulation.path import Path


CONNECT_S = 3.0
HANDSHAKE_S = 0.08
SILENT_S = 15.0
"""So long after a publisher's last sign the relay gives him up."""


def _ignored() -> None:
    """Tell nobody."""


@dataclass
class Publication:
    """A stream on its way in: who pushes, over which path, with which right."""

    name: str
    path: Path
    permit: Permit
    on_lost: Callable[[str], None]
    is_frozen: bool = False
    given_up: asyncio.TimerHandle | None = None

    @property
    def flows(self) -> bool:
        return self.path.is_open and not self.is_frozen


@dataclass
class Subscription:
    """A stream on its way out; whoever plays it looks whether it flows."""

    name: str
    path: Path
    permit: Permit
    on_change: Callable[[], None]
    is_over: bool = False


@dataclass
class PaperRelay:
    """
    Implements :class:`kiosk.roomserver.backend_relay.RelayControl`.

    Attributes:
        gate: The room server's; None while that is away, and the relay with it.
        deaf: Takes connections and answers none.
        lax: Ends no stream because a room says so, as others' media servers.

    """

    gate: StreamGate | None = None
    deaf: bool = False
    lax: bool = False
    publications: dict[str, Publication] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)

    # -- for the room server -------------------------------------------------------

    def cut(self, name: str) -> None:
        if self.lax:
            return
        publication = self.publications.get(name)
        if publication is not None:
            self.end(publication, "the relay ended the stream")
        for subscription in [s for s in self.subscriptions if s.name == name]:
            self._drop(subscription)

    def review(self) -> None:
        if self.lax:
            return
        for publication in list(self.publications.values()):
            if why := publication.permit():
                self.end(publication, why)
        for subscription in list(self.subscriptions):
            if subscription.permit():
                self._drop(subscription)

    def is_live(self, name: str) -> bool:
        return name in self.publications

    def request_idr(self, name: str) -> None:
        """Every picture here stands alone."""

    # -- for the parties -----------------------------------------------------------

    async def publish(
        self, url: str, path: Path, on_lost: Callable[[str], None]
    ) -> Publication:
        """Begin to push; raises MediaError, and after CONNECT_S at the latest."""
        gate = await self._reached(path)
        name, query = parts_of(url)
        permit = gate.authorize_publish("live", name, query)
        if isinstance(permit, Refusal):
            raise StreamRefused(f"push: {permit.reason}")
        if name in self.publications:
            self.end(self.publications[name], "another publisher took its place")
        publication = Publication(name, path, permit, on_lost)
        self.publications[name] = publication
        gate.on_stream_started(name)
        self.changed()
        return publication

    async def subscribe(
        self, url: str, path: Path, on_change: Callable[[], None]
    ) -> Subscription:
        """Begin to play; raises MediaError."""
        gate = await self._reached(path)
        name, query = parts_of(url)
        permit = gate.authorize_play("live", name, query)
        if isinstance(permit, Refusal):
            raise StreamRefused(f"play: {permit.reason}")
        subscription = Subscription(name, path, permit, on_change)
        self.subscriptions.append(subscription)
        return subscription

    def flows(self, subscription: Subscription) -> bool:
        """Say whether anything arrives at a subscriber now."""
        publication = self.publications.get(subscription.name)
        arrives = publication is not None and publication.flows
        return arrives and subscription.path.is_open and not subscription.is_over

    def unpublish(self, publication: Publication) -> None:
        """Let the publisher go; he closed it himself."""
        publication.on_lost = lambda _: None
        self.end(publication, "")

    def unsubscribe(self, subscription: Subscription) -> None:
        subscription.on_change = _ignored
        self._drop(subscription)

    def end(self, publication: Publication, why: str) -> None:
        """End a stream for its publisher and in the rooms."""
        if self.publications.get(publication.name) is not publication:
            return
        del self.publications[publication.name]
        if publication.given_up is not None:
            publication.given_up.cancel()
        if self.gate is not None:
            self.gate.on_stream_ended(publication.name)
        publication.on_lost(why)
        self.changed()

    def end_all(self, why: str) -> None:
        """Cut every connection there is."""
        for publication in list(self.publications.values()):
            self.end(publication, why)
        for subscription in list(self.subscriptions):
            self._drop(subscription)

    def end_plays(self, path: Path) -> None:
        """Cut what is played over a path."""
        for subscription in [s for s in self.subscriptions if s.path is path]:
            self._drop(subscription)

    def changed(self) -> None:
        """Have every subscriber look, and begin to give up whoever is silent."""
        for publication in list(self.publications.values()):
            self._watch(publication)
        for subscription in list(self.subscriptions):
            subscription.on_change()

    # -- inside ----------------------------------------------------------------------

    async def _reached(self, path: Path) -> StreamGate:
        await asyncio.sleep(HANDSHAKE_S)
        if not path.is_open or self.deaf:
            await asyncio.sleep(CONNECT_S)
            raise StreamStalled("the relay does not answer")
        if self.gate is None:
            raise StreamEnded("connection refused")
        return self.gate

    def _watch(self, publication: Publication) -> None:
        is_heard = publication.path.is_open
        if is_heard and publication.given_up is not None:
            publication.given_up.cancel()
            publication.given_up = None
        elif not is_heard and publication.given_up is None:
            publication.given_up = asyncio.get_running_loop().call_later(
                SILENT_S, self.end, publication, "the relay heard nothing"
            )

    def _drop(self, subscription: Subscription) -> None:
        if subscription in self.subscriptions:
            self.subscriptions.remove(subscription)
            subscription.is_over = True
            subscription.on_change()


def parts_of(url: str) -> tuple[str, str]:
    """Return a stream's name and the query with its key."""
    parts = urlsplit(url)
    return parts.path.rsplit("/", 1)[-1], parts.query
