"""
The receiver thread: one peer's stream from its relay, again and again.

A stream that is refused, stalls or ends is tried again with growing pauses
until the owner stops the thread; the owner is told once an outage.  A URL with a
ticket is good for a minute: before each further try the owner is asked for a fresh
one, and in want of it the old one is tried.  Nothing is decoded here: what arrives
is sorted into :class:`IncomingStream`.

Silence is either the sender's or the network's.  When nothing comes a sign of ours
is sent; one that does not arrive tells within a second that the network is away,
and after that only a new connection is as quick to notice that it is back.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kiosk.errors import MediaError, StreamStalled, WireError
from kiosk.media.incoming import IncomingStream
from kiosk.media.life_sign import LifeSign
from kiosk.media.link import Link, MakeLink
from kiosk.media.presence import OLD_US
from kiosk.media.relay_stream import RelayStream
from kiosk.media.retrying import Retrying
from kiosk.media.worker import Worker
from kiosk.ports import Clock, MediaFact, Micros, PlayLost, PlayUrlUsedUp
from kiosk.room.stream_ticket import is_ticket
from kiosk.rtmp import flv
from kiosk.rtmp.client import PlayClient
from kiosk.rtmp.events import AudioTag, ClientEvent, VideoTag
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl


log = logging.getLogger(__name__)

_READ_S = 0.1  # between looks at wishes for an IDR
_PAUSE_SLICE_S = 0.25
_IDR_APART_US = 500_000


@dataclass(frozen=True, slots=True)
class PlayDeadlines:
    """
    When a player gives a connection up and tries anew.

    Attributes:
        first_media_s: Nothing came since the connection began.
        media_s: Nothing more came, though the connection lives.
        quiet_s: Nothing came: a sign of ours is sent.
        sign_s: The sign did not arrive: the connection is dead.
        backlog_s: All that came was old: most of it waits on the way, and what a new
            connection brings is of now.
        first_pause_s, longest_pause_s: From one attempt to the next, doubling
            (:mod:`kiosk.media.retrying`).
        url_s: How long a fresh URL is waited for.

    """

    first_media_s: float = 15.0
    media_s: float = 4.0
    quiet_s: float = 0.4
    sign_s: float = 0.6
    backlog_s: float = 10.0
    first_pause_s: float = 0.3
    longest_pause_s: float = 3.0
    url_s: float = 3.0


class Receiver:
    """
    Receives one stream; ``run`` is the body of its thread.

    Args:
        scatter: Returns a number from 0 to 1; spreads the pauses of many.
        opus: Whether Opus can be heard; else the sender is told that AAC is needed.

    """

    def __init__(
        self,
        url: RtmpUrl,
        stream: IncomingStream,
        clock: Clock,
        post: Callable[[MediaFact], None],
        *,
        make_link: MakeLink,
        deadlines: PlayDeadlines,
        scatter: Callable[[], float] = random.random,
        opus: bool = True,
    ) -> None:
        self._url = url
        self._stream = stream
        self._clock = clock
        self._post = post
        self._opus = opus
        self._make_link = make_link
        self._deadlines = deadlines
        self._retrying = Retrying(
            deadlines.first_pause_s, deadlines.longest_pause_s, scatter
        )
        self._link: Link | None = None
        self._is_reported = False
        self._asked_at: Micros | None = None
        self._media_came = False
        self._is_odd_reported = False
        self._is_renewed = threading.Event()

    def renew(self, url: RtmpUrl) -> None:
        """Take a fresh URL of the same stream for the next connection; any thread."""
        self._url = url
        self._is_renewed.set()

    def wake(self) -> None:
        """End what the thread waits for; any thread."""
        self._is_renewed.set()  # no fresh URL will come, and it may be waited for
        link = self._link
        if link is not None:
            link.cancel()

    def run(self, worker: Worker) -> None:
        """Receive until told to stop."""
        while not worker.stopping.is_set():
            began, url = self._clock.now(), self._url
            self._media_came = False
            try:
                self._receive(worker, url)
            except MediaError as exc:
                self._report(worker, exc)
            ended = self._clock.now()
            if self._media_came:
                self._retrying.succeeded()
                began = ended
            self._await_next(worker, url, self._retrying.due(began, ended))

    def _await_next(self, worker: Worker, used: RtmpUrl, due: Micros) -> None:
        """Wait until another attempt is due, with another ticket if need be."""
        self._is_renewed.clear()
        # one that came while we played may be as old as that
        is_used_up = self._url is used or self._media_came
        needs_another = is_used_up and is_ticket(used.query)
        if needs_another and not worker.stopping.is_set():
            self._post(PlayUrlUsedUp(self._stream.user_id))
            until = Micros(self._clock.now() + round(self._deadlines.url_s * 1_000_000))
            self._pause(worker, until, self._is_renewed)
        self._pause(worker, due, worker.stopping)

    def _receive(self, worker: Worker, url: RtmpUrl) -> None:
        link = self._make_link(url, worker.beat)
        self._link = link
        client = PlayClient(url, secrets.token_bytes(RANDOM_BYTES), opus=self._opus)
        relay = RelayStream(link, client)
        try:
            if worker.stopping.is_set():
                return
            events = relay.start()
            self._stream.begin()
            self._deliver(worker, relay, events)
        finally:
            self._link = None
            relay.close()

    def _deliver(
        self, worker: Worker, relay: RelayStream[PlayClient], events: list[ClientEvent]
    ) -> None:
        quiet_since = timely_at = self._clock.now()
        sign = LifeSign(self._deadlines.quiet_s, self._deadlines.sign_s)
        while not worker.stopping.is_set():
            received = relay.bytes_received
            if self._take(events):
                quiet_since = self._clock.now()
                self._media_came = True
                self._is_reported = False
                sign.media_came()
            if self._stream.backlog_us <= OLD_US:
                timely_at = self._clock.now()
            self._ask_for_idr(relay)
            self._check_backlog(timely_at)
            self._check_silence(quiet_since)
            self._look_for_life(relay, sign, quiet_since)
            events = relay.exchange(_READ_S)
            self._stream.counters.bytes_received += relay.bytes_received - received

    def _take(self, events: Iterable[ClientEvent]) -> bool:
        """Sort events into the stream; returns whether there were media."""
        now = self._clock.now()
        has_media = False
        for event in events:
            try:
                if isinstance(event, AudioTag):
                    tag = flv.parse_audio(event.payload)
                    self._stream.put_audio(event.timestamp_ms, tag, now)
                elif isinstance(event, VideoTag):
                    picture = flv.parse_video(event.payload)
                    self._stream.put_video(event.timestamp_ms, picture, now)
                else:
                    continue
                has_media = True
            except WireError as exc:  # one bad tag: the next may be good
                self._report_odd(exc)
        return has_media

    def _ask_for_idr(self, relay: RelayStream[PlayClient]) -> None:
        now = self._clock.now()
        if self._asked_at is not None and now - self._asked_at < _IDR_APART_US:
            return
        if self._stream.take_idr_wanted():
            self._asked_at = now
            if relay.client.request_idr():
                relay.flush()

    def _check_silence(self, quiet_since: Micros) -> None:
        deadlines = self._deadlines
        limit_s = deadlines.media_s if self._media_came else deadlines.first_media_s
        if self._clock.now() - quiet_since > limit_s * 1_000_000:
            raise StreamStalled(
                f"{self._url.redacted}: nothing came for {limit_s:.1f} s"
            )

    def _check_backlog(self, timely_at: Micros) -> None:
        if self._clock.now() - timely_at > self._deadlines.backlog_s * 1_000_000:
            late_s = self._stream.backlog_us / 1_000_000
            raise StreamStalled(
                f"{self._url.redacted}: what comes is {late_s:.1f} s old"
            )

    def _look_for_life(
        self, relay: RelayStream[PlayClient], sign: LifeSign, quiet_since: Micros
    ) -> None:
        now = self._clock.now()
        if sign.is_due(quiet_since, now):
            relay.client.give_sign()
            relay.flush()
        elif sign.is_under_way and sign.is_lost(relay.measure(), now):
            raise StreamStalled(f"{self._url.redacted}: nothing comes and nothing goes")

    def _report(self, worker: Worker, exc: MediaError) -> None:
        if worker.stopping.is_set() or self._is_reported:
            return
        self._is_reported = True
        self._post(PlayLost(self._stream.user_id, str(exc)))

    def _report_odd(self, exc: WireError) -> None:
        if not self._is_odd_reported:
            self._is_odd_reported = True
            log.warning("stream carries a damaged tag: %s", exc)

    def _pause(self, worker: Worker, until: Micros, awaited: threading.Event) -> None:
        """Wait until a moment or an event; not when told to stop."""
        while not worker.stopping.is_set():
            worker.beat()
            left_s = (until - self._clock.now()) / 1_000_000
            if left_s <= 0 or awaited.wait(min(left_s, _PAUSE_SLICE_S)):
                return
