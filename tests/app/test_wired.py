"""What an electrician says in the configuration, as the adapters hear it."""

from __future__ import annotations

import pytest

from kiosk.app import wired
from kiosk.config.gpio_section import ButtonsSection
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.ports import Button


@pytest.mark.parametrize(
    ("keys", "button", "is_down_high"),
    [
        ({}, Button.CALL, False),
        ({"pull": "down"}, Button.CALL, True),
        ({"pull": "none"}, Button.CALL, False),
        ({"active_low": False}, Button.CALL, True),
        ({}, Button.DOOR, True),
        ({"door_contact": "open"}, Button.DOOR, False),
        ({"pull": "down"}, Button.DOOR, False),
    ],
)
def test_a_button_is_down_at_the_level_that_its_wiring_gives(
    keys: dict[str, object], button: Button, is_down_high: bool
) -> None:
    section = ButtonsSection(device="gpiozero", call=17, door=13, **keys)  # type: ignore[arg-type]

    pins = wired.button_pins(section)

    assert pins[button].is_down_high is is_down_high


def test_rules_are_those_of_the_section_and_a_door_is_never_stuck() -> None:
    section = ButtonsSection(
        device="gpiozero", call=17, door=13, debounce_ms=30, hold_ms=100, stuck_s=15
    )

    pins = wired.button_pins(section)

    call, door = pins[Button.CALL].rules, pins[Button.DOOR].rules
    assert (call.settle_us, call.hold_us, call.stuck_us) == (
        30_000,
        100_000,
        15_000_000,
    )
    assert (door.settle_us, door.stuck_us, door.is_state) == (30_000, None, True)


def test_a_machine_without_pins_is_told_so_by_the_buttons_and_by_the_lamps() -> None:
    clock = MonotonicClock()
    buttons = wired.gpio_buttons(
        ButtonsSection(device="gpiozero", call=17, chip="none such"), clock
    )

    probe = buttons.probe()

    assert probe.found == "GPIO 17"
    assert "none such" in probe.wrong
    assert probe.cure
