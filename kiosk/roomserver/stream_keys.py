"""
The keys of streams in their two forms, and the URLs that carry them.

Tickets (:mod:`kiosk.room.stream_ticket`) are for who says that he understands them:
good for a minute, one user, one room, and once for pushing.  The originals' form
(:mod:`kiosk.room.stream_url`) is for the others, who keep one URL and come back with
it.  Where streams are is the backend's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from kiosk.room.codes import Dialect
from kiosk.room.stream_ticket import CONNECT_S, Purpose, Signer, new_jti, tag_of
from kiosk.room.stream_url import StreamKey, signed_query
from kiosk.roomserver.asking import Caller, ServerClock
from kiosk.roomserver.backend import StreamBackend
from kiosk.roomserver.grants import Grant
from kiosk.roomserver.key_ring import KeyRing
from kiosk.roomserver.key_terms import KeyStyle, KeyTerms
from kiosk.roomserver.store import Seat


class KeyForm(Enum):
    """The form of one URL."""

    TICKET = auto()
    TENCENT = auto()


@dataclass(frozen=True, slots=True)
class StreamKeys:
    """All keys of a server: two of the originals' form, and those of tickets."""

    terms: KeyTerms
    push: StreamKey
    play: StreamKey
    ring: KeyRing


class StreamUrls:
    """
    Signs the URLs of streams.

    Args:
        bizid: Stands in URLs of the originals' form.
        random_bytes: ``secrets.token_bytes``.

    """

    def __init__(
        self,
        keys: StreamKeys,
        backend: StreamBackend,
        clock: ServerClock,
        *,
        bizid: str,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._keys = keys
        self._backend = backend
        self._clock = clock
        self._bizid = bizid
        self._random_bytes = random_bytes

    def form_for(self, caller: Caller, *, understands: bool) -> KeyForm | None:
        """Return the form a caller is given; None: he is given no URL."""
        style = self._keys.terms.style
        logged_in = caller.dialect is Dialect.V2
        if style is KeyStyle.TICKETS:
            return KeyForm.TICKET if logged_in else None
        if style is KeyStyle.BOTH and understands and logged_in:
            return KeyForm.TICKET
        return KeyForm.TENCENT

    def push(self, grant: Grant, form: KeyForm) -> str:
        """Return the URL at which a grant's stream is published."""
        if form is KeyForm.TICKET:
            signer = self._signer(Purpose.PUSH, grant.meant_for, grant.user_id)
            query = signer.query(grant.stream, new_jti(self._random_bytes))
        else:
            end = int(self._clock.unix()) + self._keys.terms.valid_s
            query = signed_query(self._keys.push, grant.stream, end, self._bizid)
        return self._backend.push_url(grant.stream, query)

    def play(
        self, room: str, seats: Sequence[Seat], user_id: str, form: KeyForm
    ) -> list[str]:
        """
        Return the URLs at which a user plays the streams of a room's seats.

        In the originals' form they are the same at every look: their clients take
        another URL for another stream.  So the end of each is counted from when the seat
        was taken and moves on only by half a validity at a time.
        """
        if form is KeyForm.TENCENT:
            now = int(self._clock.unix())
            return [self._unbound(seat.stream, self._end(seat, now)) for seat in seats]
        sign = self._signer(Purpose.PLAY, room, user_id).query
        queries = [sign(seat.stream, new_jti(self._random_bytes)) for seat in seats]
        named = zip(seats, queries, strict=True)
        return [self._backend.play_url(seat.stream, query) for seat, query in named]

    def _end(self, seat: Seat, now: int) -> int:
        valid_s = self._keys.terms.valid_s
        age = max(0, now - seat.taken_at_unix)
        moved = age // (valid_s // 2) * (valid_s // 2)
        return seat.taken_at_unix + valid_s + moved

    def trial(self, grant: Grant) -> tuple[str, str]:
        """Return the push and the play URL of a stream of nobody's."""
        stream = grant.stream
        if self._keys.terms.style is KeyStyle.TICKETS:
            signer = self._signer(Purpose.PLAY, "", grant.user_id)
            query = signer.query(stream, new_jti(self._random_bytes))
            form, play_url = KeyForm.TICKET, self._backend.play_url(stream, query)
        else:
            form, play_url = KeyForm.TENCENT, self.of_no_room(stream)
        return self.push(grant, form), play_url

    def of_no_room(self, stream: str) -> str:
        """Return a play URL of the originals' form for a stream without a seat."""
        return self._unbound(stream, int(self._clock.unix()) + self._keys.terms.valid_s)

    def _unbound(self, stream: str, end: int) -> str:
        query = signed_query(self._keys.play, stream, end, self._bizid)
        return self._backend.play_url(stream, query)

    def _signer(self, purpose: Purpose, room: str, user_id: str) -> Signer:
        now = int(self._clock.unix())
        names = tag_of(room), tag_of(user_id)
        return self._keys.ring.signing.signer(purpose, *names, (now, now + CONNECT_S))
