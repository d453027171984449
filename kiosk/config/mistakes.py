"""
What is wrong with a table of values, as sentences for a technician.

Takes pydantic's findings, never its prose: every sentence says what is wrong
and what would be right.  No value is repeated (it may be a secret); names of
unknown keys are, made printable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast

from kiosk.config.documents import Table, printable
from kiosk.config.examples import example_line
from kiosk.config.lines import KeyPath
from kiosk.config.section import Section, sections
from kiosk.config.versions import CONFIG_VERSION


if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


_MAX_NAME = 60
_SHOWN = ("e.g. ", "did you mean", "unknown", 'must be "', "there are: ")
_VERSION: KeyPath = ("config_version",)
_SENTENCES: Mapping[str, str] = {
    "string_type": 'must be text in "quotes"',
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt:.16g}",
    "greater_than_equal": "must be at least {ge:.16g}",
    "less_than_equal": "must be at most {le:.16g}",
    "string_pattern_mismatch": "is not of the form it must have",
    "string_too_long": "must be at most {max_length} characters long",
    "too_short": "must have at least {min_length} entry",
    "too_long": "must have at most {max_length} entries",
    "tuple_type": "must be a list in [brackets], its entries apart by commas",
    "dict_type": "must be a table in {{braces}}",
    "model_type": "must be a section: [{key}] on a line of its own, its keys below",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """
    One thing that is wrong.

    Attributes:
        path: Section and key, or only one of them.
        text: What is wrong and what would be right.

    """

    path: KeyPath
    text: str


def describe(
    errors: list[ErrorDetails], model: type[Section], table: Table
) -> list[Mistake]:
    """Turn pydantic's findings about ``table`` into mistakes."""
    errors = first_hand(errors)
    mistakes = [_describe(error, model, table) for error in errors]
    misspelt = {_intended(error["loc"], model) for error in errors if _unknown(error)}
    return [
        mistake
        for error, mistake in zip(errors, mistakes, strict=True)
        if error["type"] != "missing" or error["loc"] not in misspelt
    ]


def first_hand(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out that a list is too short once its wrong entries were taken away."""
    parents = {error["loc"][:-1] for error in errors}
    return [
        error
        for error in errors
        if error["type"] != "too_short" or error["loc"] not in parents
    ]


def place(path: KeyPath) -> str:
    """Write a path as ``[section] key``."""
    names = [printable(str(part), _MAX_NAME) for part in path if isinstance(part, str)]
    if len(names) == 1:
        return names[0] if path == _VERSION else f"[{names[0]}]"
    return f"[{names[0]}] {'.'.join(names[1:])}"


def _describe(error: ErrorDetails, model: type[Section], table: Table) -> Mistake:
    path: KeyPath = error["loc"]
    kind = error["type"]
    context = error.get("ctx", {})
    key = printable(str(path[-1 if len(path) == 1 else 1]), _MAX_NAME)
    if path == _VERSION:
        text = f"must be {CONFIG_VERSION}: this program reads no other version"
    elif kind == "missing":
        text = _missing(path, model)
    elif kind == "extra_forbidden":
        text = _unknown_name(path, model, table)
    elif kind == "literal_error":
        text = _not_a_choice(path, str(context.get("expected", "")), table)
    elif kind == "value_error":
        text = str(context.get("error", error["msg"]))
    elif kind in _SENTENCES:
        text = _SENTENCES[kind].format(key=key, **context)
    else:
        text = error["msg"]
    return Mistake(path, _entry(path) + _with_example(text, path, model))


def _with_example(text: str, path: KeyPath, model: type[Section]) -> str:
    """Add a right line, unless the sentence has one, or all there are."""
    if len(path) == 1 or any(mark in text for mark in _SHOWN):
        return text
    example = example_line(model, str(path[0]), str(path[1]))
    return f"{text}; e.g. {example}" if example else text


def _entry(path: KeyPath) -> str:
    numbers = [part + 1 for part in path if isinstance(part, int)]
    return f"entry {numbers[0]} " if numbers else ""


def _missing(path: KeyPath, model: type[Section]) -> str:
    if len(path) == 1:  # the whole section is: name what in it is needed
        inner = sections(model)[str(path[0])]
        needed = [n for n, field in inner.model_fields.items() if field.is_required()]
        examples = [example_line(model, str(path[0]), name) for name in needed]
        return f"is missing; write [{path[0]}] and below it {', '.join(examples)}"
    return "is missing"


def _unknown(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden"


def _siblings(path: KeyPath, model: type[Section]) -> list[str]:
    if len(path) == 1:
        return list(model.model_fields)
    return list(sections(model)[str(path[0])].model_fields)


def _intended(path: KeyPath, model: type[Section]) -> KeyPath | None:
    near = get_close_matches(str(path[-1]), _siblings(path, model), n=1)
    return (*path[:-1], near[0]) if near else None


def _unknown_name(path: KeyPath, model: type[Section], table: Table) -> str:
    name = path[-1]
    is_section = len(path) == 1 and isinstance(_value_at(path, table), dict)
    kind = "section" if is_section else "key"
    intended = _intended(path, model)
    if intended is not None:
        return f"unknown {kind}; did you mean {place(intended)}?"
    homes = [
        f"[{home}]"
        for home, inner in sections(model).items()
        if name in inner.model_fields
    ]
    if homes:
        return f"unknown {kind} here; it belongs in {' or '.join(homes)}"
    known = ", ".join(_siblings(path, model))
    return f"unknown {kind}; there are: {known}"


def _not_a_choice(path: KeyPath, expected: str, table: Table) -> str:
    choices = expected.replace("'", '"')
    value = _value_at(path, table)
    if isinstance(value, str):
        names = [
            choice.strip('" ') for choice in choices.replace(" or ", ",").split(",")
        ]
        near = get_close_matches(value.lower(), names, n=1)
        if near:
            return f'must be {choices}; did you mean "{near[0]}"?'
    return f"must be {choices}"


def _value_at(path: KeyPath, table: Table) -> object:
    value: object = table
    for part in path:
        value = cast("dict[object, object]", value)[part]
    return value
