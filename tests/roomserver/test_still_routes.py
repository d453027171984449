"""Still pictures: for members of the same room, for a short while, and never large."""

from __future__ import annotations

import pytest

from kiosk.room.fields import Fields
from kiosk.room.still_requests import (
    GET_BYTES,
    MAX_STILL_BYTES,
    PUT_BYTES,
    GetStill,
    PutStill,
    StillPart,
)
from kiosk.roomserver.asking import Refused
from kiosk.roomserver.stills import KEEP_S, UNFINISHED_S, Stills
from kiosk.roomserver.store import Seat
from tests.fakes.room_core import FakeCore, Json


JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 1_200 + b"\xff\xd9"
"""Of seven parts up, and three down."""


def call() -> FakeCore:
    """Return a room with an agent and a customer in it, and a stranger outside."""
    core = FakeCore()
    core.create("agent")
    core.join("customer")
    core.create("stranger", "elsewhere")
    return core


def seat_of(user: str, epoch: int = 1) -> Seat:
    return Seat(user, user, "", "stream", epoch, 0)


def put(core: FakeCore, part: StillPart, user: str = "customer", **to: str) -> Json:
    room_id = to.get("room", "desk")
    wire = PutStill(room_id, to.get("named", user), part).to_wire()
    return core.ask("put_still", wire, user=user)


def put_whole(core: FakeCore, jpeg: bytes = JPEG, user: str = "customer") -> None:
    for at in range(0, len(jpeg), PUT_BYTES):
        part = StillPart(len(jpeg), at, jpeg[at : at + PUT_BYTES])
        assert put(core, part, user)["code"] == 0


def get(core: FakeCore, offset: int = 0, user: str = "agent", **to: str) -> Json:
    sender = to.get("sender", "customer")
    wire = GetStill(to.get("room", "desk"), user, sender, offset).to_wire()
    return core.ask("get_still", wire, user=user)


def get_whole(core: FakeCore, user: str = "agent") -> bytes:
    jpeg, size = b"", 1
    while len(jpeg) < size:
        answer = get(core, len(jpeg), user)
        assert answer["code"] == 0, answer
        part = StillPart.read(Fields(answer))
        jpeg, size = jpeg + part.data, part.size
    return jpeg


def test_a_member_fetches_what_another_left_byte_for_byte() -> None:
    core = call()
    put_whole(core)

    assert get_whole(core) == JPEG
    assert len(JPEG) > 2 * GET_BYTES


def test_a_part_that_comes_twice_changes_nothing() -> None:
    core = call()
    for at in range(0, len(JPEG), PUT_BYTES):
        part = StillPart(len(JPEG), at, JPEG[at : at + PUT_BYTES])
        assert [put(core, part)["code"] for _ in range(2)] == [0, 0]

    assert get_whole(core) == JPEG


def test_a_new_still_takes_the_place_of_the_last() -> None:
    core = call()
    put_whole(core)
    newer = b"\xff\xd8\xff newer"
    put_whole(core, newer)

    assert get_whole(core) == newer


def test_a_still_is_not_given_before_it_is_whole() -> None:
    core = call()
    put(core, StillPart(len(JPEG), 0, JPEG[:PUT_BYTES]))

    assert get(core)["code"] == 1


def test_whoever_is_not_in_the_room_is_given_nothing() -> None:
    core = call()
    put_whole(core)

    assert get(core, user="stranger")["code"] == 5
    assert get(core, user="stranger", room="elsewhere")["code"] == 5


def test_a_still_of_one_room_is_not_given_in_another() -> None:
    core = call()
    put_whole(core)
    core.create("customer", "third")
    core.join("agent", "third")

    assert get(core, room="third")["code"] == 1


def test_whoever_is_in_no_room_leaves_nothing_there() -> None:
    core = call()
    part = StillPart(len(JPEG), 0, JPEG[:PUT_BYTES])

    assert put(core, part, "stranger")["code"] == 5
    assert put(core, part, "stranger", named="customer")["code"] == 7
    assert get(core)["code"] == 1


def test_a_left_seat_takes_its_still_along() -> None:
    core = call()
    put_whole(core)
    left: Json = {"roomID": "desk", "userID": "customer"}
    core.ask("delete_pusher", left, user="customer")

    assert get(core)["code"] == 5
    core.sweep()
    core.join("customer")
    assert get(core)["code"] == 1


def test_an_old_still_is_gone_and_its_memory_with_it() -> None:
    stills = Stills()
    stills.put("desk", seat_of("customer"), StillPart(4, 0, b"\xff\xd8\xff!"), 10.0)

    with pytest.raises(Refused):
        stills.get("desk", seat_of("customer"), 0, 10.0 + KEEP_S)
    stills.sweep(10.0 + KEEP_S, lambda *_seat: True)
    assert len(stills) == 0


def test_a_seat_taken_anew_has_no_still_of_the_one_before() -> None:
    core = call()
    put_whole(core)
    left: Json = {"roomID": "desk", "userID": "customer"}
    core.ask("delete_pusher", left, user="customer")
    core.join("customer")

    assert get(core)["code"] == 1
    put(core, StillPart(9, 0, b"\xff\xd8\xff"))
    core.join("customer")
    assert put(core, StillPart(9, 3, b"456789"))["code"] == 1
    put_whole(core)
    assert get_whole(core) == JPEG


