"""The schemas in ``config/`` are the models', and the samples beside them keep to them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.config.json_schema import as_text, kiosk_schema, server_schema
from tests.fakes.json_judge import Judge


CONFIG = Path(__file__).parents[2] / "config"
SCHEMAS: list[tuple[str, Callable[[], dict[str, Any]]]] = [
    ("kiosk", kiosk_schema),
    ("server", server_schema),
]
CURES = {
    "kiosk": "kiosk config schema > config/kiosk.schema.json",
    "server": "kiosk config schema --server > config/server.schema.json",
}


@pytest.mark.parametrize(("name", "made"), SCHEMAS)
def test_the_published_schema_is_that_of_the_models(
    name: str, made: Callable[[], dict[str, Any]]
) -> None:
    published = (CONFIG / f"{name}.schema.json").read_text("utf-8")

    assert published == as_text(made()), CURES[name]


@pytest.mark.parametrize(("name", "made"), SCHEMAS)
def test_every_key_says_what_it_is_for_and_has_an_example_or_another_place(
    name: str, made: Callable[[], dict[str, Any]]
) -> None:
    for section, inner in made()["properties"].items():
        assert inner["description"], section
        for key, told in inner.get("properties", {}).items():
            assert told["description"], (section, key)
            elsewhere = "/etc/credstore/kiosk" in told["description"]
            assert elsewhere if told.get("not") == {} else told["examples"], key


@pytest.mark.parametrize("name", CURES)
def test_a_sample_names_its_schema_first_and_keeps_to_it(name: str) -> None:
    text = (CONFIG / f"{name}.toml").read_text("utf-8")
    judge = Judge(json.loads((CONFIG / f"{name}.schema.json").read_text("utf-8")))
    shown = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)

    assert text.startswith(f"#:schema ./{name}.schema.json\n")
    assert judge.mistakes(tomllib.loads(text)) == []
    assert judge.mistakes(tomllib.loads(shown)) == []


@pytest.mark.parametrize(("name", "made"), SCHEMAS)
def test_the_models_take_every_example_and_default_of_the_schema(
    name: str, made: Callable[[], dict[str, Any]]
) -> None:
    schema = made()
    judge = Judge(schema)
    whole = {
        section: {
            key: told["examples"][0]
            for key, told in inner["properties"].items()
            if "examples" in told
        }
        for section, inner in schema["properties"].items()
        if "properties" in inner
    }
    defaults = {
        section: {
            key: told["default"]
            for key, told in inner["properties"].items()
            if "default" in told
        }
        for section, inner in schema["properties"].items()
        if "properties" in inner and "required" not in inner
    }

    assert judge.mistakes({"config_version": 1, **whole}) == []
    assert judge.mistakes({**whole, **defaults}) == []
