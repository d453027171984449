"""Configurations with one mistake each, made from the models, for every key there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from kiosk.config.examples import example_value
from kiosk.config.json_schema import kiosk_schema, server_schema
from kiosk.config.schema import KioskConfig
from kiosk.config.section import Section
from kiosk.config.server_schema import ServerConfig
from kiosk.config.toml_text import toml_value


Json = dict[str, Any]
MODELS: Final[dict[str, type[Section]]] = {
    "kiosk": KioskConfig,
    "server": ServerConfig,
}
SCHEMAS: Final[dict[str, Json]] = {"kiosk": kiosk_schema(), "server": server_schema()}
_ROOM: Final = '[room]\nserver = "https://rooms.example"\n'
_STRANGERS: Final = ("true", "7", "2.5", '"?!"', "[[1]]", "{ a = 1 }", "1979-05-27")


@dataclass(frozen=True, slots=True)
class Place:
    """A key of a program's file, and what its schema says of it."""

    program: str
    section: str
    key: str

    @property
    def told(self) -> Json:
        inner: Json = SCHEMAS[self.program]["properties"][self.section]
        told: Json = inner["properties"][self.key]
        return told

    @property
    def example(self) -> str:
        return toml_value(example_value(MODELS[self.program], self.section, self.key))

    def __str__(self) -> str:  # type: ignore[explicit-override]
        return f"{self.program}-{self.section}.{self.key}"


def places() -> list[Place]:
    """Return every key that may stand in a file."""
    return [
        Place(program, section, key)
        for program, schema in SCHEMAS.items()
        for section, inner in schema["properties"].items()
        for key, told in inner.get("properties", {}).items()
        if told.get("not") != {}
    ]


def written(place: Place, key: str, value: str) -> tuple[str, int]:
    """Return a file with one pair in a place's section, and on which line it is."""
    head = "config_version = 1\n# a comment\n\n"
    if place.section == "room" and place.program == "kiosk":
        head += _ROOM if place.key != "server" else "[room]\n"
    else:
        head += _ROOM if place.program == "kiosk" else ""
        head += f"[{place.section}]\n"
    return f"{head}{key} = {value}\n", head.count("\n") + 1


def of_wrong_types(place: Place) -> Iterator[str]:
    """Yield values of types that a key does not take."""
    fitting = {
        "boolean": {"true"},
        "integer": {"7"},
        "number": {"7", "2.5"},
        "array": {"[[1]]"},
        "object": {"{ a = 1 }"},
        "string": {'"?!"'},
    }
    choices = place.told.get("anyOf", [place.told])
    taken = set().union(*(fitting[choice["type"]] for choice in choices))
    yield from (value for value in _STRANGERS if value not in taken)


def out_of_range(place: Place) -> Iterator[str]:
    """Yield values beyond what a key takes, where it has bounds."""
    told = place.told
    if "maximum" in told:
        yield from (str(told["maximum"] + 1), "9" * 30, "-9999999", "1e300")
    if told.get("minimum") is not None:
        yield str(told["minimum"] - 1)
    if "exclusiveMinimum" in told:
        yield from ("0", "-0.5")
    if told.get("type") == "number":
        yield from ("nan", "inf", "-inf")
    if "enum" in told:
        yield "-1" if told["type"] == "integer" else '"neither"'
    if "maxLength" in told:
        yield toml_value("x" * (told["maxLength"] + 1))
    if "maxItems" in told:
        yield toml_value(["a"] * (told["maxItems"] + 1))
    if "minItems" in told:
        yield "[]"


def misspelt(name: str) -> Iterator[str]:
    """Yield what fingers make of a name."""
    yield name[:1] + name
    if len(name) > 3:
        yield name[:-1]
        yield name[:2] + name[3:4] + name[2:3] + name[4:]
    yield name.upper()
