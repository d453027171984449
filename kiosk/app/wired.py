"""
Buttons and lamps that are wired: which adapter gets which pins and rules.

What a configuration says in the words of an electrician (pull, contact, resistor) is
said here in those of the adapters.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from kiosk import ports
from kiosk.config.gpio_section import ButtonsSection, IndicatorsSection
from kiosk.config.key_names import key_code


_PULLS: Final = {"up": "up", "down": "down", "none": "floating"}


def gpio_buttons(section: ButtonsSection, clock: ports.Clock) -> ports.Buttons:
    """Make the buttons on the pins of the section."""
    adapter = import_module("kiosk.devices.buttons_gpiozero")
    header = import_module("kiosk.wiring").Header(section.chip)
    made: ports.Buttons = adapter.GpiozeroButtons(clock, button_pins(section), header)
    return made


def button_pins(section: ButtonsSection) -> dict[ports.Button, Any]:
    """Return the ``ButtonPin`` of each button."""
    adapter = import_module("kiosk.devices.buttons_gpiozero")
    return {
        button: adapter.ButtonPin(
            int(pin),
            _PULLS[section.pull],
            _is_down_high(section, button),
            _rules(section, button),
        )
        for button, pin in _places(section)
    }


def key_buttons(
    section: ButtonsSection, name: str, clock: ports.Clock
) -> ports.Buttons:
    """Make the buttons on the keys of the section, of the device of that name."""
    adapter = import_module("kiosk.devices.buttons_evdev")
    keys = {
        button: adapter.ButtonKey(key_code(str(key)), str(key), _rules(section, button))
        for button, key in _places(section)
    }
    made: ports.Buttons = adapter.EvdevButtons(clock, keys, name)
    return made


def gpio_indicators(section: IndicatorsSection, clock: ports.Clock) -> ports.Indicators:
    """Make the lamps on the pins of the section."""
    adapter = import_module("kiosk.devices.indicators_gpiozero")
    pins = {ports.Indicator(key): pin for key, pin in section.places.items()}
    header = import_module("kiosk.wiring").Header(section.chip)
    made: ports.Indicators = adapter.GpiozeroIndicators(
        clock, pins, header, active_low=section.active_low
    )
    return made


def _places(section: ButtonsSection) -> list[tuple[ports.Button, int | str]]:
    return [(ports.Button(key), place) for key, place in section.places.items()]


def _is_down_high(section: ButtonsSection, button: ports.Button) -> bool:
    low = section.active_low
    contact_is_high = section.pull == "down" if low is None else not low
    if button is ports.Button.DOOR and section.door_contact == "closed":
        return not contact_is_high  # an open door, or a cut cable, opens the contact
    return contact_is_high


def _rules(section: ButtonsSection, button: ports.Button) -> object:
    rules = import_module("kiosk.contacts").Rules
    settle_us = section.debounce_ms * 1_000
    if button is ports.Button.DOOR:
        return rules(settle_us=settle_us, stuck_us=None, is_state=True)
    return rules(
        settle_us=settle_us,
        hold_us=section.hold_ms * 1_000,
        stuck_us=section.stuck_s * 1_000_000,
    )
