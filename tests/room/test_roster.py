from __future__ import annotations

from kiosk.room.messages import Member
from kiosk.room.roster import RosterChange, compare, digest, digest_of_streams, others


def member(user_id: str, url: str = "") -> Member:
    return Member(user_id, user_id, "", url or f"rtmp://h/live/{user_id}")


ALICE, BOB, ME = member("alice"), member("bob"), member("me")


def test_who_came_and_who_went_is_told() -> None:
    change = compare([ALICE], [BOB], "me")

    assert change == RosterChange(joined=(BOB,), left=(ALICE,))
    assert not change.is_empty


def test_a_member_back_with_another_url_has_moved() -> None:
    moved = member("alice", "rtmp://h/live/alice2")

    assert compare([ALICE], [moved], "me") == RosterChange(moved=(moved,))


def test_oneself_is_never_part_of_a_change() -> None:
    assert compare([], [ME], "me").is_empty
    assert compare([ME], [], "me").is_empty
    assert compare([ME], [member("me", "rtmp://h/live/2")], "me").is_empty
    assert others([ME, ALICE], "me") == (ALICE,)


def test_the_same_members_in_another_order_are_no_change() -> None:
    assert compare([ALICE, BOB], [BOB, ALICE], "me").is_empty


def test_a_member_named_twice_counts_once() -> None:
    assert compare([], [ALICE, ALICE], "me").joined == (ALICE,)


def test_equal_member_sets_have_equal_digests_whatever_their_signatures() -> None:
    signed = member("alice", "rtmp://h/live/alice?txSecret=1&txTime=2")

    assert digest([ALICE, BOB]) == digest([BOB, signed])
    assert digest([ALICE]) == digest_of_streams([("alice", "alice")])
    assert digest([ALICE]) != digest([ALICE, BOB])
    assert digest([ALICE]) != digest([member("alice", "rtmp://h/live/alice2")])