def test_a_still_of_an_earlier_seat_is_swept_though_its_sender_sits_again() -> None:
    stills = Stills()
    stills.put("desk", seat_of("customer"), StillPart(4, 0, b"\xff\xd8\xff!"), 0.0)
    stills.sweep(1.0, lambda _room, _user, epoch: epoch == 1)
    assert len(stills) == 1

    stills.sweep(1.0, lambda _room, _user, epoch: epoch == 2)
    assert len(stills) == 0


def test_nothing_that_comes_again_keeps_a_still_for_longer() -> None:
    stills, customer = Stills(), seat_of("customer")
    parts = StillPart(6, 0, b"\xff\xd8\xff"), StillPart(6, 3, b"456")
    for at in (0.0, 1.0, KEEP_S - 1.0):
        for part in parts:
            stills.put("desk", customer, part, at)
    assert stills.get("desk", customer, 0, KEEP_S - 0.1).size == 6

    with pytest.raises(Refused):
        stills.get("desk", customer, 0, KEEP_S)


def test_parts_that_come_slowly_do_not_keep_a_still_for_longer() -> None:
    stills, customer = Stills(), seat_of("customer")
    rest = [StillPart(13, offset, b"x") for offset in range(3, 13)]
    parts = [StillPart(13, 0, b"\xff\xd8\xff"), *rest[:-1]]
    for number, part in enumerate(parts):
        stills.put("desk", customer, part, number * (KEEP_S - 1.0) / len(rest))

    with pytest.raises(Refused):
        stills.put("desk", customer, rest[-1], KEEP_S)


def test_a_first_part_that_comes_late_again_undoes_nothing() -> None:
    core = call()
    first = StillPart(9, 0, b"\xff\xd8\xff")
    put(core, first)
    put(core, StillPart(9, 3, b"456"))

    assert put(core, first)["code"] == 0
    assert put(core, StillPart(9, 6, b"789"))["code"] == 0
    assert get_whole(core) == b"\xff\xd8\xff456789"


def test_an_unfinished_still_soon_makes_room_for_others() -> None:
    stills = Stills(max_bytes=10)
    stills.put("desk", seat_of("ann"), StillPart(6, 0, b"\xff\xd8\xff"), 0.0)
    stills.put("desk", seat_of("ann"), StillPart(6, 3, b"4"), 10.0)
    stills.sweep(10.0 + UNFINISHED_S - 0.1, lambda *_seat: True)
    assert len(stills) == 1

    end = 10.0 + UNFINISHED_S
    with pytest.raises(Refused):
        stills.put("desk", seat_of("ann"), StillPart(6, 4, b"56"), end)
    stills.sweep(end, lambda *_seat: True)
    stills.put("desk", seat_of("bob"), StillPart(10, 0, b"\xff\xd8\xff"), end)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": MAX_STILL_BYTES + 1},
        {"size": 2},
        {"offset": 5},
        {"offset": -1},
        {"data": ""},
        {"data": "no base64!"},
        {"data": "R0lGODlh"},
    ],
    ids=["oversize", "beyond", "not next", "negative", "empty", "garbled", "a GIF"],
)
def test_what_is_no_part_of_a_jpeg_is_not_kept(wrong: Json) -> None:
    core = call()
    good = PutStill("desk", "customer", StillPart(9, 0, b"\xff\xd8\xff")).to_wire()

    assert core.ask("put_still", {**good, **wrong}, user="customer")["code"] != 0
    assert get(core)["code"] == 1


def test_a_part_that_does_not_follow_is_refused_and_the_still_goes_on() -> None:
    core = call()
    put(core, StillPart(9, 0, b"\xff\xd8\xff"))

    assert put(core, StillPart(9, 6, b"789"))["code"] == 1
    assert put(core, StillPart(8, 3, b"456"))["code"] == 1
    assert put(core, StillPart(9, 0, b"\xff\xd8\xff"))["code"] == 0
    assert put(core, StillPart(9, 3, b"456789"))["code"] == 0
    assert get(core, 9)["code"] == 1


def test_another_text_under_an_old_offset_is_refused() -> None:
    core = call()
    put(core, StillPart(9, 0, b"\xff\xd8\xff"))
    put(core, StillPart(9, 3, b"456"))

    assert put(core, StillPart(9, 3, b"xyz"))["code"] == 1


def test_all_stills_together_have_a_limit_that_old_ones_make_room_under() -> None:
    stills = Stills(max_bytes=10)
    whole = StillPart(6, 0, b"\xff\xd8\xff456")
    stills.put("desk", seat_of("ann"), whole, 0.0)
    with pytest.raises(Refused):
        stills.put("desk", seat_of("bob"), whole, KEEP_S - 1.0)

    stills.sweep(KEEP_S, lambda *_seat: True)
    stills.put("desk", seat_of("bob"), whole, KEEP_S)
    assert len(stills) == 1


def test_without_a_login_the_routes_are_not_there() -> None:
    core = call()
    wire = PutStill("desk", "nobody", StillPart(9, 0, b"\xff\xd8\xff")).to_wire()

    assert core.ask("put_still", wire) == {"code": 0, "data": {}}
