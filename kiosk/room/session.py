"""
One party's way into a room: log in, find a seat, take it, give it back.

All methods are scripts (see :mod:`kiosk.room.script`).  What happens while the
seat is held is :class:`~kiosk.room.membership.Membership`'s business.  The
order is the originals' (protocol 7.1): a push URL first, then publish, and only
then ``create_room`` or ``add_pusher``, so that no member is ever announced
before its stream exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from kiosk.errors import (
    NotAMember,
    RoomFull,
    RoomNotFound,
    RoomProtocolError,
    RoomUnreachable,
)
from kiosk.room.conversation import Conversation
from kiosk.room.fleet_report import FleetReport
from kiosk.room.group_news import hear_group
from kiosk.room.im_channel import ImChannel
from kiosk.room.membership import Joined, Membership
from kiosk.room.messages import (
    DeletePusher,
    Dialect,
    GetPushers,
    GetPushUrl,
    GetRoomList,
    Member,
    Room,
    RoomCode,
    Seated,
    text_of,
)
from kiosk.room.queueing import Choice, NoPlace, Queueing
from kiosk.room.room_pages import read_rooms
from kiosk.room.roster import others
from kiosk.room.script import Script
from kiosk.room.seating import open_room, sit_down
from kiosk.room.targets import is_pattern, matching
from kiosk.room.watching import Watching


LEAVE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which rooms to enter.

    Attributes:
        targets: In order of preference; each is a roomID, a room's label or a
            pattern of both (:mod:`kiosk.room.targets`).
        create: Open the first room that is absent under its label, once no
            existing one has a free seat.
        capacity: Members of a room, ourselves included.

    """

    targets: tuple[str, ...]
    create: bool = False
    capacity: int = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A seat found, not yet taken; without ``room_id`` the room is to be opened."""

    room_id: str
    label: str
    create: bool
    push_url: str = field(repr=False)


class RoomSession:
    """
    The way in and out for one party; holds at most one seat.

    Args:
        talk: Asks the room server.
        wanted: Where to go.
        channel: The IM channel, where a gateway of a cloud is configured.

    """

    def __init__(
        self, talk: Conversation, wanted: Wanted, channel: ImChannel | None = None
    ) -> None:
        self._talk = talk
        self._channel = channel
        self._wanted = wanted
        self._queueing = Queueing(talk, wanted.targets, lines_up=not wanted.create)
        self._maybe_in = ""
        self._seat: Membership | None = None

    @property
    def user_id(self) -> str:
        """The userID of the login; empty before."""
        return self._talk.user_id

    def rename(self, user_name: str) -> None:
        """Be shown under another name, once our stream is announced again."""
        self._talk.identity = replace(self._talk.identity, user_name=user_name)

    def log_in(self, now: float) -> Script[str]:
        """Log in, unless that is done, and return our userID."""
        give_up_at = self._talk.begin(now)
        return (yield from self._talk.log_in(give_up_at))

    def log_out(self, now: float) -> Script[None]:
        """Void the login; never raises :exc:`RoomError`."""
        self._talk.begin(now)
        yield from self._talk.log_out()

    def check(self, now: float) -> Script[None]:
        """Ask once whether the service is there and takes our login, or a new one."""
        self._talk.begin(now)
        yield from self._talk.log_in(None)
        yield from self._talk.ask(GetRoomList(1, 0, self._talk.tickets))

    def report(self, report: FleetReport, now: float) -> Script[None]:
        """Send one report to the operators; not repeated, the next one comes."""
        self._talk.begin(now)
        yield from self._talk.log_in(None)
        yield from self._talk.ask(report)

    def watching(self, target: str) -> Watching:
        """Return a viewer of a live_room, who needs no seat."""
        return Watching(self._talk, target)

    def list_rooms(self, now: float) -> Script[tuple[Room, ...]]:
        """Read the list of rooms, page by page."""
        give_up_at = self._talk.begin(now)
        yield from self._talk.log_in(give_up_at)
        return (yield from read_rooms(self._talk, give_up_at))

    def find_place(self, now: float) -> Script[Place | NoPlace]:
        """
        Choose among the wanted rooms and fetch a push URL for the choice.

        A server with a queue chooses: by order of arrival.
        """
        give_up_at = self._talk.begin(now)
        yield from self._talk.log_in(give_up_at)
        choice = yield from self._queueing.begin(give_up_at)
        if choice is None:
            choice = yield from self._look(give_up_at)
        if isinstance(choice, NoPlace):
            return choice
        return (yield from self._place(choice, give_up_at))

    def wait_turn(self, now: float) -> Script[NoPlace | None]:
        """
        Wait for a while; return None once :meth:`find_place` will find one.

        Raises:
            RoomError: The server could not be asked.

        """
        give_up_at = self._talk.begin(now)
        yield from self._talk.log_in(give_up_at)
        choice = yield from self._queueing.wait()
        if choice is None:
            choice = yield from self._look(self._talk.begin(now))
        return choice if isinstance(choice, NoPlace) else None

    def place_in(self, room_id: str, now: float) -> Script[Place]:
        """
        Fetch a push URL for a room that is known by its id.

        Raises:
            RoomNotFound: There is none.
            RoomFull: It has no free seat.

        """
        give_up_at = self._talk.begin(now)
        yield from self._talk.log_in(give_up_at)
        wanted = GetPushers(room_id, self._talk.tickets)
        room = yield from self._talk.insist(wanted, give_up_at)
        if _is_full(room.members, self._talk.user_id, self._wanted.capacity):
            code = RoomCode.ROOM_FULL
            raise RoomFull("get_pushers", int(code), text_of(code))
        choice = Choice(room_id, room.label, create=False)
        return (yield from self._place(choice, give_up_at))

    def new_place(self, label: str, room_id: str, now: float) -> Script[Place]:
        """Fetch a push URL for a room to be opened; an empty id is the server's."""
        give_up_at = self._talk.begin(now)
        yield from self._talk.log_in(give_up_at)
        choice = Choice(room_id, label, create=True)
        return (yield from self._place(choice, give_up_at))

    def join(self, place: Place, now: float) -> Script[Membership]:
        """
        Take the seat; our stream must already be published.

        Raises:
            RoomFull: Somebody was faster.
            RoomNotFound: The room is gone meanwhile.

        """
        give_up_at = self._talk.begin(now)
        self._maybe_in, self._seat = place.room_id, None
        seated = Seated()
        room_id = place.room_id
        if place.create:
            created = yield from open_room(
                self._talk, place.room_id, place.label, place.push_url, give_up_at
            )
            seated, room_id = created.seat, created.room_id
            self._maybe_in = room_id
        if not place.create or self._talk.dialect is Dialect.V2:
            seated = yield from sit_down(
                self._talk, room_id, place.label, place.push_url, give_up_at
            )
        self._maybe_in = room_id  # again: leave may have come in between
        self._queueing.seated()
        creator, members = yield from self._who_is_in(room_id)
        joined = Joined(room_id, place.label, place.push_url, seated, members, creator)
        elsewhere = self._channel if self._talk.im_is_elsewhere else None
        self._seat = Membership(self._talk, joined, elsewhere)
        return self._seat

    def hear_group(self, seat: Membership, now: float) -> Script[None]:
        """Listen to the IM group of a room, where a cloud carries it."""
        if seat.channel is not None:
            yield from hear_group(self._talk, seat.channel, seat, now)

    def leave(self, now: float) -> Script[None]:
        """
        Give the seat back, also one we do not know to have, and leave the queue.

        An answer to ``add_pusher`` that never came may have been a yes: then
        whichever seat is ours is given up, else the one we know and no later one.
        """
        self._talk.begin(now)
        yield from self._queueing.leave()
        room_id, self._maybe_in = self._maybe_in, ""
        seat, self._seat = self._seat, None
        if not room_id:
            return
        epoch = seat.epoch if seat else 0
        leave = DeletePusher(room_id, self._talk.user_id, epoch)
        with suppress(NotAMember, RoomNotFound):  # gone already: what we want
            yield from self._talk.insist(leave, self._talk.now + LEAVE_S)
        if self._channel is not None:
            yield from self._channel.quit()

    def leave_seat(self, room_id: str, now: float) -> Script[None]:
        """Give back a seat that a predecessor had; only while we have none."""
        self._maybe_in = room_id
        yield from self.leave(now)

    def _look(self, give_up_at: float) -> Script[Choice | NoPlace]:
        rooms = yield from read_rooms(self._talk, give_up_at)
        return choose(self._wanted, rooms, self._talk.user_id)

    def _who_is_in(self, room_id: str) -> Script[tuple[str, tuple[Member, ...]]]:
        # One try: should it fail, the first look of the news repairs it.  A v1
        # original takes members into rooms that are not there: only this tells.
        try:
            wanted = GetPushers(room_id, self._talk.tickets)
            room = yield from self._talk.ask(wanted)
        except (RoomUnreachable, RoomProtocolError):
            return "", ()
        return room.creator, room.members

    def _place(self, choice: Choice, give_up_at: float) -> Script[Place]:
        talk = self._talk
        wanted = GetPushUrl(talk.user_id, choice.room_id, talk.tickets)
        answer = yield from self._talk.insist(wanted, give_up_at)
        return Place(choice.room_id, choice.label, choice.create, answer.push_url)


def choose(wanted: Wanted, rooms: Sequence[Room], self_id: str) -> Choice | NoPlace:
    """
    Return the first wanted room with a free seat, else the one to open.

    A target may mean several rooms; they are tried in the server's order.  Only
    one that is no pattern can be opened.  Our own seat from an earlier life does
    not count: we would take it over.
    """
    absent: list[str] = []
    for target in wanted.targets:
        found = matching(target, rooms)
        for room in found:
            if not _is_full(room.members, self_id, wanted.capacity):
                return Choice(room.room_id, room.label, create=False)
        if not found:
            absent.append(target)
    to_open = [target for target in absent if not is_pattern(target)]
    if to_open and wanted.create:
        return Choice("", to_open[0], create=True)
    return NoPlace("absent" if len(absent) == len(wanted.targets) else "full")


def _is_full(members: Sequence[Member], self_id: str, capacity: int) -> bool:
    return len(others(members, self_id)) >= capacity
