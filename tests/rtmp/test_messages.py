"""Control messages, commands, metadata and aggregates."""

from __future__ import annotations

import pytest

from kiosk.errors import WireError
from kiosk.rtmp import messages as m
from kiosk.rtmp.amf0 import EcmaArray, encode
from kiosk.rtmp.chunks import Message


def test_a_command_round_trips() -> None:
    message = m.command("play", 4, None, "kiosk-7", -2000, stream_id=1)

    assert message.type_id == 20
    assert m.parse_command(message) == m.Command(
        "play", 4.0, (None, "kiosk-7", -2000.0), 1
    )


def test_a_command_of_type_17_carries_amf0_behind_a_zero() -> None:
    payload = m.command("play", 4, None).payload

    assert m.parse_command(Message(17, 0, 0, b"\0" + payload)).name == "play"
    assert m.parse_command(Message(17, 0, 0, payload)).name == "play"


def test_a_command_may_leave_out_its_transaction() -> None:
    assert m.parse_command(Message(20, 0, 0, encode("onBWDone"))).transaction == 0.0


@pytest.mark.parametrize("values", [(), (1.0,), (None, 1.0), ("play", "one")])
def test_a_command_needs_name_and_transaction(values: tuple[str | float]) -> None:
    with pytest.raises(WireError, match="without name and transaction"):
        m.parse_command(Message(20, 0, 0, encode(*values)))


def test_arguments_of_the_wrong_type_read_as_empty() -> None:
    command = m.Command("x", 0, ("text", {"a": 1.0}))

    assert (command.text(0), command.text(1), command.text(2)) == ("text", "", "")
    assert (command.fields(0), command.fields(1), command.fields(9)) == (
        {},
        {"a": 1.0},
        {},
    )


def test_a_status_is_a_command_on_the_stream() -> None:
    command = m.parse_command(m.status("NetStream.Play.Start", "go", stream_id=1))

    assert command.stream_id == 1
    assert command.fields(1) == {
        "level": "status",
        "code": "NetStream.Play.Start",
        "description": "go",
    }


@pytest.mark.parametrize(
    ("message", "type_id", "payload"),
    [
        (m.acknowledgement(0x1_0000_0001), 3, "00000001"),
        (m.window_size(2_500_000), 5, "002625a0"),
        (m.peer_bandwidth(2_500_000), 6, "002625a002"),
        (m.user_control(m.STREAM_BEGIN, 1), 4, "000000000001"),
        (m.user_control(m.SET_BUFFER_LENGTH, 1, 100), 4, "00030000000100000064"),
    ],
)
def test_control_messages_have_the_specified_bytes(
    message: Message, type_id: int, payload: str
) -> None:
    assert message == Message(type_id, 0, 0, bytes.fromhex(payload))


def test_control_messages_are_read_back() -> None:
    assert m.parse_number(m.peer_bandwidth(7)) == 7
    assert m.parse_user_control(m.user_control(3, 1, 100)) == m.UserControl(3, 1, 100)
    assert m.parse_user_control(m.user_control(6, 9)) == m.UserControl(6, 9)


def test_control_messages_cut_short_are_refused() -> None:
    with pytest.raises(WireError, match="control message 5 is cut short"):
        m.parse_number(Message(5, 0, 0, b"\0\0\0"))
    with pytest.raises(WireError, match="user control message is cut short"):
        m.parse_user_control(Message(4, 0, 0, b"\0"))


METADATA = encode("onMetaData", EcmaArray(width=640))


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (Message(18, 1, 0, encode("@setDataFrame") + METADATA), METADATA),
        (Message(18, 1, 0, METADATA), METADATA),
        (Message(15, 1, 0, b"\0" + METADATA), METADATA),
        (Message(18, 1, 0, encode("|RtmpSampleAccess", False, False)), None),
        (Message(18, 1, 0, b""), None),
    ],
)
def test_metadata_is_told_from_other_data(
    message: Message, found: bytes | None
) -> None:
    assert m.metadata_of(message) == found


def flv_tag(type_id: int, timestamp: int, body: bytes) -> bytes:
    low, high = timestamp & 0xFFFFFF, timestamp >> 24
    head = bytes((type_id,)) + len(body).to_bytes(3, "big")
    head += low.to_bytes(3, "big") + bytes((high,)) + bytes(3)
    return head + body + (11 + len(body)).to_bytes(4, "big")


def test_an_aggregate_is_split_and_timed_from_its_own_timestamp() -> None:
    tags = flv_tag(8, 0x01000000, b"sound") + flv_tag(9, 0x01000028, b"picture")

    assert m.split_aggregate(Message(22, 1, 5000, tags)) == [
        Message(8, 1, 5000, b"sound"),
        Message(9, 1, 5040, b"picture"),
    ]


@pytest.mark.parametrize("kept", [1, 5, 10, 12, 15])
def test_an_aggregate_cut_short_is_refused(kept: int) -> None:
    tag = flv_tag(8, 0, b"sound")

    with pytest.raises(WireError, match="aggregate"):
        m.split_aggregate(Message(22, 1, 0, tag[:kept]))


def test_the_timestamp_of_an_aggregates_tag_has_four_bytes() -> None:
    tags = flv_tag(8, 0x01000000, b"sound") + flv_tag(9, 0x02000028, b"picture")

    first, second = m.split_aggregate(Message(22, 1, 5000, tags))

    assert second.timestamp - first.timestamp == 0x01000028


def test_a_user_control_message_may_carry_its_event_alone() -> None:
    assert m.parse_user_control(Message(4, 0, 0, bytes.fromhex("0007"))).event == 7
