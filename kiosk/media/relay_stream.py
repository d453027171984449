"""
One stream at a relay: a link and the RTMP conversation over it.

Everything here runs on the thread that owns the stream, and every call has a
deadline.  What RTMP and the network have to say becomes one of four errors.
"""

from __future__ import annotations

import contextlib
from typing import Generic, TypeVar

from kiosk.errors import MediaError, StreamEnded, StreamRefused, WireError
from kiosk.media.flow import Reading
from kiosk.media.link import Link
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.dialogue import Phase
from kiosk.rtmp.events import ClientEvent, Refused


Client = TypeVar("Client", PublishClient, PlayClient)


class RelayStream(Generic[Client]):
    """
    A stream that is published or played.

    Attributes:
        client: The conversation; what it wants to send goes out by ``flush``.
        bytes_sent, bytes_received: On the wire, without TCP and TLS.

    """

    def __init__(self, link: Link, client: Client) -> None:
        self._link = link
        self.client: Client = client
        self.bytes_sent = 0
        self.bytes_received = 0

    def measure(self) -> Reading:
        """Return what the kernel knows of the connection, as :meth:`Link.measure`."""
        return self._link.measure()

    def start(self) -> list[ClientEvent]:
        """
        Dial and talk until media may flow.

        A player is content once its stream exists: some servers say that
        playing began only when there is something to play.

        Returns:
            What was said in the same breath; may hold media.

        Raises:
            StreamRefused: The relay said no.
            StreamStalled: Not within the start deadline.
            StreamEnded: It could not be reached, went away, or we cancelled.
            WireError: It does not speak RTMP.

        """
        self._link.dial()
        self.flush()
        events: list[ClientEvent] = []
        while not self._is_started():
            left = self._link.start_left_s
            if left <= 0:
                raise self._link.start_stalled(self.client.phase.value)
            events += self._exchange_at_start(left)
        return events

    def exchange(self, within_s: float) -> list[ClientEvent]:
        """
        Wait for bytes, answer what needs an answer, return what it meant.

        Raises:
            MediaError: As :meth:`start`.

        """
        received = self._link.receive(within_s)
        if not received:
            return []
        self.bytes_received += len(received)
        try:
            events = self.client.feed(received)
        except WireError as exc:
            raise WireError(f"{self._link.name}: {exc}") from None
        for event in events:
            if isinstance(event, Refused):
                raise self._refused(event)
        self.flush()
        return events

    def flush(self) -> None:
        """
        Send what the conversation wants to send.

        Raises:
            StreamStalled: The relay took nothing within the send deadline.
            StreamEnded: The connection is gone, or we cancelled.

        """
        outgoing = self.client.bytes_to_send()
        if outgoing:
            self.send(outgoing)

    def send(self, wire: bytes) -> None:
        """Send bytes that the conversation returned; raises as :meth:`flush`."""
        self._link.send(wire)
        self.bytes_sent += len(wire)

    def close(self) -> None:
        """Say goodbye if that needs no waiting, and release the link."""
        if self.client.phase is Phase.LIVE:
            self.client.close()
            self._link.cancel()  # from here on nothing waits
            with contextlib.suppress(MediaError):
                self.flush()
        self._link.close()

    def _is_started(self) -> bool:
        if isinstance(self.client, PublishClient):
            return self.client.phase is Phase.LIVE
        return self.client.phase in (Phase.START, Phase.LIVE)

    def _exchange_at_start(self, within_s: float) -> list[ClientEvent]:
        try:
            return self.exchange(within_s)
        except StreamEnded:
            # nginx-rtmp hangs up instead of saying why it refuses a key
            if self.client.phase is Phase.START and not self._link.is_cancelled:
                raise StreamRefused(
                    f"{self._link.name}: the relay hung up instead of an answer"
                ) from None
            raise

    def _refused(self, refusal: Refused) -> StreamRefused:
        words = f"{refusal.code} {refusal.description}".strip()
        secret = self._link.url.query
        if secret:
            words = words.replace(secret, "...")
        return StreamRefused(f"{self._link.name}: refused: {words}")
