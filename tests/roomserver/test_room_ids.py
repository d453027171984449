from __future__ import annotations

import secrets

import pytest

from kiosk.room.fields import valid_id
from kiosk.roomserver.room_ids import RoomIds


LONGEST_GROUP_ID = 48  # of the IM cloud


def test_ids_differ_and_are_known_again_by_who_has_the_key() -> None:
    ids = RoomIds(b"k" * 32, secrets.token_bytes)
    made = {ids.new() for _ in range(1000)}

    assert len(made) == 1000
    assert all(ids.made(one) for one in made)
    assert all(RoomIds(b"k" * 32, secrets.token_bytes).made(one) for one in made)
    assert not any(RoomIds(b"other", secrets.token_bytes).made(one) for one in made)


def test_an_id_fits_the_grammar_and_the_clouds_groups() -> None:
    one = RoomIds(b"k" * 32, secrets.token_bytes).new()

    assert valid_id("roomID", one) == one
    assert len(one) <= LONGEST_GROUP_ID


@pytest.mark.parametrize(
    "chosen", ["", "desk", "room_", "room_" + "0" * 40, "room_" + "0" * 32, "rooms"]
)
def test_an_id_a_client_thought_of_is_none_of_ours(chosen: str) -> None:
    assert not RoomIds(b"k" * 32, secrets.token_bytes).made(chosen)


def test_an_id_with_one_digit_changed_is_none_of_ours() -> None:
    ids = RoomIds(b"k" * 32, secrets.token_bytes)
    one = ids.new()
    for at in range(len("room_"), len(one)):
        other = "1" if one[at] == "0" else "0"
        assert not ids.made(f"{one[:at]}{other}{one[at + 1 :]}")
