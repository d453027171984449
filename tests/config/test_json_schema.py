"""The published schema and the models judge documents alike, good ones and bad ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kiosk.config.examples import example_value
from kiosk.config.json_schema import kiosk_schema, server_schema
from kiosk.config.mistakes import first_hand
from kiosk.config.schema import KioskConfig
from kiosk.config.section import Section, sections
from kiosk.config.server_schema import ServerConfig
from tests.fakes.json_judge import Judge


Json = dict[str, Any]
MODELS: dict[str, type[Section]] = {"kiosk": KioskConfig, "server": ServerConfig}
SCHEMAS = {"kiosk": kiosk_schema(), "server": server_schema()}
JUDGES = {name: Judge(schema) for name, schema in SCHEMAS.items()}
PLACES = [
    (program, section, key)
    for program, schema in SCHEMAS.items()
    for section, inner in schema["properties"].items()
    for key, told in inner.get("properties", {}).items()
    if told.get("not") != {}
]
ROOM = {"server": "https://rooms.example"}
STRANGERS: tuple[object, ...] = (
    True,
    False,
    7,
    2.5,
    "x\x00y",
    [],
    ["a", 3],
    {},
    {"a": 1},
)


def document(program: str, section: str, key: str, value: object) -> Json:
    whole: Json = {"room": dict(ROOM)} if program == "kiosk" else {}
    whole.setdefault(section, {})[key] = value
    return whole


def complaints(program: str, whole: Json) -> list[str]:
    """Return the kinds of what the models find wrong."""
    try:
        MODELS[program].model_validate(whole)
    except ValidationError as error:
        return [found["type"] for found in first_hand(error.errors())]
    return []


def judged_alike(program: str, whole: Json) -> bool:
    """Whether both say the same, or a form is wrong that only a program can judge."""
    kinds = complaints(program, whole)
    if not JUDGES[program].mistakes(whole):
        return set(kinds) <= {"value_error"}
    return bool(kinds)


@pytest.mark.parametrize(("program", "section", "key"), PLACES)
def test_both_take_the_example_of_a_key(program: str, section: str, key: str) -> None:
    value = example_value(MODELS[program], section, key)
    whole = document(program, section, key, value)

    assert complaints(program, whole) == []
    assert JUDGES[program].mistakes(as_json(whole)) == []


def as_json(value: object) -> Any:
    """Return what a TOML file would give: lists, not tuples."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [as_json(inner) for inner in value]
    return value


@pytest.mark.parametrize(("program", "section", "key"), PLACES)
def test_both_refuse_a_value_of_another_type(
    program: str, section: str, key: str
) -> None:
    refused = [
        value
        for value in STRANGERS
        if JUDGES[program].mistakes(document(program, section, key, value))
    ]

    assert len(refused) >= len(STRANGERS) - 3  # its own type, and what fits it
    for value in STRANGERS:
        assert judged_alike(program, document(program, section, key, value)), value


BOUNDED = [
    (place, told)
    for place in PLACES
    if (told := SCHEMAS[place[0]]["properties"][place[1]]["properties"][place[2]])
    and {"minimum", "exclusiveMinimum", "maximum"} & told.keys()
]


@pytest.mark.parametrize(("place", "told"), BOUNDED)
def test_both_draw_the_line_at_the_same_number(
    place: tuple[str, str, str], told: Json
) -> None:
    step = 1 if told["type"] == "integer" else 0.5
    lowest = told.get("minimum")
    inside = [told["maximum"]] if lowest is None else [lowest, told["maximum"]]
    outside = [told["maximum"] + step]
    outside += [told["exclusiveMinimum"]] if lowest is None else [lowest - step]

    for number in inside:
        assert complaints(place[0], document(*place, number)) == []
    for number in outside:
        assert complaints(place[0], document(*place, number)) != []
        assert JUDGES[place[0]].mistakes(document(*place, number)) != []


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda number: not number.is_integer()  # 7.0 is an integer to JSON
    ),
    st.text(max_size=70),
    st.lists(st.one_of(st.text(max_size=5), st.integers()), max_size=20),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
)


@given(place=st.sampled_from(PLACES), value=VALUES)
def test_whatever_a_key_is_given_both_say_the_same(
    place: tuple[str, str, str], value: object
) -> None:
    assert judged_alike(place[0], document(*place, value))


@given(
    program=st.sampled_from(sorted(MODELS)),
    name=st.text(max_size=20),
    data=st.data(),
)
def test_both_refuse_a_name_that_is_none(
    program: str, name: str, data: st.DataObject
) -> None:
    names = list(sections(MODELS[program]))
    section = data.draw(st.sampled_from(names))
    known = {*names, "config_version", *sections(MODELS[program])[section].model_fields}
    if name in known:
        return
    base: Json = {"room": ROOM} if program == "kiosk" else {}
    inside = {**base.get(section, {}), name: 1}
    for whole in ({**base, name: {}}, {**base, section: inside}):
        assert complaints(program, whole) == ["extra_forbidden"]
        assert len(JUDGES[program].mistakes(whole)) == 1


def test_both_miss_what_must_be_there() -> None:
    documents: list[Json] = [{}, {"room": {}}, {"room": {"create": True}}]
    for whole in documents:
        assert complaints("kiosk", whole) == ["missing"]
        assert len(JUDGES["kiosk"].mistakes(whole)) == 1


@pytest.mark.parametrize("version", [0, 2, True, "1", 1.5])
def test_both_refuse_another_version(version: object) -> None:
    whole: Json = {"config_version": version, "room": ROOM}

    assert complaints("kiosk", whole) != []
    assert JUDGES["kiosk"].mistakes(whole) != []


def test_an_editor_is_told_where_a_secret_belongs() -> None:
    whole = document("kiosk", "room", "enrolment_key", "a1" * 16)
    told = SCHEMAS["kiosk"]["properties"]["room"]["properties"]["enrolment_key"]

    assert JUDGES["kiosk"].mistakes(whole) != []
    assert "/etc/credstore/kiosk.room.enrolment_key" in told["description"]
