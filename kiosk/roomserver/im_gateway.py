"""
The IM channel of the originals, served from the rooms themselves.

A group is a room, what it hears is the room's event log: no second store, and no
list of listeners either, since a poll brings back where it stands.  Rules:

1. A userSig says who asks; it comes back as ``a2`` with every request.
2. Members hear everything, their own texts as well.  Who joined the group before
   its seat (v1 does) hears only that something changed, and says nothing.
3. A listener of a room that is gone is told so once and then waits.

Unlike the original there is no profile, no contact list and no message between
two users: those commands are accepted and change nothing, or are refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.room import im
from kiosk.room.codes import Dialect
from kiosk.room.event_requests import (
    MAX_HOLD_S,
    MAX_TEXT_CHARS,
    SendRoomTextMsg,
    WaitEvents,
)
from kiosk.room.fields import BadRequest
from kiosk.room.im_messages import TooLong
from kiosk.room.room_types import RoomType
from kiosk.room.usersig import BadUserSig, unpack
from kiosk.room.wire_json import Wire
from kiosk.roomserver.asking import (
    Asked,
    Caller,
    Hold,
    Refused,
    ServerClock,
    TooOften,
)
from kiosk.roomserver.im_hearing import hear
from kiosk.roomserver.rooms import RoomProblem, Rooms
from kiosk.roomserver.spaces import key_of, type_of
from kiosk.roomserver.store import RoomRecord


_SPOKEN = (["v4"], ["v1"])
_NOTHING = ""
"""The wait key of polls nothing ever comes to: messages between two users."""

_Believe = Callable[[str, str, str], None]
_SendText = Callable[[Caller, Wire], Wire]
_Answer = Callable[[Caller, Asked], Wire | Hold]


@dataclass(frozen=True, slots=True)
class ImHold(Hold):
    """A held poll; without ``listens`` it is the one nothing comes to."""

    listens: im.GetMessages | None = None


class _ImRefused(Exception):
    def __init__(self, code: im.ImCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class ImGateway:
    """
    The web-IM commands of protocol 6.3.

    Args:
        believe: Accepts a user's userSig from an address, or raises ``BadUserSig``.
        refuse_flood: Counts a user's requests; it raises ``TooOften``.
        base: Path before ``/v4``; empty, as original clients have it.
        send_text: The room route that a text goes through, with its limits.
        wake: Ends every wait of a room.

    """

    def __init__(
        self,
        *,
        base: str,
        believe: _Believe,
        refuse_flood: Callable[[str], None],
        rooms: Rooms,
        clock: ServerClock,
        send_text: _SendText,
        wake: Callable[[str], None],
    ) -> None:
        self._base = _segments(base)
        self._believe = believe
        self._refuse_flood = refuse_flood
        self._rooms = rooms
        self._clock = clock
        self._send_text = send_text
        self._wake = wake
        self._commands: dict[tuple[str, str], _Answer] = {
            ("openim", "login"): self._login,
            ("openim", "logout"): _accept,
            ("openim", "longpollinglogout"): _accept,
            ("openim", "authkey"): _authkey,
            ("openim", "getlongpollingid"): _poll_id,
            ("openim", "longpolling"): _wait_for_nothing,
            ("profile", "portrait_get"): _no_profile,
            ("profile", "portrait_set"): _accept,
            ("imopenstat", "web_report"): _accept,
            (im.GROUPS, "get_joined_group_list"): _no_groups,
            (im.GROUPS, "apply_join_group"): self._join_group,
            (im.GROUPS, "quit_group"): self._quit_group,
            (im.GROUPS, "send_group_msg"): self._send_group_msg,
            (im.POLLS, "get_msg"): self._get_msg,
        }

    def knows(self, path: str) -> bool:
        """Say whether a path is the gateway's to answer."""
        below = len(self._base)
        parts = _segments(path)
        return parts[:below] == self._base and parts[below : below + 1] in _SPOKEN

    def answer(self, asked: Asked) -> Wire | Hold:
        """Answer one command; every outcome is a value."""
        try:
            service, command = self._service_and_command(asked)
            caller = Caller(Dialect.V2, asked.address, self._user(asked, command))
            return self._commands[service, command](caller, asked)
        except _ImRefused as refused:
            return im.failed(refused.code, str(refused))
        except TooOften as refused:
            return im.failed(im.ImCode.TOO_OFTEN, str(refused))
        except TooLong as error:
            return im.failed(im.ImCode.TOO_LONG, str(error))
        except BadRequest as error:
            return im.failed(im.ImCode.BAD_PARAMETER, str(error))

    def finish(self, hold: ImHold) -> Wire:
        """Answer when a held poll is over."""
        if hold.listens is None:
            return im.failed(im.ImCode.NOTHING_NEW, "nothing new")
        return self._heard(hold.caller, hold.listens) or im.heard(
            hold.listens.key, hold.listens.after_seq + 1, MAX_HOLD_S, []
        )

    def _service_and_command(self, asked: Asked) -> tuple[str, str]:
        match _segments(asked.path)[len(self._base) :]:
            case [version, service, command] if (
                asked.method == "POST"
                and version == im.version_of(service)
                and (service, command) in self._commands
            ):
                return service, command
            case _:
                raise _ImRefused(im.ImCode.NO_SUCH_COMMAND, "no such command here")

    def _user(self, asked: Asked, command: str) -> str:
        """Return whose userSig a request carries."""
        login = command == "login"
        user_sig = asked.query.get("usersig" if login else "a2", "")
        try:
            user_id = unpack(user_sig).get("TLS.identifier", "")
            self._believe(user_sig, user_id, asked.address)
        except BadUserSig as error:
            code = im.ImCode.BAD_SIGNATURE if login else im.ImCode.KICKED
            raise _ImRefused(code, f"userSig: {error}") from None
        if login and asked.query.get("identifier") != user_id:
            raise _ImRefused(im.ImCode.BAD_SIGNATURE, "userSig: it is another user's")
        self._refuse_flood(user_id)
        return user_id

    def _login(self, caller: Caller, asked: Asked) -> Wire:
        # Void with its userSig: whoever has that could log in again anyway.
        return im.accepted(
            TinyId=_tiny_id(caller.user_id), A2Key=asked.query["usersig"]
        )

    def _join_group(self, caller: Caller, asked: Asked) -> Wire:
        key, record = self._room(im.group_id(asked.body), caller.user_id)
        begin = im.PollKey(key, record.seq)
        return im.accepted(JoinedStatus="JoinedSuccess", LongPollingKey=str(begin))

    def _quit_group(self, caller: Caller, asked: Asked) -> Wire:
        # The client leaves its poll open: unless answered now, it would hear
        # of a room it has long left.
        group = im.group_id(asked.body)
        for room_type in RoomType:
            self._wake(key_of(room_type, group))
        return im.accepted()

    def _send_group_msg(self, caller: Caller, asked: Asked) -> Wire:
        message = im.SendMessage.from_wire(asked.body)
        if message.user_id != caller.user_id:
            raise _ImRefused(im.ImCode.NOT_ALLOWED, "From_Account is another user")
        if len(message.said.text) > MAX_TEXT_CHARS:
            raise TooLong("Text", f"is longer than {MAX_TEXT_CHARS} characters")
        key, record = self._room(message.group_id, caller.user_id)
        text = SendRoomTextMsg(
            message.group_id,
            caller.user_id,
            message.said.text,
            message.said.cmd,
            message.said.custom,
        )
        speaker = Caller(Dialect.V2, caller.address, caller.user_id, type_of(key))
        try:
            self._send_text(speaker, text.to_wire())
        except RoomProblem:
            raise _ImRefused(
                im.ImCode.NOT_ALLOWED, "only members of the room may speak"
            ) from None
        except Refused as refused:
            raise _ImRefused(im.ImCode.TOO_OFTEN, refused.message) from None
        return im.accepted(MsgTime=int(self._clock.unix()), MsgSeq=record.seq + 1)

    def _get_msg(self, caller: Caller, asked: Asked) -> Wire | Hold:
        listens = im.GetMessages.from_wire(asked.body)
        return self._heard(caller, listens) or _hold(
            caller, listens.key.room_key, listens
        )

    def _heard(self, caller: Caller, listens: im.GetMessages) -> Wire | None:
        """Return what there is to hear, or None."""
        if listens.key.closed:
            return None
        after, user_id = listens.after_seq, caller.user_id
        heard = hear(self._rooms, listens.key.room_key, user_id, after)
        if heard.seq == after and not heard.messages:
            return None
        key = im.PollKey(listens.key.room_key, listens.key.after_seq, heard.closed)
        now = int(self._clock.unix())
        messages = [message(now) for message in heard.messages]
        return im.heard(key, heard.seq + 1, MAX_HOLD_S, messages)

    def _room(self, group: str, user_id: str) -> tuple[str, RoomRecord]:
        """Return the room a group is: where the user sits, else the first of all."""
        found: list[tuple[str, RoomRecord]] = []
        for room_type in RoomType:
            key = key_of(room_type, group)
            record = self._rooms.known(key)
            if record is None:
                continue
            if record.seat_of(user_id) is not None:
                return key, record
            found.append((key, record))
        if not found:
            raise _ImRefused(im.ImCode.NO_SUCH_GROUP, "GroupId: no such room")
        return found[0]


