"""
What each column of a fleet's spreadsheet sets.

Short names for what an inventory has anyway (:data:`SHORT`), ``section.key`` for any
other key of ``kiosk.toml``, ``secret.section.key`` for its secrets, and a few that
speak of the device itself (:data:`OWN`).  Whether a value is right is the
configuration's own matter; here it only becomes text, number, truth value or list, as
the published schema has it.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from kiosk.config.credentials import KIOSK as CREDENTIALS
from kiosk.config.schema import KioskConfig


SHORT: Final[Mapping[str, tuple[str, str]]] = {
    "label": ("kiosk", "name"),
    "branch": ("kiosk", "branch"),
    "language": ("kiosk", "language"),
    "server": ("room", "server"),
    "room": ("room", "target"),
    "user_id": ("room", "user_id"),
    "camera": ("camera", "device"),
    "microphone": ("microphone", "device"),
    "speaker": ("speaker", "device"),
    "display": ("display", "device"),
    **{
        day: ("hours", day) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    },
}
"""Names for keys of ``kiosk.toml``."""

OWN: Final = (
    "serial",
    "status",
    "note",
    "ip",
    "prefix",
    "netmask",
    "gateway",
    "dns",
    "interface",
    "vlan",
)
"""Columns about the device itself and its network."""

LIST_SIGN: Final = "|"
"""Parts the entries of a list within a cell."""

_SECRET = "secret."  # noqa: S105 -- a column's name
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column.

    Attributes:
        name: As it stands in the sheet.
        own: Which of :data:`OWN` it is, or empty.
        setting: Section and key that it sets, if any.
        is_secret: Whether that goes to ``secrets.toml`` and nowhere else.

    """

    name: str
    own: str = ""
    setting: tuple[str, str] | None = None
    is_secret: bool = False


class UnknownColumn(ValueError):
    """No column is called so; the text says what there is."""


def column_of(name: str) -> Column:
    """
    Return what a column is, by its name in any case.

    Raises:
        UnknownColumn: It is nothing.

    """
    plain = name.lower().replace(" ", "_")
    if plain in OWN:
        return Column(name, own=plain)
    if plain in SHORT:
        return Column(name, setting=SHORT[plain])
    is_secret = plain.startswith(_SECRET)
    section, _, key = plain.removeprefix(_SECRET).partition(".")
    if is_secret and (section, key) in _secrets():
        return Column(name, setting=(section, key), is_secret=True)
    if not is_secret and key in _kinds().get(section, {}):
        if (section, key) in _secrets():
            raise UnknownColumn(f'is a secret: name the column "{_SECRET}{plain}"')
        return Column(name, setting=(section, key))
    near = get_close_matches(plain, _known(), n=1)
    hint = f'did you mean "{near[0]}"? Or' if near else "if it is of no use here,"
    raise UnknownColumn(f'is no column of ours; {hint} add --ignore "{name}"')


def value_of(setting: tuple[str, str], text: str) -> object:
    """
    Return a cell's text as the value of a setting; the configuration judges it.

    Raises:
        ValueError: It is no number or truth value where one is needed.

    """
    section, key = setting
    match _kinds()[section][key]:
        case "integer" | "number" as kind:
            return _number(text, whole=kind == "integer")
        case "boolean":
            if text.lower() not in _TRUTH:
                raise ValueError("must be true or false")
            return _TRUTH[text.lower()]
        case "array":
            return [part.strip() for part in text.split(LIST_SIGN) if part.strip()]
        case "any":  # a GPIO number or the name of a key
            return int(text) if text.isdecimal() and text.isascii() else text
        case _:
            return text


def _number(text: str, *, whole: bool) -> object:
    try:
        return int(text) if whole else float(text.replace(",", ".", 1))
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"must be {kind}") from None


@cache
def _secrets() -> frozenset[tuple[str, str]]:
    return frozenset((one.section, one.key) for one in CREDENTIALS if not one.is_file)


@cache
def _kinds() -> Mapping[str, Mapping[str, str]]:
    """Return the JSON type of every key of every section."""
    schema = KioskConfig.model_json_schema()
    kinds: dict[str, Mapping[str, str]] = {}
    for name, about in schema["properties"].items():
        section = schema["$defs"].get(_reference(about))
        if section is not None:
            kinds[name] = {
                key: _kind(value)
                for key, value in section["properties"].items()
                if _kind(value) != "object"
            }
    return kinds


def _reference(about: Mapping[str, Any]) -> str:
    parts = [about, *about.get("allOf", ())]
    found = next((part["$ref"] for part in parts if "$ref" in part), "")
    return str(found).rpartition("/")[2]


def _kind(value: Mapping[str, Any]) -> str:
    kinds = {str(part.get("type", "any")) for part in value.get("anyOf", [value])}
    kinds.discard("null")
    return kinds.pop() if len(kinds) == 1 else "any"


def _known() -> Iterable[str]:
    return [
        *OWN,
        *SHORT,
        *(f"{section}.{key}" for section, keys in _kinds().items() for key in keys),
    ]
