"""Which wires the configuration takes for buttons and lamps, and which mistakes it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.key_names import KEY_CODES, key_code
from kiosk.config.load import load_kiosk
from kiosk.config.schema import KioskConfig
from kiosk.errors import ConfigError


ROOM = '[room]\nserver = "http://127.0.0.1:8080"\n'
PINS = 'device = "gpiozero"\ncall = 17\n'


def load(folder: Path, buttons: str = "", indicators: str = "") -> KioskConfig:
    path = folder / "kiosk.toml"
    path.write_text(f"{ROOM}[buttons]\n{buttons}\n[indicators]\n{indicators}\n")
    path.chmod(0o600)
    return load_kiosk(path).config


def mistakes(folder: Path, buttons: str = "", indicators: str = "") -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(folder, buttons, indicators)
    return caught.value.mistakes


def test_buttons_and_lamps_are_named_by_their_gpio_numbers(tmp_path: Path) -> None:
    config = load(
        tmp_path, PINS + "hangup = 27\ndoor = 5", 'device = "gpiozero"\nmuted = 22'
    )

    assert config.buttons.places == {"call": 17, "hangup": 27, "door": 5}
    assert config.indicators.places == {"muted": 22}


def test_keys_are_named_as_linux_names_them_or_by_number(tmp_path: Path) -> None:
    config = load(
        tmp_path, 'device = "evdev:Big Pad"\ncall = "enter"\nmute = "KEY:353"'
    )

    assert config.buttons.places == {"call": "enter", "mute": "KEY:353"}


def test_pins_may_stay_named_while_other_buttons_are_tried(tmp_path: Path) -> None:
    assert load(tmp_path, 'device = "keyboard"\ncall = 17').buttons.call == 17


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("KEY_ENTER", 28),
        ("enter", 28),
        ("KEY_KP0", 82),
        ("KEY_F12", 88),
        ("KEY_VOLUMEUP", 115),
        ("KEY_F24", 194),
        ("KEY_PICKUP_PHONE", 0x1BD),
        ("BTN_TRIGGER", 0x120),
        ("BTN_0", 0x100),
        ("KEY:767", 767),
        ("KEY:768", None),
        ("KEY:0", None),
        ("KEY:²", None),
        ("BTN:3", None),
        ("KEY_NOTHING", None),
    ],
)
def test_a_key_has_the_number_that_linux_gives_it(name: str, code: int | None) -> None:
    assert key_code(name) == code


def test_no_two_keys_have_one_number() -> None:
    assert len(set(KEY_CODES.values())) == len(KEY_CODES)


@pytest.mark.parametrize(
    ("buttons", "indicators", "expected"),
    [
        (PINS + "mute = 28", "", "[buttons] mute: must be a GPIO number from 0 to 27"),
        (PINS + "mute = -1", "", "[buttons] mute: must be a GPIO number from 0 to 27"),
        (PINS + "mute = true", "", "[buttons] mute: must be a GPIO number such as"),
        (PINS + 'mute = "17"', "", "must be a GPIO number such as 17, or a key"),
        (PINS + 'mute = "KEY_ENTRE"', "", "did you mean KEY_ENTER?"),
        (PINS + 'mute = "KEY_M"', "", "takes a GPIO number such as 17"),
        (PINS + "mute = 17", "", "[buttons] mute: uses the same pin as [buttons] call"),
        (
            PINS,
            'device = "gpiozero"\nfault = 17',
            "[indicators] fault: uses the same pin as [buttons] call; each needs",
        ),
        ("", 'device = "gpiozero"\nmuted = 5\nfault = 5', "as [indicators] muted"),
        (PINS + 'mute = 2\npull = "down"', "", "has a resistor to 3.3 V on the board"),
        (PINS + 'chip = ""', "", "[buttons] chip: must not be empty"),
        (PINS + "debounce_ms = 10", "", "[buttons] debounce_ms"),
        ('device = "evdev"\ncall = 17', "", 'takes a key such as "KEY_ENTER"'),
        ('device = "evdev"\ncall = "F1"\nmute = "KEY_F1"', "", "uses the same key as"),
    ],
)
def test_a_wrong_wire_is_one_mistake_that_names_it(
    tmp_path: Path, buttons: str, indicators: str, expected: str
) -> None:
    found = mistakes(tmp_path, buttons, indicators)

    assert len(found) == 1
    assert expected in found[0]


def test_the_same_number_on_two_chips_is_no_mistake(tmp_path: Path) -> None:
    load(tmp_path, PINS + 'chip = "pcf8574"', 'device = "gpiozero"\nfault = 17')
