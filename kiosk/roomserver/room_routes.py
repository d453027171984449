"""
The routes every room type has, both dialects on each.

Protocol sections 3 and 4 say what is copied; section 10 and the README beside
this module say where we differ.  Every method takes a caller already known and
a body, and returns the fields of a success; it refuses by exception.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from kiosk.room import messages as msg
from kiosk.room.im_messages import Said
from kiosk.room.stream_url import stream_of
from kiosk.roomserver.asking import (
    DONE,
    Caller,
    Hold,
    Refused,
    ServerClock,
    Written,
    only_oneself,
)
from kiosk.roomserver.grants import Grant, PushGrants
from kiosk.roomserver.pace import Pace
from kiosk.roomserver.room_ids import RoomIds
from kiosk.roomserver.rooms import Entrant, RoomProblem, Rooms
from kiosk.roomserver.spaces import id_of
from kiosk.roomserver.store import RoomRecord
from kiosk.roomserver.stream_keys import KeyForm, StreamUrls
from kiosk.roomserver.stream_rights import StreamRights
from kiosk.roomserver.written_rooms import WrittenRooms


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """Numbers the routes need."""

    heartbeat_s: float = 7.0
    """What members are told; late is another number (RoomRules)."""
    texts_per_s: float = 5.0


class RoomRoutes:
    """
    Rooms as clients see them.

    Args:
        room_ids: Makes ids of rooms, and knows those it made.
        may_sit: Whether a stranger may take a seat, or all are kept for others.
        is_recorded: Whether a recorder takes a stream at this moment.

    """

    def __init__(
        self,
        *,
        rooms: Rooms,
        grants: PushGrants,
        rights: StreamRights,
        urls: StreamUrls,
        clock: ServerClock,
        policy: RoutePolicy,
        room_ids: RoomIds,
        may_sit: Callable[[RoomRecord, str], bool],
        is_recorded: Callable[[str], bool],
    ) -> None:
        self._rooms = rooms
        self._grants = grants
        self._rights = rights
        self._urls = urls
        self._clock = clock
        self._policy = policy
        self._room_ids = room_ids
        self._may_sit = may_sit
        self._is_recorded = is_recorded
        self._text_pace = Pace(policy.texts_per_s)
        self._written = WrittenRooms(policy.heartbeat_s, rooms.rules.max_rooms)

    def get_push_url(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Issue a fresh stream: one per attempt, for this user only."""
        asked = msg.GetPushUrl.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        form = self._urls.form_for(caller, understands=asked.tickets)
        if form is None:
            raise Refused(msg.RoomCode.AUTH_FAILED)
        bound = asked.room_id and form is KeyForm.TICKET
        grant = self._grants.issue(
            asked.user_id,
            caller.address,
            self._clock.monotonic(),
            meant_for=caller.key(asked.room_id) if bound else "",
        )
        if grant is None:
            raise Refused(msg.RoomCode.SERVER_ERROR)
        return msg.PushUrl(self._urls.push(grant, form)).to_wire()

    def create_room(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """With a push URL the creator sits at once (v1), else an id is reserved."""
        asked = msg.CreateRoom.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        if not asked.push_url:
            record = self._reserve(caller, asked)
            room_id = id_of(record.room_id)
            return msg.RoomCreated(room_id, self._seated(0, record)).to_wire()
        grant = self._grant(asked.user_id, asked.push_url)
        if grant.room_id:  # the same request again, its first answer was lost
            key = self._room_made_by(grant, caller).room_id
        else:
            _refuse_elsewhere(grant, caller.key(asked.room_id))
            key = self._reserve(caller, asked).room_id
        seat = self._join(key, asked, grant)
        return msg.RoomCreated(id_of(key), seat).to_wire()

    def add_pusher(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Take a seat, or take one's own over with a new stream."""
        asked = msg.AddPusher.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        key = caller.key(asked.room_id)
        record, seat = self._rooms.seat_for(key, asked.user_id)
        if seat is None and not self._may_sit(record, asked.user_id):
            raise Refused(msg.RoomCode.ROOM_FULL)
        grant = self._grant(asked.user_id, asked.push_url)
        _refuse_elsewhere(grant, key)
        return self._join(key, asked, grant).to_wire()

    def delete_pusher(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Leave."""
        asked = msg.DeletePusher.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        self._rooms.leave(caller.key(asked.room_id), asked.user_id, asked.epoch)
        return DONE

    def destroy_room(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """End a room; its creator only."""
        asked = msg.DestroyRoom.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        key = caller.key(asked.room_id)
        record = self._rooms.find(key)
        is_gone = record is not None and record.seat_of(asked.user_id) is None
        if is_gone and caller.dialect is msg.Dialect.V1:
            # His name is nobody's any more, and no token tells that it was his.
            raise Refused(msg.RoomCode.NO_SUCH_ROOM)
        self._rooms.destroy(key, asked.user_id)
        return DONE

    def pusher_heartbeat(self, caller: Caller, body: msg.Wire) -> Written:
        """Still here; the answer tells whether anything happened meanwhile."""
        asked = msg.PusherHeartbeat.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        key, now = caller.key(asked.room_id), self._clock.monotonic()
        record, seat = self._rooms.heartbeat(key, asked.user_id, now, asked.epoch)
        recording = self._records(record)
        fields = self._written.seat(record, seat, recording=recording)
        return Written(msg.success_text(fields, caller.dialect))

    def get_pushers(self, caller: Caller, body: msg.Wire) -> Written:
        """Who is in the room; play URLs for those with a right to them."""
        asked = msg.GetPushers.from_wire(body, caller.dialect)
        record = self._rooms.find(caller.key(asked.room_id))
        if record is None:
            raise Refused(msg.RoomCode.NO_SUCH_ROOM)
        text = self._written.room(record, recording=self._records(record))
        play_urls = self._play_urls(caller, tickets=asked.tickets)
        fields = text.fields(play_urls(record))
        return Written(msg.success_text(fields, caller.dialect))

    def get_room_list(self, caller: Caller, body: msg.Wire) -> Written:
        """List a stretch of the rooms; ``cnt`` 0 is all of them in v1, one in v2."""
        asked = msg.GetRoomList.from_wire(body)
        count = asked.count or (None if caller.dialect is msg.Dialect.V1 else 1)
        end = None if count is None else asked.index + count
        stretch = islice(self._rooms.listed(caller.room_type), asked.index, end)
        play_urls = self._play_urls(caller, tickets=asked.tickets)
        text_of = self._written.in_list
        rooms = [text_of(record).fields(play_urls(record)) for record in stretch]
        return Written(msg.success_text(msg.list_fields(rooms), caller.dialect))

    def wait_events(self, caller: Caller, body: msg.Wire) -> msg.Wire | Hold:
        """Events after a number, at once if there are any."""
        asked = msg.WaitEvents.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        asked = replace(asked, room_id=caller.key(asked.room_id))
        events = self._events(asked)
        if asked.hold_s and events.seq == asked.after_seq and not events.resync:
            return Hold(caller, asked)
        return events.to_wire()

    def events_now(self, hold: Hold, retry_ms: int = 0) -> msg.Wire:
        """Answer a wait that is over, whatever ended it."""
        return replace(self._events(hold.wait), retry_ms=retry_ms).to_wire()

    def send_room_text_msg(self, caller: Caller, body: msg.Wire) -> msg.Wire:
        """Tell a text to the others in the room."""
        asked = msg.SendRoomTextMsg.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        key = caller.key(asked.room_id)
        self._rooms.membership(key, asked.user_id)
        if not self._text_pace.allows(asked.user_id, self._clock.monotonic()):
            limit = f"at most {self._policy.texts_per_s:g} texts a second"
            raise Refused(msg.RoomCode.SERVER_ERROR, limit)
        said = Said(asked.text, asked.cmd, asked.custom)
        self._rooms.say(key, asked.user_id, said)
        return DONE

    def _events(self, wait: msg.WaitEvents) -> msg.Events:
        return self._rooms.events_after(wait.room_id, wait.user_id, wait.after_seq)

    def _reserve(self, caller: Caller, asked: msg.CreateRoom) -> RoomRecord:
        if self._room_ids.made(asked.room_id):
            # Not a client's to choose: that room is there, or is over for good.
            raise _room_id_taken(asked.room_id)
        room_id = asked.room_id or self._room_ids.new()
        key, now = caller.key(room_id), self._clock.monotonic()
        try:
            return self._rooms.reserve(
                key, asked.user_id, asked.label, now, creator=asked.creator
            )
        except RoomProblem as problem:
            if problem.code is msg.RoomCode.ROOM_ID_TAKEN:
                raise _room_id_taken(room_id) from None
            raise Refused(problem.code) from None

    def _grant(self, user_id: str, push_url: str) -> Grant:
        """Return the grant behind a client's push URL; the URL itself is ignored."""
        grant = self._grants.find(stream_of(push_url), self._clock.monotonic())
        if grant is None or grant.user_id != user_id:
            raise _push_url_refused()
        return grant

    def _room_made_by(self, grant: Grant, caller: Caller) -> RoomRecord:
        record = self._rooms.find(grant.room_id)
        here = caller.key(id_of(grant.room_id)) == grant.room_id
        if record is None or record.owner != grant.user_id or not here:
            raise _push_url_refused()
        return record

    def _join(
        self, key: str, asked: msg.CreateRoom | msg.AddPusher, grant: Grant
    ) -> msg.Seated:
        now = self._clock.monotonic()
        entrant = Entrant(
            asked.user_id,
            asked.user_name,
            asked.user_avatar,
            grant.stream,
            int(self._clock.unix()),
        )
        self._grants.bind(grant, key)
        record, seat = self._rooms.join(key, entrant, now)
        return self._seated(seat.epoch, record)

    def _seated(self, epoch: int, record: RoomRecord) -> msg.Seated:
        recording = self._records(record)
        return msg.Seated(epoch, record.seq, self._policy.heartbeat_s, recording)

    def _records(self, record: RoomRecord) -> bool:
        """Say whether somebody of a room is being recorded at this moment."""
        for seat in record.seats:  # noqa: SIM110 -- at every heartbeat; any() is dearer
            if self._is_recorded(seat.stream):
                return True
        return False

    def _play_urls(
        self, caller: Caller, *, tickets: bool
    ) -> Callable[[RoomRecord], Sequence[str]]:
        """
        Return what gives a caller the URLs of a room's members, or none.

        Whom they are shown to is ``reliability.md`` S04.
        """
        form = self._urls.form_for(caller, understands=tickets)
        v1 = caller.dialect is msg.Dialect.V1
        if form is None or (v1 and not self._grants.has_from(caller.address)):
            return lambda _: ()
        user_id, play = caller.user_id, self._urls.play
        may_watch = _any_room if v1 else self._rights.of_user(user_id)

        def play_urls(record: RoomRecord) -> Sequence[str]:
            if not may_watch(record):
                return ()
            return play(record.room_id, record.seats, user_id, form)

        return play_urls


def _any_room(_record: RoomRecord) -> bool:
    return True


def _refuse_elsewhere(grant: Grant, key: str) -> None:
    """Refuse a grant that is another room's, or meant for one."""
    if grant.room_id not in ("", key) or grant.meant_for not in ("", key):
        raise _push_url_refused()


def _push_url_refused() -> msg.BadRequest:
    return msg.BadRequest("pushURL", "was not issued to this user, or is used up")


def _room_id_taken(room_id: str) -> Refused:
    return Refused(msg.RoomCode.ROOM_ID_TAKEN, extra={"roomID": room_id})
