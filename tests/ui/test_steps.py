"""The steps before a call say what is done, what goes on and what is to come."""

from __future__ import annotations

import pytest

from kiosk.ports import ScreenName
from kiosk.ui.steps import StepState, steps_of
from kiosk.ui.texts import Texts


DONE, NOW, AHEAD = StepState.DONE, StepState.NOW, StepState.AHEAD


@pytest.mark.parametrize(
    ("name", "states"),
    [
        (ScreenName.CONNECTING, [NOW, AHEAD, AHEAD]),
        (ScreenName.WAITING, [DONE, DONE, NOW]),
    ],
)
def test_before_a_call_one_step_goes_on_after_another(
    name: ScreenName, states: list[StepState]
) -> None:
    steps = steps_of(name, Texts("en"), broadcasts=False)

    assert [step.state for step in steps] == states
    assert len({step.text for step in steps}) == 3


def test_no_other_screen_has_steps_nor_one_that_goes_on_air() -> None:
    before = {ScreenName.CONNECTING, ScreenName.WAITING}

    for name in ScreenName:
        assert bool(steps_of(name, Texts("en"), broadcasts=False)) is (name in before)
        assert not steps_of(name, Texts("en"), broadcasts=True)