def _segments(path: str) -> list[str]:
    # Double slashes count once, as on the room routes (protocol 2).
    return [part for part in path.split("/") if part]


def _hold(
    caller: Caller, room_key: str, listens: im.GetMessages | None = None
) -> ImHold:
    # Its own name among the waits: a member may also wait for events.
    name = f"im:{caller.user_id}"
    after = listens.after_seq if listens else 0
    return ImHold(caller, WaitEvents(room_key, name, after, MAX_HOLD_S), listens)


def _wait_for_nothing(caller: Caller, _asked: Asked) -> Wire | Hold:
    return _hold(caller, _NOTHING)


def _accept(_caller: Caller, _asked: Asked) -> Wire:
    return im.accepted()


def _authkey(_caller: Caller, _asked: Asked) -> Wire:
    return im.accepted(AuthKey="", IpList=[], ExpireTime=0)


def _poll_id(caller: Caller, _asked: Asked) -> Wire:
    return im.accepted(LongPollingId=_tiny_id(caller.user_id), Timeout=im.CLIENT_POLL_S)


def _no_profile(_caller: Caller, _asked: Asked) -> Wire:
    return im.accepted(UserProfileItem=[])


def _no_groups(_caller: Caller, _asked: Asked) -> Wire:
    return im.accepted(GroupIdList=[], TotalCount=0)


def _tiny_id(user_id: str) -> str:
    digest = hashlib.sha256(user_id.encode()).digest()
    return str(int.from_bytes(digest[:6], "big") + 1)
