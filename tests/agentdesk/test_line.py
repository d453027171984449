"""Who waits, since when, and who may be answered now."""

from __future__ import annotations

from kiosk.agentdesk.line import Line, label_to_open
from kiosk.agentdesk.ports import Waiting


def in_room(name: str, label: str = "seven") -> Waiting:
    return Waiting("double_room", f"id-{name}", name, "", f"room-{name}", label)


def in_line(name: str, label: str = "service") -> Waiting:
    return Waiting("double_room", f"id-{name}", name, "", "", label)


def nobody_answered(_key: str) -> bool:
    return False


def test_a_wait_lasts_from_when_it_was_first_seen() -> None:
    line = Line()
    line.look([in_room("a")], 10.0)
    line.look([in_room("b"), in_room("a")], 15.0)

    shown = [(one.wait.name, one.since) for one in line.waiters(nobody_answered)]
    assert shown == [("a", 10.0), ("b", 15.0)]


def test_who_comes_back_waits_anew() -> None:
    line = Line()
    line.look([in_room("a")], 10.0)
    line.look([], 11.0)
    line.look([in_room("a")], 12.0)

    assert line.waiters(nobody_answered)[0].since == 12.0


def test_a_look_that_finds_the_same_is_no_news() -> None:
    line = Line()

    assert line.look([in_room("a")], 10.0)
    assert not line.look([in_room("a")], 11.0)
    assert line.look([], 12.0)


def test_of_those_in_line_for_the_same_rooms_only_the_first_can_be_answered() -> None:
    line = Line()
    line.look([in_line("a"), in_line("b"), in_line("c", "loans")], 10.0)

    shown = {one.wait.name: one for one in line.waiters(nobody_answered)}
    assert {name: one.is_next for name, one in shown.items()} == {
        "a": True,
        "b": False,
        "c": True,
    }
    assert [shown[name].position for name in "abc"] == [1, 2, 1]


def test_the_second_in_line_can_be_answered_once_the_first_is() -> None:
    line = Line()
    line.look([in_line("a"), in_line("b")], 10.0)

    shown = line.waiters(lambda key: key == in_line("a").key)
    assert [one.is_next for one in shown] == [True, True]


def test_a_kiosk_in_its_own_room_can_be_answered_whoever_waits_beside_it() -> None:
    line = Line()
    line.look([in_line("a"), in_room("b", "service")], 10.0)

    shown = {one.wait.name: one for one in line.waiters(nobody_answered)}
    assert (shown["b"].position, shown["b"].is_next) == (0, True)


def test_rooms_that_are_not_for_agents_are_not_shown() -> None:
    line = Line(("call-*", "loans"))
    line.look([in_room("a", "call-7"), in_room("b", "family"), in_line("c")], 1.0)

    assert [one.wait.name for one in line.waiters(nobody_answered)] == ["a"]
    assert line.find(in_room("b", "family").key) is None
    assert line.find(in_room("a", "call-7").key) == in_room("a", "call-7")


def test_a_label_to_open_is_one_the_target_means() -> None:
    assert label_to_open("service") == "service"
    assert label_to_open("service-*") == "service-desk"
    assert label_to_open("desk-?") == "desk-0"
