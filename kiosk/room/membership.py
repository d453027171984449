"""
Keeping a seat: heartbeats, news of the others, and coming back when put out.

Two scripts run side by side, :meth:`Membership.heartbeats` and
:meth:`Membership.news`; either may find that we are no longer a member.  News
comes by the additive long poll where the server has it and by looking at
``get_pushers`` where it has not; every failure is repaired by one more look.

Rules (protocol 7.1, 7.2, 10.3, 10.5; ``reliability.md`` R09 to R14):

1. Heartbeats begin within 3 s, never stop after a failure, stop with the seat.
2. Code 5 means: take the same seat again, at once, but once a minute at most; where
   the server lost its memory, each time it did.
3. A room that was closed is not opened again; one that its server forgot is, unless
   somebody who was with us has another one of its label by now: the call is there.
4. A server that forgot our stream as well is given another one, soon: its media server
   may be another process, in which nothing was lost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from kiosk.errors import (
    LoginRefused,
    NotAMember,
    RoomError,
    RoomFull,
    RoomNotFound,
    RoomRefused,
)
from kiosk.room.conversation import PATIENCE_S, REQUEST_S, Conversation
from kiosk.room.event_batch import sort_events
from kiosk.room.goodbye import absence_s
from kiosk.room.im_channel import ImChannel
from kiosk.room.im_messages import Said
from kiosk.room.lookout import Lookout
from kiosk.room.messages import (
    Events,
    GetPushUrl,
    Member,
    PusherHeartbeat,
    RouteUnknown,
    Seated,
    SendRoomTextMsg,
    WaitEvents,
)
from kiosk.room.returns import Homelessness, Returns
from kiosk.room.script import Script, SeatLost
from kiosk.room.seating import open_again, sit_down
from kiosk.room.still_transfer import fetch_still, send_still


FIRST_HEARTBEAT_S: Final = 2.5
LONGEST_PERIOD_S: Final = 7.0
SHORTEST_PERIOD_S: Final = 1.0
"""No server makes us beat faster."""
POLL_S: Final = 2.0
HOLD_S: Final = 20.0
"""How long a server may hold a long poll: a dead line is noticed so late."""
MISSING_S: Final = 1.0
"""Between two looks for who has not come back yet to a room that was forgotten."""
_UNSEEN_S = 0.5
"""Between two tries to publish again, at most: nobody sees us meanwhile."""
_BACK_S = 0.1
_QUICK_S = 0.5
_TURN_S = 0.05


@dataclass(frozen=True, slots=True)
class Joined:
    """What is known when the seat has just been taken."""

    room_id: str
    label: str
    push_url: str = field(repr=False)
    seated: Seated
    members: tuple[Member, ...]
    creator: str = ""


class Membership:
    """
    Our seat in one room, until it is lost or left.

    Attributes:
        room_id: Of the room.
        epoch: Of our seat; 0 while it is unknown, as it is of originals.
        lookout: What is known of the others.
        channel: The room's IM group, where a cloud carries it.
        has_events: Whether the server tells numbered events, as far as known.
        is_over: The seat is lost.

    """

    def __init__(
        self, talk: Conversation, joined: Joined, channel: ImChannel | None = None
    ) -> None:
        self.room_id = joined.room_id
        self.epoch = joined.seated.epoch
        self._talk = talk
        self._label, self._push_url = joined.label, joined.push_url
        self._seq = joined.seated.seq
        self._period_s = joined.seated.heartbeat_s
        known = joined.room_id, joined.members, joined.push_url, joined.creator
        self.lookout = Lookout(talk, *known)
        self.channel = channel
        self.has_events = True  # until the server does not know the route
        self.is_over = False
        self._entries = 1
        self._returns = Returns(talk)
        self._entering = False
        self._homelessness = Homelessness(talk)

    @property
    def members(self) -> tuple[Member, ...]:
        """The other members, as last seen."""
        return self.lookout.others.members

    def heartbeats(self, now: float) -> Script[None]:
        """Beat until the seat is lost; never raises :exc:`RoomError`."""
        self._talk.begin(now)
        yield from self._talk.pause(FIRST_HEARTBEAT_S)
        failures = 0
        while not self.is_over:
            began, entries = self._talk.now, self._entries
            try:
                yield from self._beat()
            except (LoginRefused, NotAMember, RoomNotFound) as error:
                yield from self._put_out(error, entries)
            except RoomError as error:
                failures += 1
                soon = self._talk.pauses.after(failures, error)
                yield from self._talk.pause(min(soon, LONGEST_PERIOD_S))
                continue
            failures = 0
            spread_s = self._talk.pauses.spread(_borne(self._period_s))
            yield from self._talk.pause(max(began + spread_s - self._talk.now, 0.0))

    def news(self, now: float) -> Script[None]:
        """
        Tell who is there, then every change, until the seat is lost.

        Never raises :exc:`RoomError`.
        """
        self._talk.begin(now)
        yield from self.lookout.begin()
        failures = 0
        while not self.is_over:
            entries, repaired = self._entries, False
            try:
                if self.lookout.must_look:
                    yield from self.lookout.look()
                    repaired = True
                yield from self._listen()
            except RouteUnknown:
                self.has_events = False
            except (LoginRefused, NotAMember, RoomNotFound) as error:
                yield from self._put_out(error, entries)
            except RoomError as error:
                self.lookout.must_look = True
                failures = 1 if repaired else failures + 1
                wait = self._talk.pauses.after(failures, error)
                if repaired:
                    # Looking works but the long poll does not (R19): plain polling.
                    yield from self._talk.pause(max(wait, POLL_S))
                else:
                    yield from self._pause_unless_seated(wait)
                continue
            failures = 0

    def new_push_url(self, now: float) -> Script[str]:
        """Ask for another URL to publish at."""
        give_up_at = self._talk.begin(now)
        wanted = GetPushUrl(self._talk.user_id, self.room_id, self._talk.tickets)
        return (yield from self._talk.insist(wanted, give_up_at, _UNSEEN_S)).push_url

    def play_url(self, user_id: str, now: float) -> Script[str]:
        """
        Look again where a member is to be played: a ticket is good for a minute.

        Raises:
            NotAMember: There is no such member any more.

        """
        self._talk.begin(now)
        yield from self.lookout.look()
        return self.lookout.others.play_url(user_id)

    def move_stream(self, push_url: str, now: float) -> Script[None]:
        """
        Announce that our stream is published at ``push_url`` now.

        Takes the seat again where it was lost meanwhile.
        """
        give_up_at = self._talk.begin(now)
        self.lookout.others.publish(push_url)
        yield from self._sit_down(push_url, give_up_at)
        self._push_url = push_url
        self._homelessness.end()
        with suppress(RoomError):  # else the news look, some time soon
            yield from self.lookout.look()

    def send_text(self, text: str, now: float, cmd: str = "") -> Script[None]:
        """Send a text message; repeated only where it cannot arrive twice."""
        give_up_at = self._talk.begin(now)
        # Original servers carry no texts; a call can be under way before its channel.
        if self.channel is not None and (yield from self.channel.is_up_soon()):
            yield from self.channel.say(Said(text, cmd))
            return
        message = SendRoomTextMsg(self.room_id, self._talk.user_id, text, cmd)
        yield from self._talk.insist_once(message, give_up_at)

    def send_still(self, jpeg: bytes, now: float) -> Script[None]:
        """Leave a still picture for the other members."""
        return send_still(self._talk, self.room_id, jpeg, now)

    def still_of(self, user_id: str, now: float) -> Script[bytes]:
        """Return the still picture another member left."""
        return fetch_still(self._talk, self.room_id, user_id, now)

    def lose(self, reason: str, *, room_ended: bool = False) -> Script[None]:
        """Tell that the seat is lost, once, and be over."""
        if not self.is_over:
            self.is_over = True
            yield from self._talk.tell(SeatLost(reason, room_ended))

    def _beat(self) -> Script[None]:
        beat = PusherHeartbeat(self.room_id, self._talk.user_id, self.epoch)
        seated = yield from self._talk.ask(beat)
        self._period_s = seated.heartbeat_s
        yield from self.lookout.note_recording(is_on=seated.recording)
        behind = self.has_events and seated.seq > self._seq
        if behind or self.lookout.others.wants_look(self._talk.now):
            yield from self.lookout.look()

    def _listen(self) -> Script[None]:
        if not self.has_events:
            yield from self._talk.pause(POLL_S)
            if not self.lookout.is_told_by(self.channel):
                yield from self.lookout.look()
            return
        asked_at = self._talk.now
        misses = bool(self.lookout.others.missing)
        events = yield from self._wait_events(MISSING_S if misses else HOLD_S)
        fresh = yield from self._take(events)
        if misses and not self.is_over:
            yield from self.lookout.look()
            yield from self._end_if_moved_on()
        if events.retry_ms:
            # It stops and will be back: no failure, and its seats are kept.
            yield from self._pause_unless_seated(absence_s(events.retry_ms))
        elif not fresh and self._talk.now - asked_at < _QUICK_S:
            yield from self._talk.pause(POLL_S)  # a server that does not hold

    def _pause_unless_seated(self, seconds: float) -> Script[None]:
        """Let time pass, less if another script finds the server back meanwhile."""
        entries = self._entries
        return _pause_while(self._talk, seconds, lambda: self._entries == entries)

    def _wait_events(self, hold_s: float) -> Script[Events]:
        wait = WaitEvents(self.room_id, self._talk.user_id, self._seq, hold_s)
        return (yield from self._talk.ask(wait, hold_s + REQUEST_S))

    def _take(self, events: Events) -> Script[bool]:
        batch = sort_events(events, self._seq, self.lookout.others.digest)
        self._seq = batch.seq
        for event in batch.told:
            yield from self.lookout.pass_on(event)
        if batch.closed:
            yield from self.lose("the room was closed", room_ended=True)
        elif batch.changed:
            self.lookout.must_look = True  # should this look fail
            yield from self.lookout.look(batch.gone)
        return batch.fresh

    def _put_out(self, error: RoomRefused, entries: int) -> Script[None]:
        while self._entering:
            yield from self._talk.pause(_TURN_S)
        if self.is_over or entries != self._entries:
            return  # the other script saw to it
        if isinstance(error, LoginRefused):
            yield from self.lose(str(error))
        elif isinstance(error, RoomNotFound) and not self.has_events:
            # An original says just this of a room that was closed.
            yield from self.lose("the room is gone")
        elif self._returns.are_over():
            yield from self.lose("removed from the room twice within a minute")
        else:
            yield from self._enter_again()

    def _enter_again(self) -> Script[None]:
        self._entering = True
        try:
            if (yield from self._is_still_ours()):
                yield from self._sit_down(self._push_url, self._talk.now + PATIENCE_S)
                self.lookout.wait_for_returns()
                self._returns.note()
                self._homelessness.end()
        except (RoomFull, RoomNotFound, LoginRefused) as error:
            yield from self.lose(f"no way back into the room: {error}")
        except RoomRefused as error:
            if not (yield from self._homelessness.bear(error)):
                yield from self.lose(f"no way back into the room: {error}")
        except RoomError:
            yield from self._talk.pause(_QUICK_S)
        finally:
            self._entering = False

    def _is_still_ours(self) -> Script[bool]:
        """Ask a server with events whether the room was closed meanwhile."""
        if self.has_events:
            try:
                yield from self._take((yield from self._wait_events(0.0)))
            except RouteUnknown:
                self.has_events = False
            except (NotAMember, RoomNotFound):
                pass  # expected: that is why we are here
        return not self.is_over

    def _end_if_moved_on(self) -> Script[None]:
        if (yield from self.lookout.has_moved_on(self._label)):
            yield from self.lose("the call went on in another room", room_ended=True)

    def _sit_down(self, push_url: str, give_up_at: float) -> Script[None]:
        seat = self._talk, self.room_id, self._label, push_url
        self.epoch = 0  # a new one may be ours before its answer is, or it is lost
        try:
            seated = yield from sit_down(*seat, give_up_at)
        except RoomNotFound:
            if (yield from self._is_still_ours()) and self.has_events:
                self.lookout.wait_for_returns()
                yield from self._end_if_moved_on()
            if self.is_over or not self.has_events:
                raise
            yield from open_again(*seat, give_up_at, creator=self.lookout.creator)
            seated = yield from sit_down(*seat, give_up_at)
        self.epoch = seated.epoch
        if 0 < seated.seq <= self._seq:
            # A new stream is a new event: these numbers began anew without us.
            self._seq = seated.seq
            self.lookout.wait_for_returns()
        self._entries += 1
        self.lookout.must_look = True


def _borne(period_s: float) -> float:
    """Return the period of heartbeats, whatever the server wants."""
    return min(max(period_s, SHORTEST_PERIOD_S), LONGEST_PERIOD_S)


def _pause_while(
    talk: Conversation, seconds: float, holds: Callable[[], bool]
) -> Script[None]:
    until = talk.now + seconds
    while talk.now < until and holds():
        yield from talk.pause(min(_BACK_S, until - talk.now))
