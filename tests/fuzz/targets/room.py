"""
Room messages and IM messages, in both directions.

The first line of an input names the message; without a known name its bytes choose one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast
from zlib import crc32

from kiosk.agentdesk.orders import BadOrder, read_order
from kiosk.errors import RoomError, RoomProtocolError
from kiosk.room import im, im_requests
from kiosk.room import messages as msg
from kiosk.room.fleet_report import FleetReport
from kiosk.room.im_messages import Said, body_of, read_said
from tests.fuzz.target import Target
from tests.wire.test_room_messages import ANSWERS, READERS


T = TypeVar("T")
READ = {
    **READERS,
    "login": msg.Login.from_wire,
    "report": FleetReport.from_wire,
    "queue_seat": msg.QueueSeat.from_wire,
    "leave_queue": msg.LeaveQueue.from_wire,
}
IM_READ = {
    "get_msg": im.GetMessages.from_wire,
    "send_group_msg": im.SendMessage.from_wire,
    "group": im.group_id,
    "said": read_said,
}
IM_ASKED: dict[str, im_requests.ImRequest[object]] = {
    "login": im_requests.LogIn(),
    "apply_join_group": im_requests.JoinGroup("r"),
    "get_msg": im_requests.ListenToGroup("r", 0, "k"),
    "send_group_msg": im_requests.SayToGroup("r", "u", "n", "", Said("hello"), 1),
    "quit_group": im_requests.QuitGroup("r"),
}


def chosen(given: bytes, among: Mapping[str, T]) -> tuple[T, bytes]:
    """Return what the first line names, and what stands below it."""
    line, _, body = given.partition(b"\n")
    name = line.decode("latin-1")
    if name not in among:
        return [*among.values()][crc32(given) % len(among)], given
    return among[name], body


def _request(given: bytes) -> None:
    read, body = chosen(given, READ)
    wire = msg.parse_json(body)
    request = cast("msg.Request[object]", read(wire))
    again = msg.parse_json(msg.dump_json(request.to_wire()))
    assert read(again) == request


def _answer(given: bytes) -> None:
    (request, _), body = chosen(given, ANSWERS)
    answer = msg.read_answer(request, body)
    repr(answer).encode()  # as a log would write it
    if isinstance(answer, msg.Room | msg.Seated | msg.Account | msg.RoomCreated):
        whole = msg.dump_json(msg.success(answer.to_wire()))
        assert msg.read_answer(request, whole) == answer


def _im_request(given: bytes) -> None:
    read, body = chosen(given, IM_READ)
    read(msg.parse_json(body))


def _im_answer(given: bytes) -> None:
    request, body = chosen(given, IM_ASKED)
    answer = im_requests.read_gateway_answer(request, body)
    for heard in getattr(answer, "heard", ()):
        if isinstance(heard, im_requests.TextHeard):
            msg.dump_json({"MsgBody": body_of(heard.said, "n", "")})


def _order(given: bytes) -> None:
    read_order(given.decode("utf-8", "replace"))


JSON_WORDS = (
    *(b"NaN", b"-Infinity", b"1e999", b"-1e999", b"1E400", b"9" * 40, b"0.0", b"-0"),
    *(b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'"\\u202e"', b"\xef\xbb\xbf"),
    *(b"false", b"true", b"null", b"[]", b"{}", b"[[[[[[[[[[[[[[[[[[", b'{"a":' * 17),
    *(
        b'"code":0,',
        b'"code":false,',
        b'"code":5001,',
        b'"roomID":"", ',
        b'"epoch":-1,',
    ),
    *(b"]", b"}", b",", b":", b'"', b"\\", b'"a" ', b"\x00", b"\xff", b"\xed\xa0\x80"),
    *(b'"__proto__"', b'"../x"', b'"\\r\\nX: y"', b'"rtmp://h/live/s_x?txSecret=0"'),
)

TARGETS = (
    Target(
        "room_request",
        _request,
        (msg.BadJson, msg.BadRequest),
        JSON_WORDS,
        is_json=True,
    ),
    Target("room_answer", _answer, (RoomError,), JSON_WORDS, is_json=True),
    Target(
        "im_request",
        _im_request,
        (msg.BadJson, msg.BadRequest),
        JSON_WORDS,
        is_json=True,
    ),
    Target(
        "im_answer",
        _im_answer,
        (RoomProtocolError, im_requests.ImRefused),
        JSON_WORDS,
        is_json=True,
    ),
    Target("desk_order", _order, (BadOrder,), JSON_WORDS, is_json=True),
)
