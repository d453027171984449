"""
The schema of a configuration file as JSON Schema, for editors and for who makes files.

1. The models are its source: types, ranges, choices and defaults come from them, what
   a key is for from the docstring of its section, examples from ``examples``.
2. It refuses nothing that the models take.  It takes more than they do where a text
   has a form that only a program can judge, and knows no rule over several keys.
3. Draft 7, each section in place: what editors for TOML understand.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python

from kiosk.config import credentials
from kiosk.config.credentials import STORE, Credential
from kiosk.config.examples import example_value
from kiosk.config.schema import KioskConfig
from kiosk.config.section import Section, sections
from kiosk.config.server_schema import ServerConfig


Json = dict[str, Any]

_DRAFT = "http://json-schema.org/draft-07/schema#"
_ATTRIBUTE = re.compile(r"(\w+): (.+?)(?=\n\w+: |\Z)", re.DOTALL)
_VERSION = "What the file is written for; without it, the first there was."


def kiosk_schema() -> Json:
    """Return the schema of ``kiosk.toml``."""
    return json_schema(KioskConfig, credentials.KIOSK, "kiosk.toml")


def server_schema() -> Json:
    """Return the schema of ``server.toml``."""
    return json_schema(ServerConfig, credentials.SERVER, "server.toml")


def as_text(schema: Json) -> str:
    """Return a schema as its published file has it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def json_schema(
    model: type[Section], secrets: Iterable[Credential], title: str
) -> Json:
    """
    Return the schema of one program's file.

    Args:
        model: Its whole configuration.
        secrets: Settings that may not stand in the file, or have another place, too.
        title: What the schema calls itself.

    """
    made = model.model_json_schema(schema_generator=_Generator)
    places = {one.path: one for one in secrets}
    properties: Json = {
        "config_version": {
            "description": _VERSION,
            **_plain(made["properties"]["config_version"]),
        }
    }
    for name, section in sections(model).items():
        inner = made["$defs"][section.__name__]
        properties[name] = _section(model, name, section, inner, places)
    return {
        "$schema": _DRAFT,
        "title": title,
        "description": _summary(model),
        "type": "object",
        "additionalProperties": False,
        "required": made.get("required", []),
        "properties": properties,
    }


class _Generator(GenerateJsonSchema):
    """pydantic's, but for defaults: it warns of tuples that JSON calls lists."""

    def encode_default(  # type: ignore[explicit-override]
        self, dft: object
    ) -> Any:
        """Return a default as JSON has it."""
        return to_jsonable_python(dft)


def descriptions(section: type[Section]) -> Mapping[str, str]:
    """Return what each key of a section is for, as its docstring says."""
    _, _, attributes = inspect.getdoc(section).partition("\nAttributes:\n")  # type: ignore[union-attr]
    text = inspect.cleandoc(f"\n{attributes}")
    return {
        key: _sentence(what) for key, what in _ATTRIBUTE.findall(text) if what.strip()
    }


def _section(
    model: type[Section],
    name: str,
    section: type[Section],
    made: Json,
    places: Mapping[tuple[str | int, ...], Credential],
) -> Json:
    told = descriptions(section)
    properties: Json = {}
    for key, raw in made["properties"].items():
        secret = places.get((name, key))
        what = told[key]
        if secret is not None and not secret.is_file:
            place = f"/{STORE}/{secret.name}"
            properties[key] = {
                "description": f"{what} A secret: it stands in {place}, not here.",
                "not": {},
            }
            continue
        if secret is not None:
            what += f" Or that file is /{STORE}/{secret.name}."
        properties[key] = {
            "description": what,
            **_plain(raw),
            **_default(section.model_fields[key]),
            "examples": [to_jsonable_python(example_value(model, name, key))],
        }
    return {
        "description": _summary(section),
        "type": "object",
        "additionalProperties": False,
        **({"required": made["required"]} if "required" in made else {}),
        "properties": properties,
    }


def _plain(made: Json) -> Json:
    """Leave out what TOML has not: null, and titles that repeat the name."""
    kept = {key: _whole(made[key]) for key in made.keys() - {"title", "default"}}
    if "anyOf" in kept:
        choices = cast("list[Json]", kept.pop("anyOf"))
        real = [_plain(each) for each in choices if each.get("type") != "null"]
        kept |= real[0] if len(real) == 1 else {"anyOf": real}
    return dict(sorted(kept.items()))


def _default(field: FieldInfo) -> Json:
    value: object = field.default
    if field.is_required() or value is None:
        return {}
    return {"default": _whole(to_jsonable_python(value))}


def _whole(value: object) -> object:
    """Write 60.0 as people do, and as every version of pydantic does not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _summary(section: type[Section]) -> str:
    text = (inspect.getdoc(section) or "").partition("\nAttributes:")[0]
    return _sentence(text)


def _sentence(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
