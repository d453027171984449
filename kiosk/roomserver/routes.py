"""
The one door: a request in, the object to answer out; every outcome is a value.

Pure but for the tables it was given.  An unknown route, and a known one asked
with the wrong method, is answered as the originals answer it: code 0 and empty
``data`` (protocol section 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import (
    Asked,
    Caller,
    CloudCall,
    Hold,
    Page,
    Refused,
    RouteAbsent,
    TooOften,
    Written,
)
from kiosk.roomserver.identity import Identity
from kiosk.roomserver.im_gateway import ImGateway, ImHold
from kiosk.roomserver.live_routes import LiveRoutes
from kiosk.roomserver.mixing import MixingRoutes
from kiosk.roomserver.operator_routes import OperatorRoutes
from kiosk.roomserver.queue_routes import QueueHold, QueueRoutes
from kiosk.roomserver.repeats import Repeats
from kiosk.roomserver.room_routes import RoomRoutes
from kiosk.roomserver.rooms import RoomProblem
from kiosk.roomserver.still_routes import StillRoutes
from kiosk.roomserver.trial_routes import TrialRoutes


UNKNOWN_ROUTE: msg.Wire = {"code": 0, "data": {}}
_TYPES = {room_type.value: room_type for room_type in RoomType}

Answer: TypeAlias = msg.Wire | Written | Hold | CloudCall | Page
"""An object or a text to send, a page to send, or what comes before an object."""
_Open = Callable[[Asked], msg.Wire | CloudCall | Page]
_Guarded = Callable[[Caller, msg.Wire], msg.Wire | Written | Hold | CloudCall]


@dataclass(frozen=True, slots=True)
class RouteGroups:
    """Who answers what, beside the logins."""

    rooms: RoomRoutes
    create_room: _Guarded
    live: LiveRoutes
    mixing: MixingRoutes
    trial: TrialRoutes
    operators: OperatorRoutes
    queue: QueueRoutes
    stills: StillRoutes


class Routes:
    """
    All routes of the room types and of ``utils``.

    Args:
        repeats: Answers requests that come again.
        im: Answers the IM channel's paths, where this server carries it.

    """

    def __init__(
        self,
        identity: Identity,
        groups: RouteGroups,
        repeats: Repeats,
        im: ImGateway | None = None,
    ) -> None:
        rooms, live = groups.rooms, groups.live
        self.repeats = repeats
        self._identity = identity
        self._rooms = rooms
        self._im = im
        self._queue = groups.queue
        self._open: dict[tuple[str, str, str], _Open] = {
            ("GET", "utils", "get_login_info"): identity.get_login_info,
            ("POST", "utils", "get_login_info"): identity.get_login_info,
            ("GET", "utils", "get_test_pushurl"): groups.trial.get_test_pushurl,
            ("GET", "utils", "get_test_rtmpaccurl"): groups.trial.get_test_rtmpaccurl,
            ("GET", "utils", "check_config"): groups.trial.check_config,
            ("GET", "utils", "logfilelist"): groups.operators.logfilelist,
            ("GET", "utils", "getlogfile"): groups.operators.getlogfile,
        }
        for folder in _TYPES:
            self._open["POST", folder, "login"] = identity.login
            self._open["POST", folder, "logout"] = identity.logout
            self._open["POST", folder, "get_im_login_info"] = identity.get_im_login_info
        self._guarded: dict[str, _Guarded] = {
            "get_push_url": rooms.get_push_url,
            "create_room": groups.create_room,
            "add_pusher": rooms.add_pusher,
            "delete_pusher": rooms.delete_pusher,
            "destroy_room": rooms.destroy_room,
            "pusher_heartbeat": rooms.pusher_heartbeat,
            "get_pushers": rooms.get_pushers,
            "get_room_list": rooms.get_room_list,
            "wait_events": rooms.wait_events,
            "send_room_text_msg": rooms.send_room_text_msg,
            "queue_seat": groups.queue.queue_seat,
            "leave_queue": groups.queue.leave_queue,
            "put_still": _of_v2(groups.stills.put_still),
            "get_still": _of_v2(groups.stills.get_still),
        }
        self._live: dict[str, _Guarded] = {
            "merge_stream": groups.mixing.merge_stream,
            "get_custom_info": _of_v2(live.get_custom_info),
            "set_custom_field": _of_v2(live.set_custom_field),
            "add_audience": _of_v2(live.add_audience),
            "delete_audience": _of_v2(live.delete_audience),
            "get_audiences": _of_v2(live.get_audiences),
        }

    def answer(self, asked: Asked) -> Answer:
        """Return what to send, or what has to come before, see :data:`Answer`."""
        if self._im is not None and self._im.knows(asked.path):
            return self._im.answer(asked)
        folder, route = asked.route()
        open_route = self._open.get((asked.method, folder, route))
        room_type = _TYPES.get(folder)
        guarded = self._guarded.get(route)
        if room_type is RoomType.LIVE:
            guarded = guarded or self._live.get(route)
        if open_route is not None:
            return _outcome(route, asked, lambda: open_route(asked))
        if guarded is None or room_type is None or asked.method != "POST":
            return UNKNOWN_ROUTE

        def ask() -> Answer:
            caller = self._identity.caller(asked, room_type)
            return self.repeats.once(caller, asked, lambda: guarded(caller, asked.body))

        return _outcome(route, asked, ask)

    def finish(self, hold: Hold, retry_ms: int = 0) -> msg.Wire:
        """Return what to send when a wait is over; ``retry_ms`` where we stop."""
        if self._im is not None and isinstance(hold, ImHold):
            return self._im.finish(hold)
        dialect = hold.caller.dialect
        if isinstance(hold, QueueHold):
            return msg.success(self._queue.place_now(hold, retry_ms), dialect)
        try:
            return msg.success(self._rooms.events_now(hold, retry_ms), dialect)
        except RoomProblem as problem:
            return _refused(msg.WaitEvents.ROUTE, dialect, problem.code)


def _of_v2(route: Callable[[Caller, msg.Wire], msg.Wire]) -> _Guarded:
    """Hide a route from the dialect whose servers did not have it."""

    def asked_by(caller: Caller, body: msg.Wire) -> msg.Wire:
        if caller.dialect is msg.Dialect.V1:
            raise RouteAbsent
        return route(caller, body)

    return asked_by


def _outcome(route: str, asked: Asked, ask: Callable[[], Answer]) -> Answer:
    try:
        answer = ask()
    except RouteAbsent:
        return UNKNOWN_ROUTE
    except msg.BadRequest as error:
        return _bad_request(route, _dialect_of(asked), error)
    except Refused as refused:
        refusal = _refused(route, _dialect_of(asked), refused.code, refused.message)
        return {**refusal, **refused.extra}
    except TooOften as refused:
        return refused.page()
    except RoomProblem as problem:
        return _refused(route, _dialect_of(asked), problem.code)
    return _whole(answer, asked)


def _dialect_of(asked: Asked) -> msg.Dialect:
    spoken = asked.bearer or asked.query.get("token") or asked.query.get("userSig")
    return msg.Dialect.V2 if spoken else msg.Dialect.V1


def _whole(answer: Answer, asked: Asked) -> Answer:
    """Add code and message to the fields of a success, now or when they come."""
    if isinstance(answer, Written | Hold | Page):
        return answer
    dialect = _dialect_of(asked)
    if not isinstance(answer, CloudCall):
        return msg.success(answer, dialect)
    call = answer

    def finish(reply: bytes | None) -> msg.Wire:
        return msg.success(call.finish(reply), dialect)

    return replace(call, finish=finish)


def _refused(
    route: str, dialect: msg.Dialect, code: msg.RoomCode, message: str = ""
) -> msg.Wire:
    return msg.failure(code, message or msg.text_of(code, route, dialect))


def _bad_request(route: str, dialect: msg.Dialect, error: msg.BadRequest) -> msg.Wire:
    """Answer as the originals word it; ``field`` is ours and names the culprit."""
    if error.code is msg.RoomCode.EXCEPTION:
        return msg.exception(str(error))
    return {**_refused(route, dialect, error.code), "field": str(error)}
