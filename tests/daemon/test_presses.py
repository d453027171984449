"""Short and long presses, made of what the buttons report."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.daemon.presses import Presses
from kiosk.ports import Button, ButtonEdge, Micros


HOLD_S = 0.02


class Listener:
    """What was pressed and held; ``holdable`` are the buttons that may be held."""

    def __init__(self, *holdable: Button) -> None:
        self.heard: list[tuple[str, Button]] = []
        self.presses = Presses(
            press=lambda button: self.heard.append(("pressed", button)),
            hold=lambda button: self.heard.append(("held", button)),
            may_hold=lambda button: button in holdable,
            hold_s=HOLD_S,
            hold_both=lambda: self.heard.append(("both", Button.MUTE)),
            may_hold_both=lambda: True,
            both_s=HOLD_S,
        )

    def down(self, button: Button, at: int = 0) -> None:
        self.presses.turn(ButtonEdge(button, is_down=True, at=Micros(at)))

    def up(self, button: Button) -> None:
        self.presses.turn(ButtonEdge(button, is_down=False, at=Micros(0)))


@pytest.mark.parametrize("button", Button)
async def test_where_holding_means_nothing_a_press_counts_at_once(
    button: Button,
) -> None:
    listener = Listener()

    listener.down(button)
    assert listener.heard == [("pressed", button)]

    await asyncio.sleep(2 * HOLD_S)
    listener.up(button)
    assert listener.heard == [("pressed", button)]


async def test_where_holding_means_something_a_short_press_counts_when_let_go() -> None:
    listener = Listener(Button.CALL)

    listener.down(Button.CALL)
    assert listener.heard == []
    listener.up(Button.CALL)

    assert listener.heard == [("pressed", Button.CALL)]


async def test_a_long_press_counts_while_the_button_is_held_and_is_no_short_one() -> (
    None
):
    listener = Listener(Button.CALL)

    listener.down(Button.CALL)
    await asyncio.sleep(2 * HOLD_S)
    assert listener.heard == [("held", Button.CALL)]
    listener.up(Button.CALL)

    assert listener.heard == [("held", Button.CALL)]


async def test_a_button_that_goes_down_again_begins_a_new_press() -> None:
    listener = Listener(Button.CALL)

    listener.down(Button.CALL)
    listener.down(Button.CALL)
    listener.up(Button.CALL)
    await asyncio.sleep(2 * HOLD_S)

    assert listener.heard == [("pressed", Button.CALL)]


async def test_a_button_that_comes_up_unpressed_means_nothing() -> None:
    listener = Listener(Button.CALL)

    listener.up(Button.CALL)
    listener.up(Button.MUTE)

    assert listener.heard == []


async def test_both_buttons_together_mean_something_of_their_own_after_a_while() -> (
    None
):
    listener = Listener()

    listener.down(Button.HANGUP)
    listener.down(Button.MUTE)
    assert listener.heard == [("pressed", Button.HANGUP), ("pressed", Button.MUTE)]
    await asyncio.sleep(2 * HOLD_S)

    assert listener.heard[2:] == [("both", Button.MUTE)]


async def test_both_buttons_mean_nothing_once_one_is_let_go() -> None:
    listener = Listener()

    listener.down(Button.HANGUP)
    listener.down(Button.MUTE)
    listener.up(Button.HANGUP)
    await asyncio.sleep(2 * HOLD_S)

    assert ("both", Button.MUTE) not in listener.heard


@pytest.mark.parametrize(
    ("order", "is_meant"),
    [
        ((Button.MUTE, Button.HANGUP), True),
        ((Button.HANGUP, Button.MUTE), True),
        ((Button.CALL, Button.MUTE, Button.HANGUP), False),
        ((Button.MUTE, Button.CALL, Button.HANGUP), False),
        ((Button.MUTE, Button.HANGUP, Button.CALL), False),
        ((Button.MUTE, Button.HANGUP, Button.VOLUME_UP), False),
        ((Button.CALL, Button.HANGUP), False),
    ],
)
async def test_who_leans_on_the_panel_does_not_mean_both_and_each_counts_for_itself(
    order: tuple[Button, ...], is_meant: bool
) -> None:
    listener = Listener()

    for button in order:
        listener.down(button)
    await asyncio.sleep(2 * HOLD_S)

    assert (("both", Button.MUTE) in listener.heard) is is_meant
    pressed = [button for what, button in listener.heard if what == "pressed"]
    assert pressed == list(order)


async def test_a_panel_that_was_leant_on_is_heard_again_once_all_fingers_left() -> None:
    listener = Listener()
    for button in (Button.CALL, Button.MUTE, Button.HANGUP):
        listener.down(button)
    listener.up(Button.CALL)
    await asyncio.sleep(2 * HOLD_S)
    assert ("both", Button.MUTE) not in listener.heard

    listener.up(Button.MUTE)
    listener.up(Button.HANGUP)
    listener.down(Button.MUTE)
    listener.down(Button.HANGUP)
    await asyncio.sleep(2 * HOLD_S)

    assert ("both", Button.MUTE) in listener.heard


async def test_both_buttons_seconds_apart_are_two_presses() -> None:
    listener = Listener()

    listener.down(Button.MUTE, at=0)
    listener.down(Button.HANGUP, at=2_000_001)
    await asyncio.sleep(2 * HOLD_S)

    assert ("both", Button.MUTE) not in listener.heard
