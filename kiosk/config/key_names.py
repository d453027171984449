"""
Names of the keys of keypads and switches, as Linux has them.

Numbers are those of ``linux/input-event-codes.h``.  Not all keys are here: those that
a keypad, a remote control or an accessible switch sends; any other goes by its
number, ``"KEY:359"`` for example.
"""

from __future__ import annotations

from typing import Final


LARGEST_CODE: Final = 0x2FF
_ROWS: Final = (
    (1, "ESC 1 2 3 4 5 6 7 8 9 0 MINUS EQUAL BACKSPACE TAB"),
    (16, "Q W E R T Y U I O P LEFTBRACE RIGHTBRACE ENTER LEFTCTRL"),
    (30, "A S D F G H J K L SEMICOLON APOSTROPHE GRAVE LEFTSHIFT BACKSLASH"),
    (44, "Z X C V B N M COMMA DOT SLASH RIGHTSHIFT KPASTERISK LEFTALT SPACE"),
    (58, "CAPSLOCK F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NUMLOCK SCROLLLOCK"),
    (71, "KP7 KP8 KP9 KPMINUS KP4 KP5 KP6 KPPLUS KP1 KP2 KP3 KP0 KPDOT"),
    (87, "F11 F12"),
    (96, "KPENTER RIGHTCTRL KPSLASH SYSRQ RIGHTALT LINEFEED HOME UP PAGEUP"),
    (105, "LEFT RIGHT END DOWN PAGEDOWN INSERT DELETE"),
    (113, "MUTE VOLUMEDOWN VOLUMEUP POWER"),
    (163, "NEXTSONG PLAYPAUSE PREVIOUSSONG STOPCD"),
    (169, "PHONE"),
    (183, "F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24"),
    (226, "MEDIA"),
    (248, "MICMUTE"),
    (352, "OK SELECT"),
    (0x1BD, "PICKUP_PHONE HANGUP_PHONE"),
)
_BUTTONS: Final = (
    (0x100, "0 1 2 3 4 5 6 7 8 9"),
    (0x110, "LEFT RIGHT MIDDLE SIDE EXTRA"),
    (0x120, "TRIGGER THUMB THUMB2 TOP TOP2 PINKIE BASE BASE2 BASE3 BASE4 BASE5 BASE6"),
    (0x130, "SOUTH EAST C NORTH WEST Z TL TR TL2 TR2 SELECT START MODE THUMBL THUMBR"),
)


def _numbered(prefix: str, rows: tuple[tuple[int, str], ...]) -> dict[str, int]:
    return {
        f"{prefix}_{name}": first + place
        for first, names in rows
        for place, name in enumerate(names.split())
    }


KEY_CODES: Final = _numbered("KEY", _ROWS) | _numbered("BTN", _BUTTONS)
"""The number of each key by its name."""


def key_code(text: str) -> int | None:
    """
    Return the number of a key.

    Args:
        text: Its name, with or without ``KEY_``, in any case, or ``KEY:NUMBER``.

    """
    name = text.strip().upper()
    kind, colon, number = name.partition(":")
    if colon:
        plain = kind == "KEY" and number.isascii() and number.isdigit()
        code = int(number[:5]) if plain else 0
        return code if 0 < code <= LARGEST_CODE else None
    return KEY_CODES.get(name, KEY_CODES.get(f"KEY_{name}"))
