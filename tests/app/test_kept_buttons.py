"""Buttons outlive a daemon: what is pressed between two of them is heard by the second."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.app.kept_buttons import MOST_KEPT, KeptButtons
from kiosk.errors import DeviceError
from kiosk.ports import (
    Button,
    ButtonEdge,
    ButtonFault,
    ButtonTrouble,
    Micros,
    Probe,
)


class Panel:
    """Buttons that a test presses; counts how often they were started and closed."""

    def __init__(self) -> None:
        self.starts = 0
        self.closed = 0
        self.fails = False

    def probe(self) -> Probe:
        return Probe("a panel")

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        if self.fails:
            raise DeviceError("buttons", "here", "no line")
        assert on_fault is not None
        self.starts += 1
        self.turn, self.fault = on_edge, on_fault

    def close(self) -> None:
        self.closed += 1


def edge(button: Button, *, is_down: bool, at: int = 0) -> ButtonEdge:
    return ButtonEdge(button, is_down=is_down, at=Micros(at))


def fault(button: Button, *, is_over: bool = False) -> ButtonFault:
    words = f"{button.value} is stuck"
    return ButtonFault(button, ButtonTrouble.STUCK, words, is_over, Micros(0))


DOWN = edge(Button.CALL, is_down=True, at=1)
UP = edge(Button.CALL, is_down=False, at=2)


def test_what_is_pressed_between_two_daemons_is_heard_by_the_second_in_order() -> None:
    panel, first, second = Panel(), list[ButtonEdge](), list[ButtonEdge]()
    buttons = KeptButtons(panel)
    buttons.start(first.append)
    buttons.hold()
    buttons.close()

    panel.turn(DOWN)
    buttons.start(second.append)
    panel.turn(UP)
    assert not second
    buttons.release()

    assert second == [DOWN, UP]
    assert not first
    assert (panel.starts, panel.closed) == (1, 0)


def test_nothing_is_kept_while_a_daemon_listens() -> None:
    panel, heard = Panel(), list[ButtonEdge]()
    buttons = KeptButtons(panel)
    buttons.start(heard.append)

    panel.turn(DOWN)

    assert heard == [DOWN]
    assert buttons.is_touched
    panel.turn(UP)
    assert not buttons.is_touched


def test_a_successor_knows_that_the_door_is_open_and_what_is_to_be_mended() -> None:
    panel, heard, faults = Panel(), list[ButtonEdge](), list[ButtonFault]()
    buttons = KeptButtons(panel)
    buttons.start(heard.append)
    opened = edge(Button.DOOR, is_down=True)
    stuck = fault(Button.MUTE)
    panel.turn(opened)
    panel.fault(stuck)
    panel.fault(fault(Button.CALL))
    panel.fault(fault(Button.CALL, is_over=True))
    buttons.hold()
    buttons.close()
    heard.clear()

    buttons.start(heard.append, faults.append)

    assert heard == [opened]
    assert faults == [stuck]
    assert not buttons.is_touched  # an open door is no finger


def test_whoever_hammers_the_panel_is_heard_for_the_newest_only() -> None:
    panel, heard = Panel(), list[ButtonEdge]()
    buttons = KeptButtons(panel)
    buttons.start(heard.append)
    buttons.hold()

    for at in range(MOST_KEPT + 10):
        panel.turn(edge(Button.HANGUP, is_down=at % 2 == 0, at=at))
    buttons.release()

    assert len(heard) == MOST_KEPT
    assert heard[-1].at == MOST_KEPT + 9


def test_without_a_successor_the_real_ones_are_closed() -> None:
    panel = Panel()
    buttons = KeptButtons(panel)
    buttons.start(lambda _: None)

    buttons.close()

    assert panel.closed == 1
    buttons.start(lambda _: None)
    assert panel.starts == 2


def test_buttons_that_cannot_be_started_are_tried_again() -> None:
    panel, heard = Panel(), list[ButtonEdge]()
    panel.fails = True
    buttons = KeptButtons(panel)
    with pytest.raises(DeviceError):
        buttons.start(heard.append)

    panel.fails = False
    buttons.start(heard.append)
    panel.turn(DOWN)

    assert heard == [DOWN]
    assert buttons.probe() == Probe("a panel")
