"""
Having Tencent's cloud mix the streams of a live room, where an account is given.

The signed call is the original's (protocol section 5).  Unlike there the server
does not sign whatever it is handed: only the room's creator asks, and only for
streams of the room's own members (``reliability.md`` S03, S06, S09).  Nothing is
sent from here; a route returns what is to be sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlencode

from kiosk.room import messages as msg
from kiosk.roomserver.asking import (
    Caller,
    CloudCall,
    Refused,
    ServerClock,
    only_oneself,
)
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.store import RoomRecord


ENDPOINT = "https://fcgi.video.qcloud.com/common_access"
INTERFACE = "mix_streamv2.start_mix_stream_advanced"
_INTERFACE_NAME = "Mix_StreamV2"
_VALID_S = 60
_MAX_INPUTS = 16
_NOT_CONFIGURED = "mixing is not configured: give [mixing] app_id and api_key"


@dataclass(frozen=True, slots=True)
class MixingAccount:
    """An account with the cloud."""

    app_id: int
    api_key: str = field(repr=False)
    endpoint: str = ENDPOINT


def signed_url(account: MixingAccount, interface: str, end_unix: int) -> str:
    """Return the URL of a call to the cloud's common interface; a secret."""
    text = f"{account.api_key}{end_unix}".encode()
    sign = hashlib.md5(text, usedforsecurity=False).hexdigest()
    query = {
        "appid": account.app_id,
        "interface": interface,
        "t": end_unix,
        "sign": sign,
    }
    return f"{account.endpoint}?{urlencode(query)}"


class MixingRoutes:
    """``merge_stream`` of both generations."""

    def __init__(
        self, rooms: Rooms, clock: ServerClock, account: MixingAccount | None
    ) -> None:
        self._rooms = rooms
        self._clock = clock
        self._account = account

    def merge_stream(self, caller: Caller, body: msg.Wire) -> CloudCall:
        """
        Return the call that mixes the room's streams.

        Raises:
            BadRequest: The parameters are not of the cloud's format, or name a
                stream that is not of this room.
            Refused: The room is not there or not the caller's, or mixing is not
                configured.

        """
        asked = msg.MergeStream.from_wire(body, caller.dialect)
        only_oneself(caller, asked.user_id)
        account = self._account
        if account is None:
            raise Refused(msg.RoomCode.SERVER_ERROR, _NOT_CONFIGURED)
        record = self._rooms.find(caller.key(asked.room_id))
        if record is None or record.creator != asked.user_id:
            raise Refused(msg.RoomCode.NO_SUCH_ROOM)
        _refuse_foreign(asked.params, record)
        end = int(self._clock.unix()) + _VALID_S
        url = signed_url(account, INTERFACE, end)
        return CloudCall(url, msg.dump_json(asked.params), _finish)


def _finish(reply: bytes | None) -> msg.Wire:
    """Pass the cloud's answer on; an empty one where it makes none (v2 original)."""
    try:
        result = msg.parse_json(reply or b"")
    except msg.BadJson:
        result = {}
    return msg.Mixed(result).to_wire()


def _refuse_foreign(params: msg.Wire, record: RoomRecord) -> None:
    streams = {seat.stream for seat in record.seats}
    interface = _object(params, "interface")
    para = _object(interface, "para")
    if interface.get("interfaceName") != _INTERFACE_NAME:
        raise _wrong("interface.interfaceName")
    if para.get("interface") != INTERFACE:
        raise _wrong("interface.para.interface")
    inputs = para.get("input_stream_list")
    if not isinstance(inputs, list):
        raise _wrong("interface.para.input_stream_list")
    listed = cast("list[object]", inputs)
    named = [para.get("output_stream_id"), para.get("mix_stream_session_id")]
    if not 1 <= len(listed) <= _MAX_INPUTS:
        raise _wrong("interface.para.input_stream_list")
    named += [_object({"": one}, "").get("input_stream_id") for one in listed]
    if not all(isinstance(name, str) and name in streams for name in named):
        raise msg.BadRequest("mergeParams", "names a stream that is not of this room")


def _object(wire: msg.Wire, name: str) -> msg.Wire:
    value = wire.get(name)
    if not isinstance(value, dict):
        raise _wrong(name or "an entry of input_stream_list")
    return cast("msg.Wire", value)


def _wrong(name: str) -> msg.BadRequest:
    return msg.BadRequest("mergeParams", f"{name} is not as {INTERFACE} wants it")
