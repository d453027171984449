"""What a finger meant: bounces, glitches, holds, faults, judged in given time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.contacts.contact import (
    CALM_US,
    MOST_PRESSES,
    RESTLESS_US,
    Ailed,
    Contact,
    Moved,
    Rules,
    Said,
)
from kiosk.ports import ButtonTrouble, Micros
from tests.fakes.bounce import Edge, storm, worn_button


MS = 1_000
SETTLED_US = 20 * MS
DOWN, UP = True, False
STUCK = ButtonTrouble.STUCK
STORM = ButtonTrouble.STORM


class Wire:
    """A contact, and everything it said, with the time at which it said it."""

    def __init__(self, rules: Rules | None = None, *, is_closed: bool = False) -> None:
        self.contact = Contact(rules or Rules(), is_closed=is_closed, at=Micros(0))
        self.said: list[tuple[int, Said]] = []

    def feed(self, edges: list[Edge], until_us: int) -> list[Said]:
        """Take edges at their times, and be asked whenever something is due."""
        for at, is_closed in edges:
            self._pass(at)
            self._note(at, list(self.contact.turn(is_closed, Micros(at))))
        self._pass(until_us)
        return [said for _, said in self.said]

    def _pass(self, until_us: int) -> None:
        while (due := self.contact.due) is not None and due <= until_us:
            self._note(due, list(self.contact.pass_time(due)))

    def _note(self, at: int, said: list[Said]) -> None:
        self.said += [(at, each) for each in said]


def moves(said: list[Said]) -> list[tuple[bool, int]]:
    return [(each.is_down, each.at) for each in said if isinstance(each, Moved)]


def faults(said: list[Said]) -> list[tuple[ButtonTrouble, bool]]:
    return [(each.trouble, each.is_over) for each in said if isinstance(each, Ailed)]


def test_a_press_counts_after_it_settled_and_carries_when_the_finger_came() -> None:
    wire = Wire()

    said = wire.feed([(100 * MS, DOWN), (300 * MS, UP)], 400 * MS)

    assert moves(said) == [(DOWN, 100 * MS), (UP, 300 * MS)]
    assert [at for at, _ in wire.said] == [120 * MS, 320 * MS]


@pytest.mark.parametrize("long_us", [50, 10 * MS, SETTLED_US - 1])
def test_a_glitch_is_no_press_and_no_end_of_one(long_us: int) -> None:
    idle = Wire().feed([(MS, DOWN), (MS + long_us, UP)], 1_000 * MS)
    edges = [(MS, DOWN), (500 * MS, UP), (500 * MS + long_us, DOWN), (900 * MS, UP)]
    held = Wire().feed(edges, 2_000 * MS)

    assert idle == []
    assert moves(held) == [(DOWN, MS), (UP, 900 * MS)]


@given(
    st.lists(st.integers(50, 15 * MS), max_size=40),
    st.lists(st.integers(50, 15 * MS), max_size=40),
)
def test_however_a_contact_bounces_for_30_ms_it_is_one_press(
    closing: list[int], opening: list[int]
) -> None:
    edges = _bounced(MS, closing, DOWN) + _bounced(500 * MS, opening, UP)

    wire = Wire()
    said = wire.feed(edges, 2_000 * MS)

    assert [is_down for is_down, _ in moves(said)] == [DOWN, UP]
    assert faults(said) == []
    assert wire.said[0][0] <= MS + 30 * MS + SETTLED_US


def _bounced(at: int, apart: list[int], level: bool) -> list[Edge]:
    edges, now = [(at, level)], at
    for gap in apart:
        if now + gap > at + 30 * MS:
            break
        now += gap
        edges.append((now, not edges[-1][1]))
    if edges[-1][1] is not level:
        edges.append((at + 30 * MS, level))
    return edges


def test_ten_thousand_presses_of_a_worn_button_are_ten_thousand() -> None:
    trace = worn_button(10_000, seed=7)
    wire = Wire()

    said = wire.feed(trace.edges, trace.pushes[-1].up_us + 1_000 * MS)

    assert [is_down for is_down, _ in moves(said)] == [DOWN, UP] * 10_000
    assert faults(said) == []
    downs = [at for at, each in wire.said if isinstance(each, Moved) and each.is_down]
    late = [at - push.down_us for at, push in zip(downs, trace.pushes, strict=True)]
    assert max(late) <= 30 * MS + SETTLED_US


def test_a_press_that_has_to_be_held_counts_once_it_was() -> None:
    wire = Wire(Rules(hold_us=200 * MS))
    short, glitch = [(MS, DOWN), (150 * MS, UP)], [(500 * MS, UP), (505 * MS, DOWN)]

    said = wire.feed([*short, (400 * MS, DOWN), *glitch, (900 * MS, UP)], 1_000 * MS)

    assert moves(said) == [(DOWN, 400 * MS), (UP, 900 * MS)]
    assert wire.said[0][0] == 600 * MS


def test_what_is_held_too_long_comes_up_is_told_once_and_heals_when_let_go() -> None:
    wire = Wire(Rules(stuck_us=1_000 * MS))

    said = wire.feed([(0, DOWN), (9_000 * MS, UP), (9_500 * MS, DOWN)], 9_600 * MS)

    assert said == [
        Moved(is_down=True, at=Micros(0)),
        Moved(is_down=False, at=Micros(1_020 * MS)),
        Ailed(STUCK, is_over=False, at=Micros(1_020 * MS)),
        Ailed(STUCK, is_over=True, at=Micros(9_020 * MS)),
        Moved(is_down=True, at=Micros(9_500 * MS)),
    ]


def test_what_is_held_at_the_start_is_no_press_but_may_be_stuck() -> None:
    rules = Rules(stuck_us=1_000 * MS)

    let_go = Wire(rules, is_closed=True).feed([(500 * MS, UP)], 5_000 * MS)
    kept = Wire(rules, is_closed=True).feed([], 5_000 * MS)

    assert let_go == []
    assert kept == [Ailed(STUCK, is_over=False, at=Micros(1_000 * MS))]


def test_a_door_that_is_open_at_the_start_is_told_and_never_stuck() -> None:
    door = Wire(Rules(stuck_us=None, is_state=True), is_closed=True)

    said = door.feed([(3_600_000 * MS, UP)], 4_000_000 * MS)

    assert moves(said) == [(DOWN, 0), (UP, 3_600_000 * MS)]
    assert faults(said) == []


def test_ten_seconds_of_storm_are_told_once_and_over_after_a_second_of_rest() -> None:
    wire = Wire()
    edges = storm(MS, seconds=10, seed=3)
    ended = edges[-1][0]

    said = wire.feed([*edges, (ended + 2_000 * MS, DOWN)], ended + 2_100 * MS)

    assert len(edges) > 19_000
    assert moves(said) == [(DOWN, ended + 2_000 * MS)]
    assert faults(said) == [(STORM, False), (STORM, True)]
    assert wire.said[0][0] <= MS + RESTLESS_US + MS
    assert wire.said[1][0] == ended + CALM_US


def test_a_press_long_after_a_storm_counts_though_nobody_asked_meanwhile() -> None:
    contact = Contact(Rules(), is_closed=False, at=Micros(0))
    edges = storm(MS, seconds=1, seed=6)
    for at, is_closed in edges:
        list(contact.turn(is_closed, Micros(at)))
    assert contact.is_storming

    late = Micros(edges[-1][0] + 3 * CALM_US)
    said = [*contact.turn(DOWN, late), *contact.pass_time(Micros(late + 100 * MS))]

    calm = Micros(edges[-1][0] + CALM_US)
    assert said == [Ailed(STORM, is_over=True, at=calm), Moved(is_down=True, at=late)]


def test_a_storm_lifts_the_finger_and_what_it_leaves_closed_is_no_press() -> None:
    wire = Wire()
    edges = storm(500 * MS, seconds=1, seed=4)[:-1]
    assert edges[-1][1] is DOWN
    ended = edges[-1][0]

    said = wire.feed([(MS, DOWN), *edges], ended + 3_000 * MS)
    assert moves(said)[0] == (DOWN, MS)
    assert not moves(said)[-1][0]
    assert wire.contact.is_storming is False

    before = len(said)
    again = wire.feed(
        [(ended + 4_000 * MS, UP), (ended + 5_000 * MS, DOWN)], ended + 5_100 * MS
    )
    assert moves(again[before:]) == [(DOWN, ended + 5_000 * MS)]


def test_a_door_is_told_as_it_is_once_its_storm_is_over() -> None:
    door = Wire(Rules(stuck_us=None, is_state=True))
    edges = storm(MS, seconds=1, seed=5)[:-1]

    said = door.feed(edges, edges[-1][0] + 2_000 * MS)

    assert faults(said) == [(STORM, False), (STORM, True)]
    assert moves(said) == [(DOWN, edges[-1][0] + CALM_US)]
    assert said[-1] == Moved(is_down=True, at=Micros(edges[-1][0] + CALM_US))


def test_more_presses_than_any_finger_makes_are_a_storm() -> None:
    edges = [(MS + n * 35 * MS, n % 2 == 0) for n in range(200)]

    said = Wire().feed(edges, edges[-1][0] + 5_000 * MS)

    assert sum(is_down for is_down, _ in moves(said)) == MOST_PRESSES - 1
    assert faults(said) == [(STORM, False), (STORM, True)]


def test_a_quick_finger_is_no_storm() -> None:
    edges = [(MS + n * 62 * MS, n % 2 == 0) for n in range(200)]

    said = Wire().feed(edges, edges[-1][0] + 1_000 * MS)

    assert sum(is_down for is_down, _ in moves(said)) == 100
    assert faults(said) == []


def test_a_stuck_button_that_chatters_is_only_stuck() -> None:
    wire = Wire(Rules(stuck_us=1_000 * MS))
    chatter = storm(5_000 * MS, seconds=0.9, seed=6)

    said = wire.feed([(0, DOWN), *chatter], 8_000 * MS)

    assert faults(said) == [(STUCK, False), (STUCK, True)]


def test_an_edge_that_was_missed_and_one_out_of_order_do_no_harm() -> None:
    wire = Wire()

    said = wire.feed(
        [(MS, UP), (100 * MS, DOWN), (99 * MS, DOWN), (300 * MS, UP), (299 * MS, UP)],
        400 * MS,
    )

    assert moves(said) == [(DOWN, 100 * MS), (UP, 300 * MS)]


def test_a_button_that_is_gone_is_held_by_nobody_and_has_no_fault() -> None:
    held, sick, idle = Wire(), Wire(Rules(stuck_us=1_000 * MS)), Wire()
    held.feed([(0, DOWN)], 100 * MS)
    sick.feed([(0, DOWN)], 2_000 * MS)

    now = Micros(2_000 * MS)
    assert list(held.contact.lift(now)) == [Moved(is_down=False, at=now)]
    assert list(sick.contact.lift(now)) == [Ailed(STUCK, is_over=True, at=now)]
    assert list(idle.contact.lift(now)) == []


@given(
    st.lists(st.tuples(st.integers(0, 400 * MS), st.booleans()), max_size=200),
    st.sampled_from(
        [
            Rules(),
            Rules(hold_us=100 * MS, stuck_us=500 * MS),
            Rules(stuck_us=None, is_state=True),
        ]
    ),
)
def test_whatever_a_wire_does_fingers_come_and_go_and_faults_begin_and_end(
    gaps: list[tuple[int, bool]], rules: Rules
) -> None:
    edges: list[Edge] = []
    now = 0
    for gap, level in gaps:
        now += gap
        edges.append((now, level))

    wire = Wire(rules)
    said = wire.feed([*edges, (now, UP)], now + 10_000 * MS)

    downs = [is_down for is_down, _ in moves(said)]
    assert downs == [DOWN, UP] * (len(downs) // 2)
    over = [is_over for _, is_over in faults(said)]
    assert over == [False, True] * (len(over) // 2)
    assert wire.contact.due is None
    times = [at for at, _ in wire.said]
    assert times == sorted(times)
