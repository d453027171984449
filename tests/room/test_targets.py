"""Which rooms an entry of ``target`` means."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kiosk.room.targets import HuntGroup, is_pattern, matching


@dataclass(frozen=True, slots=True)
class Desk:
    room_id: str
    label: str


ONE = Desk("room_1", "service-1")
TWO = Desk("room_2", "service-2")
LOANS = Desk("loans", "Loans [Zurich]")
ALL = [ONE, TWO, LOANS]


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("room_2", [TWO]),
        ("service-1", [ONE]),
        ("service-*", [ONE, TWO]),
        ("service-?", [ONE, TWO]),
        ("room_*", [ONE, TWO]),
        ("*", ALL),
        ("Loans [Zurich]", [LOANS]),
        ("Loans [Z*", [LOANS]),
        ("Service-*", []),
        ("service", []),
    ],
)
def test_a_target_is_an_id_a_label_or_a_pattern(target: str, meant: list[Desk]) -> None:
    assert matching(target, ALL) == meant


@pytest.mark.parametrize("target", ["room_2", "service-1", "service-*", "x?", "Loans"])
@pytest.mark.parametrize("desk", ALL, ids=lambda desk: desk.room_id)
def test_a_group_wants_the_rooms_its_targets_mean(target: str, desk: Desk) -> None:
    group = HuntGroup(["nowhere", target])
    ids = {room.room_id for room in ALL}

    wanted = group.wants(desk.room_id, desk.label, ids.__contains__)

    assert wanted == (desk in matching(target, ALL))


def test_a_label_counts_only_where_no_id_is_equal() -> None:
    namesake = Desk("other", "loans")

    assert matching("loans", [namesake, LOANS]) == [LOANS]
    assert matching("loans", [namesake]) == [namesake]
    assert not HuntGroup(["loans"]).wants("other", "loans", lambda _: True)
    assert HuntGroup(["loans"]).wants("other", "loans", lambda _: False)


def test_groups_overlap_where_their_targets_can_mean_the_same_room() -> None:
    both = HuntGroup(["loans", "service-*"])

    assert both.overlaps(HuntGroup(["loans"]))
    assert both.overlaps(HuntGroup(["service-2"]))
    assert HuntGroup(["service-2"]).overlaps(both)
    assert both.overlaps(HuntGroup(["service-*"]))
    assert not both.overlaps(HuntGroup(["cards"]))
    assert not HuntGroup(["cards"]).overlaps(HuntGroup(["loans"]))


def test_only_a_star_or_a_question_mark_makes_a_pattern() -> None:
    assert is_pattern("a*")
    assert is_pattern("a?")
    assert not is_pattern("a[b]")


def test_many_stars_cost_no_more_than_a_moment() -> None:
    slow = Desk("x", "a" * 1024)

    assert matching("*a" * 31 + "b", [slow]) == []
