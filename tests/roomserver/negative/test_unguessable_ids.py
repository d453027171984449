"""Ids and tokens nobody can guess (S05): many are made, none comes twice or favours a digit."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable

import pytest

from kiosk.room.stream_ticket import new_jti
from kiosk.room.stream_url import new_stream_name
from kiosk.roomserver.room_ids import RoomIds
from kiosk.roomserver.sessions import Sessions
from tests.fakes.room_core import FakeCore, Json


MANY = 100_000
HEX, BASE32 = "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz234567"
BITS = 128

SESSIONS = Sessions(1_400_000_000, "36862", secrets.token_bytes)
ROOM_IDS = RoomIds(secrets.token_bytes(32), secrets.token_bytes)
DESK = FakeCore()

KINDS: dict[str, tuple[Callable[[], str], str, Callable[[str], str]]] = {
    "room": (ROOM_IDS.new, HEX, lambda made: made.removeprefix("room_")[:32]),
    "user": (
        lambda: DESK.core._new_id("user"),
        HEX,
        lambda made: made.removeprefix("user_"),
    ),
    "token": (lambda: SESSIONS.open("u", 0.0), HEX, lambda made: made[:32]),
    "stream": (
        lambda: new_stream_name("8525", secrets.token_bytes),
        BASE32,
        # of the last of 26 digits three bits are used
        lambda made: made.removeprefix("8525_").removesuffix("_x")[:25],
    ),
}
"""What is made, of which digits, and the random part of it."""


def chi_square(counts: Counter[str], digits: str) -> float:
    expected = counts.total() / len(digits)
    return sum((counts[digit] - expected) ** 2 / expected for digit in digits)


@pytest.mark.parametrize("kind", KINDS)
def test_no_id_comes_twice_and_no_digit_more_often_than_chance(kind: str) -> None:
    new, digits, random_part = KINDS[kind]
    made = [random_part(new()) for _ in range(MANY)]

    counts: Counter[str] = Counter()
    for place in range(len(made[0])):
        at_place = Counter(one[place] for one in made)
        counts += at_place
        # 15 or 31 degrees of freedom: by chance above 120 once in 10^12 at the most.
        assert chi_square(at_place, digits) < 120, place
    assert len(set(made)) == MANY
    assert chi_square(counts, digits) < 120
    assert counts.keys() == set(digits)
    assert len(made[0]) * (len(digits).bit_length() - 1) >= BITS - 3


def test_a_tickets_number_comes_once() -> None:
    made = {new_jti(secrets.token_bytes) for _ in range(MANY)}

    assert len(made) == MANY


@pytest.mark.parametrize("route", ["delete_pusher", "pusher_heartbeat"])
def test_a_room_one_is_not_in_is_answered_like_one_that_is_not_there(
    route: str,
) -> None:
    core = FakeCore()
    core.create("host", "there")
    core.log_in("guest")

    def asked(room_id: str) -> Json:
        return core.ask(route, {"roomID": room_id, "userID": "guest"}, user="guest")

    assert asked("there") == asked("not-there")
