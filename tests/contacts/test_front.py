"""Several contacts together: each counts for itself, faults name their button."""

from __future__ import annotations

from kiosk.contacts import Front, Place, Rules
from kiosk.ports import Button, ButtonEdge, ButtonFault, ButtonTrouble, Micros


MS = 1_000
PLACES = {
    Button.CALL: Place("GPIO 17", Rules(stuck_us=1_000 * MS)),
    Button.HANGUP: Place("GPIO 27"),
}


def front(*closed: Button) -> Front:
    return Front(PLACES, closed, Micros(0))


def test_a_button_counts_while_another_is_held() -> None:
    both = front()
    both.turn(Button.CALL, is_closed=True, at=Micros(0))
    both.turn(Button.HANGUP, is_closed=True, at=Micros(5 * MS))

    assert both.due == 20 * MS
    assert both.pass_time(Micros(30 * MS)) == [
        ButtonEdge(Button.CALL, is_down=True, at=Micros(0)),
        ButtonEdge(Button.HANGUP, is_down=True, at=Micros(5 * MS)),
    ]


def test_a_fault_names_the_button_the_place_and_what_to_look_for() -> None:
    stuck = front(Button.CALL)

    (begun,) = stuck.pass_time(Micros(2_000 * MS))
    stuck.turn(Button.CALL, is_closed=False, at=Micros(3_000 * MS))
    (over,) = stuck.pass_time(Micros(4_000 * MS))

    assert isinstance(begun, ButtonFault)
    assert isinstance(over, ButtonFault)
    assert (begun.button, begun.trouble) == (Button.CALL, ButtonTrouble.STUCK)
    assert (begun.is_over, over.is_over) == (False, True)
    assert "button call (GPIO 17) is held and held" in begun.words
    assert over.words == "button call (GPIO 17) is well again"


def test_it_tells_whether_one_of_them_storms_and_which() -> None:
    wild = front()
    seen = [wild.is_storming]
    assert not wild.storms(Button.CALL)

    for n in range(1_000):
        wild.turn(Button.CALL, is_closed=n % 2 == 0, at=Micros(n * 500))
    seen.append(wild.is_storming)

    assert seen == [False, True]
    assert wild.storms(Button.CALL)
    assert not wild.storms(Button.HANGUP)


def test_a_front_that_is_gone_is_held_by_nobody() -> None:
    gone = front()
    gone.turn(Button.HANGUP, is_closed=True, at=Micros(0))
    gone.pass_time(Micros(50 * MS))

    assert gone.lift(Micros(60 * MS)) == [
        ButtonEdge(Button.HANGUP, is_down=False, at=Micros(60 * MS))
    ]


def test_it_tells_which_contacts_their_last_edge_closed() -> None:
    both = front(Button.CALL)
    both.turn(Button.HANGUP, is_closed=True, at=Micros(5 * MS))
    both.turn(Button.CALL, is_closed=False, at=Micros(5 * MS))

    assert both.closed == {Button.HANGUP}


def test_a_front_at_rest_has_nothing_due() -> None:
    assert front().due is None
