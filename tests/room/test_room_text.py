"""Rooms as text: what is written once reads as what would be written each time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.room import messages as msg


TEXTS = st.lists(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from(['"', "\\", "%", "%b", '"accelerateURL":""', "\0"]),
    max_size=20,
).map("".join)
MEMBERS = st.builds(msg.Member, TEXTS, TEXTS, TEXTS, st.just(""))
ROOMS = st.builds(
    msg.Room,
    TEXTS,
    TEXTS,
    TEXTS,
    st.lists(MEMBERS, max_size=4).map(tuple),
    custom=TEXTS,
    seq=st.integers(0, 2**53 - 1),
    audience_count=st.none() | st.integers(0, 30),
    recording=st.booleans(),
)


def played(room: msg.Room, urls: list[str]) -> msg.Room:
    """Return the room with a play URL for each member."""
    pairs = zip(room.members, urls, strict=True)
    members = tuple(replace(member, play_url=url) for member, url in pairs)
    return replace(room, members=members)


@given(ROOMS, st.data())
def test_a_text_is_byte_for_byte_what_the_room_is_as_json(
    room: msg.Room, data: st.DataObject
) -> None:
    count = len(room.members)
    urls = data.draw(st.lists(TEXTS, min_size=count, max_size=count))
    text = msg.RoomText(room)

    assert b"{%b}" % text.fields() == msg.dump_json(room.to_wire())
    assert b"{%b}" % text.fields(urls) == msg.dump_json(played(room, urls).to_wire())


def test_a_name_that_looks_like_an_empty_url_is_given_none() -> None:
    sly = msg.Member("u", '","accelerateURL":""', '"accelerateURL":""}%b', "")
    room = msg.Room("r", "100 %", "u", (sly, sly))
    urls = ["rtmp://h/live/a?x=%41", "rtmp://h/live/b"]

    text = msg.RoomText(room).fields(urls)

    assert msg.parse_json(b"{%b}" % text) == played(room, urls).to_wire()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_is_as_long_as_there_are_rooms(count: int) -> None:
    rooms = [msg.Room(f"r{n}", "", "", ()) for n in range(count)]
    texts = [msg.RoomText(room).fields() for room in rooms]

    body = msg.success_text(msg.list_fields(texts))

    wires = [room.to_wire() for room in rooms]
    assert body == msg.dump_json(msg.success({"rooms": wires}))


@pytest.mark.parametrize("dialect", msg.Dialect)
def test_a_success_in_text_is_the_success_in_text(dialect: msg.Dialect) -> None:
    fields: msg.Wire = {"epoch": 3, "heartbeatS": 7.0}

    text = msg.success_text(msg.dump_json(fields)[1:-1], dialect)

    assert text == msg.dump_json(msg.success(fields, dialect))
