"""The texts that are kept of rooms: written once for a record, never for another."""

from __future__ import annotations

from dataclasses import replace

from kiosk.room import messages as msg
from kiosk.room.live_requests import Watcher
from kiosk.roomserver.store import RoomRecord, Seat
from kiosk.roomserver.written_rooms import WrittenRooms


AGENT = Seat("agent", "Anna", "123", "8525_a_x", epoch=1, taken_at_unix=0)
KIOSK = Seat("kiosk", "Kiosk 7", "123", "8525_b_x", epoch=2, taken_at_unix=0)
DESK = RoomRecord("desk", "Desk", "agent", "agent", (AGENT, KIOSK), seq=2)
SHOW = replace(DESK, room_id="live_room/show", audience=(Watcher("ann", "Ann"),))


def written() -> WrittenRooms:
    return WrittenRooms(7.0, max_rooms=3)


def told(rooms: WrittenRooms, record: RoomRecord, *, recording: bool = False) -> object:
    return msg.parse_json(b"{%b}" % rooms.room(record, recording=recording).fields())


def listed(rooms: WrittenRooms, record: RoomRecord) -> msg.Wire:
    return msg.parse_json(b"{%b}" % rooms.in_list(record).fields())


def beaten(
    rooms: WrittenRooms, record: RoomRecord, *, recording: bool = False
) -> object:
    return msg.parse_json(b"{%b}" % rooms.seat(record, KIOSK, recording=recording))


def test_a_record_is_written_once() -> None:
    rooms = written()

    assert rooms.room(DESK, recording=False) is rooms.room(DESK, recording=False)
    assert rooms.in_list(DESK) is rooms.in_list(DESK)
    assert rooms.seat(DESK, KIOSK, recording=False) is rooms.seat(
        DESK, KIOSK, recording=False
    )
    assert len(rooms) == 1


def test_a_room_that_changed_is_told_as_it_is() -> None:
    rooms = written()
    before = told(rooms, DESK), listed(rooms, DESK), beaten(rooms, DESK)
    changed = replace(DESK, label="Desk 2", seats=(KIOSK,), seq=3)

    after = told(rooms, changed), listed(rooms, changed), beaten(rooms, changed)

    anew = written()
    assert after == (told(anew, changed), listed(anew, changed), beaten(anew, changed))
    assert all(old != new for old, new in zip(before, after, strict=True))
    assert len(rooms) == 1


def test_an_equal_record_that_is_another_is_written_anew() -> None:
    rooms = written()
    text = rooms.in_list(DESK)

    assert rooms.in_list(replace(DESK)) is not text


def test_a_recording_that_begins_and_ends_is_told_at_once() -> None:
    rooms = written()

    flags = [
        [
            b'"recording":true' in text
            for text in (
                rooms.room(DESK, recording=on).fields(),
                rooms.seat(DESK, KIOSK, recording=on),
            )
        ]
        for on in (False, True, False)
    ]

    assert flags == [[False, False], [True, True], [False, False]]


def test_each_member_is_told_the_epoch_of_its_own_seat() -> None:
    rooms = written()

    epochs = [
        msg.parse_json(b"{%b}" % rooms.seat(DESK, seat, recording=False))["epoch"]
        for seat in (AGENT, KIOSK, AGENT)
    ]

    assert epochs == [1, 2, 1]


def test_only_a_live_room_in_a_list_tells_how_many_watch() -> None:
    rooms = written()

    assert listed(rooms, SHOW)["audienceCount"] == 1
    assert "audienceCount" not in listed(rooms, DESK)
    assert "audienceCount" not in msg.parse_json(
        b"{%b}" % rooms.room(SHOW, recording=False).fields()
    )


def test_texts_of_so_many_rooms_are_kept_and_the_others_are_told_as_well() -> None:
    rooms = written()
    records = [replace(DESK, room_id=f"desk{number}") for number in range(9)]

    names = [listed(rooms, record)["roomID"] for record in records + records]

    assert names == [record.room_id for record in records] * 2
    assert len(rooms) == 3


def test_the_texts_of_a_room_that_ended_are_not_kept() -> None:
    rooms = written()
    record = replace(DESK)
    told(rooms, record), listed(rooms, record), beaten(rooms, record)
    assert len(rooms) == 1

    del record

    assert len(rooms) == 0


def test_the_end_of_a_record_leaves_the_texts_of_the_one_in_its_place() -> None:
    rooms = written()
    before = replace(DESK)
    rooms.in_list(before)
    text = rooms.in_list(DESK)

    del before

    assert rooms.in_list(DESK) is text


def test_a_room_that_changes_takes_the_place_of_no_other() -> None:
    rooms = written()
    records = [replace(DESK, room_id=f"desk{number}") for number in range(3)]
    texts = [rooms.in_list(record) for record in records]
    changed = replace(records[2], seq=3)
    rooms.in_list(changed)

    assert [rooms.in_list(record) for record in records[:2]] == texts[:2]
    assert len(rooms) == 3
