from __future__ import annotations

import pytest

from kiosk.room.answers import EventKind, Events, RoomEvent
from kiosk.room.codes import Dialect
from kiosk.room.event_requests import SendRoomTextMsg
from kiosk.room.fields import BadRequest, Fields


@pytest.mark.parametrize(
    "message",
    [
        SendRoomTextMsg("r", "alice", "hello"),
        SendRoomTextMsg("r", "alice", "microphone off", "muted"),
        SendRoomTextMsg("r", "alice", "", "wave", custom=True),
    ],
)
@pytest.mark.parametrize("dialect", Dialect)
def test_a_text_crosses_the_wire_with_what_it_is(
    message: SendRoomTextMsg, dialect: Dialect
) -> None:
    assert SendRoomTextMsg.from_wire(message.to_wire(), dialect) == message


def test_a_typed_text_looks_as_it_always_did() -> None:
    wire = SendRoomTextMsg("r", "alice", "hello").to_wire()

    assert wire == {"roomID": "r", "userID": "alice", "text": "hello"}


@pytest.mark.parametrize("custom", [False, True])
@pytest.mark.parametrize("text", ["x" * 1025, "a\0b"])
def test_no_kind_of_text_is_too_long_or_unprintable(text: str, custom: bool) -> None:
    wire = SendRoomTextMsg("r", "alice", text, "wave", custom).to_wire()

    with pytest.raises(BadRequest, match="text"):
        SendRoomTextMsg.from_wire(wire)


def test_what_a_text_is_called_is_an_id() -> None:
    wire = SendRoomTextMsg("r", "alice", "x", "no id").to_wire()

    with pytest.raises(BadRequest, match="cmd"):
        SendRoomTextMsg.from_wire(wire)


@pytest.mark.parametrize(
    "event",
    [
        RoomEvent(3, EventKind.TEXT, "alice", 1, "microphone off", "muted"),
        RoomEvent(4, EventKind.CUSTOM, "alice", 1, "", "wave"),
        RoomEvent(5, EventKind.LEFT, "alice", 1),
    ],
)
def test_an_event_crosses_the_wire_with_what_it_is(event: RoomEvent) -> None:
    assert RoomEvent.read(event.to_wire()) == event


def test_a_server_that_stops_says_so_on_the_wire() -> None:
    told = Events((), 3, "d", retry_ms=1500)
    wire = told.to_wire()

    assert (wire["stopping"], wire["retryMs"]) == (True, 1500)
    assert Events.read(Fields(wire)) == told


def test_a_server_that_goes_on_says_nothing_of_stopping() -> None:
    wire = Events((), 3).to_wire()

    assert set(wire) == {"events", "seq", "digest", "resync"}
    assert Events.read(Fields({**wire, "stopping": False, "retryMs": 9})).retry_ms == 0
