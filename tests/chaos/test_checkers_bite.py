"""A history with a promise broken in it is found out; the same one whole is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.history import Fault, History, Op, Outcome, Terms
from tests.chaos.promises import judged


ROOM = "double_room/d0"
MADE = "double_room/room_1"
TERMS = Terms(late_s=20.0, sweep_s=5.0)
KEPT = replace(TERMS, store="sqlite")
Plant = Callable[["Story"], None]


class Story:
    """Writes a history, one operation after the other, each taking 10 ms."""

    def __init__(self, terms: Terms = TERMS) -> None:
        self.history = History(terms)
        self.now = 0.0

    def op(
        self,
        name: str,
        user: str,
        code: int = 0,
        *,
        room: str = ROOM,
        told: Mapping[str, Any] | None = None,
        takes: float = 0.01,
    ) -> None:
        outcome = Outcome.FAIL if code else Outcome.OK
        began, ended = self.now, self.now + takes
        op = Op(user, name, room, user, began, ended, outcome, code, told or {})
        self.history.ops.append(op)
        self.now = max(ended, self.now)

    def read(self, *members: str, seq: int | None = None, room: str = ROOM) -> None:
        told: dict[str, Any] = {"members": list(members), "creator": "ann"}
        if seq is not None:
            told |= {"seq": seq, "boot": "era.1"}
        self.op(
            "read", "eve", 0 if members else 3, room=room, told=told if members else {}
        )

    def hear(self, user: str, after: int, *events: tuple[int, str, str, str]) -> None:
        wires = [
            {"seq": seq, "kind": kind, "userID": who, "epoch": 1, "text": text}
            for seq, kind, who, text in events
        ]
        last = max((one[0] for one in events), default=after)
        told = {"boot": "era.1", "after": after, "events": wires, "seq": last}
        self.op("events", user, told={**told, "resync": False})

    def stream(self, way: str, cut_s: float, *, refused: bool = True) -> None:
        times = {"given_up": self.now, "cut_s": cut_s, "since_asked_s": cut_s}
        told = {"way": way, **times, "refused": refused}
        self.op("stream", "ann", room=MADE, told=told, takes=cut_s)

    def fault(self, kind: str, seconds: float, target: str = "server0") -> None:
        self.history.faults.append(Fault(kind, target, self.now, self.now + seconds))
        self.now += seconds

    def call(self) -> None:
        """Let Ann and Bob sit in a room."""
        self.op("create", "ann")
        self.op("enter", "bob")
        self.read("ann", "bob")

    @property
    def broken(self) -> set[str]:
        found = judged(self.history).violations
        return {promise for one in found for promise in one.promise.split()}


def whole_story(terms: Terms = TERMS) -> Story:
    """Return a history in which every promise was kept."""
    story = Story(terms)
    story.call()
    story.op("enter", "cyd", 5001)
    story.hear("bob", 1, (2, "text", "ann", "ann-1"), (3, "pushers_changed", "ann", ""))
    story.hear("ann", 1, (3, "pushers_changed", "ann", ""))  # her own text is left out
    story.op("leave", "bob")
    story.read("ann")
    story.now += 25.5
    story.read("ann")
    story.now += 1.0
    story.read()
    return story


def test_a_history_in_which_all_was_kept_is_not_complained_of() -> None:
    for terms in (TERMS, KEPT):
        story = whole_story(terms)

        assert judged(story.history).violations == []
        assert 25 < judged(story.history).ghost_age_max_s < 26


def three_in_a_room_of_two(story: Story) -> None:
    story.call()
    story.op("enter", "cyd")


def one_twice_in_a_room(story: Story) -> None:
    story.op("create", "ann")
    story.read("ann", "ann")


def both_get_the_last_seat(story: Story) -> None:
    story.op("create", "ann")
    began = story.now
    story.op("enter", "bob", takes=1.0)
    story.now = began
    story.op("enter", "cyd", takes=1.0)


def nobody_gets_the_last_seat(story: Story) -> None:
    story.op("create", "ann")
    story.op("enter", "bob", 5001)


def a_ghost(story: Story) -> None:
    story.op("create", "ann")
    story.now += 27.0
    story.read("ann")


def an_eviction_before_its_time(story: Story) -> None:
    story.call()
    story.now += 15.0
    story.read("ann")


def an_eviction_after_standing_still(story: Story) -> None:
    story.call()
    story.fault("stop", 30.0)
    story.read()


def an_eviction_right_after_a_restart(story: Story) -> None:
    story.history.terms = KEPT
    story.call()
    story.now += 15.0
    story.fault("kill", 1.0)
    story.now += 5.0
    story.read("ann")


def a_stream_that_goes_on(story: Story) -> None:
    story.stream("destroyed", cut_s=1.5)


def a_silent_stream_that_goes_on(story: Story) -> None:
    story.stream("silent", cut_s=28.0)


def a_key_that_outlives_its_room(story: Story) -> None:
    story.stream("destroyed", cut_s=0.1, refused=False)


def an_id_that_comes_back(story: Story) -> None:
    story.op("create", "ann", room=MADE, told={"made": True})
    story.op("destroy", "ann", room=MADE)
    story.op("create", "bob", room=MADE)


def an_event_left_out(story: Story) -> None:
    story.hear("bob", 1, (2, "left", "cyd", ""), (3, "text", "ann", "ann-1"))
    story.hear("dan", 1, (3, "text", "ann", "ann-1"))


def events_out_of_order(story: Story) -> None:
    story.hear("bob", 1, (3, "left", "cyd", ""), (2, "text", "ann", "ann-1"))


def two_events_of_one_number(story: Story) -> None:
    story.hear("bob", 1, (2, "left", "cyd", ""))
    story.hear("dan", 1, (2, "left", "eve", ""))


def a_list_that_is_not_the_sum(story: Story) -> None:
    story.op("create", "ann")
    story.read("ann", seq=1)
    story.hear("ann", 1, (2, "pushers_changed", "cyd", ""))
    story.op("enter", "bob")
    story.read("ann", "bob", seq=2)


def a_seat_forgotten_by_a_kill(story: Story) -> None:
    story.history.terms = KEPT
    story.call()
    story.fault("kill", 1.0)
    story.read("ann")


def a_memory_forgotten_by_a_kill(story: Story) -> None:
    story.history.terms = KEPT
    story.op("create", "ann", told={"boot": "one.1"})
    story.fault("kill", 1.0)
    story.op("beat", "ann", told={"boot": "other.1"})


def a_fresh_start_that_says_it_remembers(story: Story) -> None:
    story.op("create", "ann", told={"boot": "one.2"})


def everybody_held_up_by_one(story: Story) -> None:
    for kind, takes in (("quiet", 0.001), ("stalled reader", 0.3)):
        story.now += 1.0
        began = story.now
        for _ in range(120):
            story.op("read", "onlooker", 3, room=f"double_room/{kind[0]}", takes=takes)
        fault = Fault(kind, "one", began - 0.1, story.now + 0.1)
        story.history.faults.append(fault)


def an_effect_that_came_twice(story: Story) -> None:
    first = (2, "text", "ann", "ann-1")
    story.hear("bob", 1, first, (3, "text", "ann", "ann-1"))


def two_answers_to_one_request(story: Story) -> None:
    told = {"first": {"code": 0, "epoch": 1}, "second": {"code": 0, "epoch": 2}}
    story.op("twice", "ann", told=told)


PLANTED: Mapping[Plant, str] = {
    three_in_a_room_of_two: "P1",
    one_twice_in_a_room: "P1",
    both_get_the_last_seat: "P2",
    nobody_gets_the_last_seat: "P2",
    a_ghost: "P3",
    a_silent_stream_that_goes_on: "P3",
    an_eviction_before_its_time: "P4",
    an_event_left_out: "P5",
    events_out_of_order: "P5",
    two_events_of_one_number: "P5",
    a_list_that_is_not_the_sum: "P6",
    an_id_that_comes_back: "P7",
    a_stream_that_goes_on: "P7",
    a_key_that_outlives_its_room: "P7",
    a_seat_forgotten_by_a_kill: "P8",
    a_memory_forgotten_by_a_kill: "P8",
    an_eviction_right_after_a_restart: "P8",
    a_fresh_start_that_says_it_remembers: "P9",
    an_eviction_after_standing_still: "P4",
    everybody_held_up_by_one: "P11",
    an_effect_that_came_twice: "P12",
    two_answers_to_one_request: "P12",
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: str(plant.__name__))
def test_a_broken_promise_is_found(plant: Plant) -> None:
    story = Story()
    plant(story)

    assert PLANTED[plant] in story.broken


def test_a_lost_answer_is_believed_either_way() -> None:
    for members in (("ann",), ("ann", "bob")):
        story = Story()
        story.op("create", "ann")
        story.op("enter", "bob")
        lost = replace(story.history.ops.pop(), outcome=Outcome.UNKNOWN)
        story.history.ops.append(lost)
        story.read(*members)

        assert story.broken == set()


def test_what_was_under_way_long_ago_explains_nothing() -> None:
    story = Story()
    story.op("create", "ann")
    story.op("enter", "bob")
    lost = replace(story.history.ops.pop(), outcome=Outcome.UNKNOWN)
    story.history.ops.append(lost)
    soon = story.now + 3.0
    for now, broken in ((soon, False), (soon + 3.0, True)):
        later = Story()
        later.history.ops = list(story.history.ops)
        later.now = now
        later.read("ann")
        later.read("ann", "bob")

        assert bool(later.broken) is broken


def test_a_server_that_keeps_nothing_may_forget_by_a_kill_and_no_otherwise() -> None:
    for fault, is_broken in (("kill", False), ("clock", True)):
        story = Story()
        story.call()
        story.fault(fault, 1.0)
        story.read()

        assert bool(story.broken) is is_broken


@pytest.mark.parametrize(("silent_s", "is_broken"), [(15.0, True), (22.0, False)])
def test_who_was_late_before_a_kill_may_be_gone_after_it(
    silent_s: float,
    is_broken: bool,
) -> None:
    story = Story(KEPT)
    story.call()
    story.now += silent_s
    story.fault("kill", 1.0)
    story.now += 5.0
    story.op("beat", "bob", 5)

    assert bool(story.broken) is is_broken
