"""
Where the buttons and the lamps are wired to, and how they behave.

Pins are GPIO numbers of the Raspberry Pi (BCM), the ones that ``pinout`` prints, and
not places on the header.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator

from kiosk.config.devices import ButtonsDevice, IndicatorsDevice
from kiosk.config.key_names import KEY_CODES, key_code
from kiosk.config.section import Section
from kiosk.config.values import no_control_characters


LAST_PIN = 27
"""Of the header that every Raspberry Pi has had since 2014."""
PULLED_UP_ON_THE_BOARD = (2, 3)
"""The I2C pins have resistors of their own, to 3.3 V."""
BUTTON_KEYS = ("call", "hangup", "mute", "volume_up", "volume_down", "door")
LAMP_KEYS = ("camera_open", "microphone_open", "muted", "in_call", "fault", "on_air")
_MAX_LABEL_CHARS = 32


def _pin(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError("must be a GPIO number such as 17, without quotes")  # noqa: TRY004 -- pydantic takes no TypeError
    if not 0 <= number <= LAST_PIN:
        raise ValueError(
            f"must be a GPIO number from 0 to {LAST_PIN} (the one after GPIO, "
            "not the place on the header)"
        )
    return number


def _pin_or_key(value: object) -> int | str:
    if not isinstance(value, str):
        return _pin(value)
    if key_code(value) is not None:
        return value
    text = "must be a GPIO number such as 17, or a key such as KEY_ENTER or KEY:353"
    names = [*KEY_CODES, *(name.partition("_")[2] for name in KEY_CODES)]
    near = get_close_matches(value.strip().upper(), names, n=1)
    raise ValueError(f"{text}; did you mean {near[0]}?" if near else text)


def _label(text: str) -> str:
    no_control_characters(text)
    if len(text) > _MAX_LABEL_CHARS:
        raise ValueError(f"must have at most {_MAX_LABEL_CHARS} characters")
    return text


_Number = Annotated[int, Field(ge=0, le=LAST_PIN)]
Pin = Annotated[int, PlainValidator(_pin, json_schema_input_type=_Number)]
PinOrKey = Annotated[
    int | str, PlainValidator(_pin_or_key, json_schema_input_type=_Number | str)
]
ChipLabel = Annotated[str, AfterValidator(_label)]


class ButtonsSection(Section):
    """
    The buttons.

    Each button is a GPIO number with ``device = "gpiozero"`` and a key with
    ``"evdev"``.

    Attributes:
        device: ``gpiozero`` are buttons on pins, ``evdev`` the keys of a keypad.
        long_press_s: From when on a press counts as a long one.
        call: The green button: a GPIO number, or with ``evdev`` a key.
        hangup: The red button.
        mute: The microphone's button; held with hangup: the technician's page.
        volume_up: Louder, by 3 dB.
        volume_down: Quieter, by 3 dB.
        door: The contact of the case's door.
        chip: Label of the GPIO chip (gpiodetect), by default a Raspberry Pi's.
        pull: The resistor of the pins; a button goes to the other side.
        active_low: Whether a pressed button pulls its pin low; follows from pull.
        door_contact: What the contact is while the door is shut.
        debounce_ms: No shorter change of a pin counts.
        hold_ms: After how long a press counts: for places where people bump.
        stuck_s: A button that is held for so long is out of order.

    """

    device: ButtonsDevice = "none"
    long_press_s: Annotated[float, Field(ge=0.5, le=10.0)] = 1.5
    call: PinOrKey | None = None
    hangup: PinOrKey | None = None
    mute: PinOrKey | None = None
    volume_up: PinOrKey | None = None
    volume_down: PinOrKey | None = None
    door: PinOrKey | None = None
    chip: ChipLabel | None = None
    pull: Literal["up", "down", "none"] = "up"
    active_low: bool | None = None
    door_contact: Literal["closed", "open"] = "closed"
    debounce_ms: Annotated[int, Field(ge=11, le=50)] = 20
    hold_ms: Annotated[int, Field(ge=0, le=1000)] = 0
    stuck_s: Annotated[int, Field(ge=15, le=3600)] = 60

    @property
    def places(self) -> dict[str, int | str]:
        """What is named of the buttons, by key."""
        named = {key: getattr(self, key) for key in BUTTON_KEYS}
        return {key: value for key, value in named.items() if value is not None}


class IndicatorsSection(Section):
    """
    The lamps; GPIO numbers with ``device = "gpiozero"``.

    Attributes:
        device: ``gpiozero`` are lamps on pins.
        camera_open: GPIO number of the lamp that is lit while the camera is open.
        microphone_open: The same for the microphone.
        muted: Lit while a customer is mute.
        in_call: Lit in a call.
        fault: Flashes the number of a fault.
        on_air: Lit while we are on air.
        chip: Label of the GPIO chip (gpiodetect), by default a Raspberry Pi's.
        active_low: Whether a lamp is lit while its pin is low.

    """

    device: IndicatorsDevice = "memory"
    camera_open: Pin | None = None
    microphone_open: Pin | None = None
    muted: Pin | None = None
    in_call: Pin | None = None
    fault: Pin | None = None
    on_air: Pin | None = None
    chip: ChipLabel | None = None
    active_low: bool = False

    @property
    def places(self) -> dict[str, int]:
        """The pins that are named, by key."""
        named = {key: getattr(self, key) for key in LAMP_KEYS}
        return {key: value for key, value in named.items() if value is not None}


def wiring_mistakes(
    buttons: ButtonsSection, indicators: IndicatorsSection
) -> Iterator[tuple[tuple[str, str], str, tuple[tuple[str, str], ...]]]:
    """Yield what is wrong among the wires: the key to change, why, what it rests on."""
    on_pins = buttons.device == "gpiozero"
    on_keys = buttons.device.partition(":")[0] == "evdev"
    yield from _kinds(buttons, on_pins=on_pins, on_keys=on_keys)
    lamps_on_pins = indicators.device == "gpiozero"
    if lamps_on_pins and not indicators.places:
        text = "needs a pin beside it, such as in_call = 12"
        yield ("indicators", "device"), text, ()
    used: dict[object, tuple[str, str]] = {}
    wires: list[tuple[tuple[str, str], object]] = []
    if on_pins:
        wires += [
            (("buttons", key), (buttons.chip, pin))
            for key, pin in buttons.places.items()
        ]
    if on_keys:
        wires += [
            (("buttons", key), key_code(str(name)))
            for key, name in buttons.places.items()
        ]
    if lamps_on_pins:
        wires += [
            (("indicators", key), (indicators.chip, pin))
            for key, pin in indicators.places.items()
        ]
    for path, wire in wires:
        if wire in used:
            section, key = used[wire]
            what = "key" if isinstance(wire, int) else "pin"
            text = f"uses the same {what} as [{section}] {key}; each needs its own"
            yield path, text, (used[wire],)
        used.setdefault(wire, path)


def _kinds(
    buttons: ButtonsSection, *, on_pins: bool, on_keys: bool
) -> Iterator[tuple[tuple[str, str], str, tuple[tuple[str, str], ...]]]:
    device = ("buttons", "device")
    if (on_pins or on_keys) and buttons.call is None:
        example = "call = 17" if on_pins else 'call = "KEY_ENTER"'
        yield device, f"needs at least {example} beside it", (("buttons", "call"),)
    for key, value in buttons.places.items():
        if on_pins and isinstance(value, str):
            text = 'is a key; device = "gpiozero" takes a GPIO number such as 17'
            yield ("buttons", key), text, (device,)
        if on_keys and isinstance(value, int):
            text = 'is a GPIO number; device = "evdev" takes a key such as "KEY_ENTER"'
            yield ("buttons", key), text, (device,)
        if on_pins and buttons.pull != "up" and value in PULLED_UP_ON_THE_BOARD:
            text = (
                f'has a resistor to 3.3 V on the board and cannot have pull = "'
                f'{buttons.pull}"; use another pin'
            )
            yield ("buttons", key), text, (("buttons", "pull"), device)
