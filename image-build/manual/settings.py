"""kiosk.toml(5): every section and key, as the schema describes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from manual import roff


_LAYERS = (
    "Read in this order, a later one wins: /usr/lib/kiosk/defaults.toml of the package, "
    "/usr/lib/kiosk/kiosk.toml or /etc/kiosk/kiosk.toml in its place, then every *.toml of /usr/lib/kiosk/conf.d, "
    "/run/kiosk/conf.d and /etc/kiosk/conf.d by name, whatever its directory. "
    "kiosk config show --origin prints each value with the file it comes from; kiosk "
    "config check names every mistake. Secrets stand in no file: they are credentials "
    "in /etc/credstore."
)

Schema = Mapping[str, Any]


def page(schema: Schema) -> str:
    """
    Return the page.

    Args:
        schema: JSON Schema of the whole configuration.

    """
    lines = [
        *roff.title("kiosk.toml", 5, "the configuration of a kiosk"),
        roff.heading("DESCRIPTION"),
        roff.escaped(_LAYERS),
    ]
    for name, section in sections_of(schema):
        lines.append(roff.heading(f"[{name}]"))
        lines.append(roff.escaped(_first(section)))
        for key, told in section.get("properties", {}).items():
            lines += roff.item(key, _key(told, schema))
    lines += [roff.heading("SEE ALSO"), "kiosk(1), kiosk(8)"]
    return "\n".join(lines) + "\n"


def sections_of(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield each section with its part of the schema."""
    for name, told in schema["properties"].items():
        section = _resolved(told, schema)
        if "properties" in section:
            yield name, section


def _resolved(told: Schema, schema: Schema) -> Schema:
    for each in (told, *told.get("allOf", ()), *told.get("anyOf", ())):
        if "$ref" in each:
            found: Schema = schema["$defs"][each["$ref"].rpartition("/")[2]]
            return found
    return told


def _first(section: Schema) -> str:
    return str(section.get("description", "")).partition("Attributes:")[0].strip()


def _key(told: Schema, schema: Schema) -> str:
    words = " ".join(str(told.get("description", "")).split())
    kind = " or ".join(dict.fromkeys(_kinds(told, schema)))
    default = told.get("default")
    ends = f"{kind}; by default {_toml(default)}" if default is not None else kind
    return f"{words} ({ends})".strip()


def _kinds(told: Schema, schema: Schema) -> Iterator[str]:
    if "enum" in told:
        yield ", ".join(_toml(each) for each in told["enum"])
    elif "const" in told:
        yield _toml(told["const"])
    elif "anyOf" in told:
        for each in told["anyOf"]:
            yield from _kinds(each, schema)
    elif "$ref" in told:
        yield from _kinds(_resolved(told, schema), schema)
    elif told.get("type") == "null":
        return
    else:
        yield _kind(told)


def _kind(told: Schema) -> str:
    names = {"string": "text", "boolean": "true or false", "integer": "whole number"}
    name = names.get(str(told.get("type")), str(told.get("type", "value")))
    least, most = told.get("minimum"), told.get("maximum")
    if least is not None and most is not None:
        return f"{name} from {least:g} to {most:g}"
    return name


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
