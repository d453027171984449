"""
The one door: a request in, the object to answer out; every outcome is a value.

Pure but for the tables it was given.  An unknown route, and a known one asked
with the wrong method, is answered as the originals answer it: code 0 and empty
``data`` (protocol section 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import Asked, Caller, Hold, Refused
from kiosk.roomserver.identity import Identity
from kiosk.roomserver.room_routes import RoomRoutes
from kiosk.roomserver.rooms import RoomProblem


UNKNOWN_ROUTE: msg.Wire = {"code": 0, "data": {}}
_TYPES = {room_type.value: room_type for room_type in RoomType}

_Open = Callable[[Asked], msg.Wire]
_Guarded = Callable[[Caller, msg.Wire], msg.Wire | Hold]


class Routes:
    """All routes of the room types and those of ``utils`` a client needs."""

    def __init__(self, identity: Identity, rooms: RoomRoutes) -> None:
        self._identity = identity
        self._rooms = rooms
        self._open: dict[tuple[str, str, str], _Open] = {
            ("GET", "utils", "get_login_info"): identity.get_login_info,
            ("POST", "utils", "get_login_info"): identity.get_login_info,
        }
        for folder in _TYPES:
            self._open["POST", folder, "login"] = identity.login
            self._open["POST", folder, "logout"] = identity.logout
            self._open["POST", folder, "get_im_login_info"] = identity.get_im_login_info
        self._guarded: dict[str, _Guarded] = {
            "get_push_url": rooms.get_push_url,
            "create_room": rooms.create_room,
            "add_pusher": rooms.add_pusher,
            "delete_pusher": rooms.delete_pusher,
            "destroy_room": rooms.destroy_room,
            "pusher_heartbeat": rooms.pusher_heartbeat,
            "get_pushers": rooms.get_pushers,
            "get_room_list": rooms.get_room_list,
            "wait_events": rooms.wait_events,
            "send_room_text_msg": rooms.send_room_text_msg,
        }

    def answer(self, asked: Asked) -> msg.Wire | Hold:
        """Return what to send, or the wait to hold before :meth:`finish`."""
        folder, route = asked.route()
        open_route = self._open.get((asked.method, folder, route))
        guarded = self._guarded.get(route)
        if open_route is not None:
            return _outcome(route, asked, lambda: open_route(asked))
        room_type = _TYPES.get(folder)
        if guarded is None or room_type is None or asked.method != "POST":
            return UNKNOWN_ROUTE
        return _outcome(
            route, asked, lambda: guarded(self._caller(asked, room_type), asked.body)
        )

    def _caller(self, asked: Asked, room_type: RoomType) -> Caller:
        return replace(self._identity.caller(asked), room_type=room_type)

    def finish(self, hold: Hold) -> msg.Wire:
        """Return what to send when a wait is over."""
        dialect = hold.caller.dialect
        try:
            return msg.success(self._rooms.events_now(hold), dialect)
        except RoomProblem as problem:
            return _refused(msg.WaitEvents.ROUTE, dialect, problem.code)


def _outcome(
    route: str, asked: Asked, ask: Callable[[], msg.Wire | Hold]
) -> msg.Wire | Hold:
    spoken = asked.query.get("token") or asked.query.get("userSig")
    dialect = msg.Dialect.V2 if spoken else msg.Dialect.V1
    try:
        fields = ask()
    except msg.BadRequest as error:
        return _bad_request(route, dialect, error)
    except Refused as refused:
        answer = _refused(route, dialect, refused.code, refused.message)
        return {**answer, **refused.extra}
    except RoomProblem as problem:
        return _refused(route, dialect, problem.code)
    return fields if isinstance(fields, Hold) else msg.success(fields, dialect)


def _refused(
    route: str, dialect: msg.Dialect, code: msg.RoomCode, message: str = ""
) -> msg.Wire:
    return msg.failure(code, message or msg.text_of(code, route, dialect))


def _bad_request(route: str, dialect: msg.Dialect, error: msg.BadRequest) -> msg.Wire:
    """Answer as the originals word it; ``field`` is ours and names the culprit."""
    if error.code is msg.RoomCode.EXCEPTION:
        return msg.exception(str(error))
    return {**_refused(route, dialect, error.code), "field": str(error)}
