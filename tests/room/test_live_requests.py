"""The wire of live_room: what a client sends is what a server reads."""

from __future__ import annotations

import pytest

from kiosk.errors import RoomProtocolError
from kiosk.room import messages as msg


PARAMS: msg.Wire = {"interface": {"para": {}}}


def test_what_a_client_asks_is_what_a_server_reads() -> None:
    set_number = msg.SetCustomField("r", "likes", msg.FieldChange.SET, 3)
    count = msg.SetCustomField("r", "likes", msg.FieldChange.DECREASE)
    watch = msg.AddAudience("r", "u", "info")
    leave = msg.DeleteAudience("r", "u")
    merge = msg.MergeStream("r", "u", PARAMS)

    assert msg.SetCustomField.from_wire(set_number.to_wire()) == set_number
    assert msg.SetCustomField.from_wire(count.to_wire()) == count
    assert msg.GetCustomInfo.from_wire({"roomID": "r"}) == msg.GetCustomInfo("r")
    assert msg.GetAudiences.from_wire({"roomID": "r"}) == msg.GetAudiences("r")
    assert msg.AddAudience.from_wire(watch.to_wire()) == watch
    assert msg.DeleteAudience.from_wire(leave.to_wire()) == leave
    assert msg.MergeStream.from_wire(merge.to_wire()) == merge


@pytest.mark.parametrize(
    ("request_", "fields", "read"),
    [
        (
            msg.GetCustomInfo("r"),
            {"custom": '{"likes":1}'},
            msg.CustomFields('{"likes":1}'),
        ),
        (
            msg.SetCustomField("r", "x", msg.FieldChange.INCREASE),
            {},
            msg.CustomFields("{}"),
        ),
        (
            msg.GetAudiences("r"),
            {"audienceCount": 2, "audiences": [{"userID": "u", "userInfo": "i"}]},
            msg.Audience(2, (msg.Watcher("u", "i"),)),
        ),
        (msg.AddAudience("r", "u"), {}, msg.Done()),
        (msg.DeleteAudience("r", "u"), {}, msg.Done()),
        (
            msg.MergeStream("r", "u", PARAMS),
            {"result": {"code": 5}},
            msg.Mixed({"code": 5}),
        ),
    ],
)
def test_an_answer_is_read(
    request_: msg.Request[object], fields: msg.Wire, read: object
) -> None:
    body = msg.dump_json(msg.success(fields))

    assert msg.read_answer(request_, body) == read


def test_a_live_room_in_a_list_tells_how_many_watch() -> None:
    room = msg.Room("r", "label", "u", (), audience_count=3)
    body = msg.success_text(msg.list_fields([msg.RoomText(room).fields()]))

    assert msg.read_answer(msg.GetRoomList(), body).rooms == (room,)


def test_an_answer_of_the_mixing_interface_is_an_object() -> None:
    body = msg.dump_json(msg.success({"result": "OK"}))

    with pytest.raises(RoomProtocolError, match="result: must be an object, not text"):
        msg.read_answer(msg.MergeStream("r", "u", PARAMS), body)


@pytest.mark.parametrize("given", [None, "", {}])
def test_v1_wants_parameters_that_are_not_empty(given: object) -> None:
    wire: msg.Wire = {"roomID": "r", "userID": "u", "mergeParams": given}

    with pytest.raises(msg.BadRequest, match="mergeParams: is missing"):
        msg.MergeStream.from_wire(wire, msg.Dialect.V1)


def test_parameters_may_be_json_text_and_bad_text_is_code_10() -> None:
    wire: msg.Wire = {"roomID": "r", "userID": "u", "mergeParams": '{"a":1}'}

    assert msg.MergeStream.from_wire(wire).params == {"a": 1}
    with pytest.raises(msg.BadRequest) as raised:
        msg.MergeStream.from_wire({**wire, "mergeParams": "x"})
    assert raised.value.code == 10


def set_to(value: object) -> msg.SetCustomField:
    wire: msg.Wire = {"roomID": "r", "fieldName": "x", "operation": "set"}
    return msg.SetCustomField.from_wire({**wire, "value": value})


def test_a_custom_field_holds_a_whole_number_or_a_short_text() -> None:
    assert [set_to(value).value for value in (0, -(2**53) + 1, "x")] == [
        0,
        -(2**53) + 1,
        "x",
    ]


@pytest.mark.parametrize("value", [None, "", 2**53, -(2**53), "x" * 257, 1.5, True])
def test_a_custom_field_holds_nothing_else(value: object) -> None:
    with pytest.raises(msg.BadRequest, match="value: "):
        set_to(value)


def test_the_operation_is_one_of_three() -> None:
    wire: msg.Wire = {"roomID": "r", "fieldName": "x", "operation": "mul"}

    with pytest.raises(msg.BadRequest, match="operation: must be inc, dec or set"):
        msg.SetCustomField.from_wire(wire)


def test_parameters_that_are_no_object_are_refused() -> None:
    wire: msg.Wire = {"roomID": "r", "userID": "u", "mergeParams": [1]}

    with pytest.raises(msg.BadRequest, match="mergeParams: must be an object"):
        msg.MergeStream.from_wire(wire)


@pytest.mark.parametrize(
    ("room_type", "seats"),
    [(msg.RoomType.DOUBLE, 2), (msg.RoomType.MULTI, 4), (msg.RoomType.LIVE, 4)],
)
def test_a_room_type_has_its_usual_seats(room_type: msg.RoomType, seats: int) -> None:
    assert room_type.usual_capacity == seats
