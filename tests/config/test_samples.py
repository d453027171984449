"""The sample files in ``config/`` load, and show every key there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from kiosk.config.load import load_kiosk, load_server
from kiosk.config.mistakes import sections
from kiosk.config.schema import KioskConfig, Section
from kiosk.config.server_schema import ServerConfig


CONFIG = Path(__file__).parents[2] / "config"
SAMPLES: list[tuple[str, type[Section]]] = [
    ("kiosk.toml", KioskConfig),
    ("server.toml", ServerConfig),
]
EXAMPLES = {
    ("kiosk", "branch"),
    ("room", "server"),
    ("room", "user_id"),
    ("enrolment", "file"),
    ("room", "user_name"),
    ("camera", "bitrate_kbps"),
    ("display", "framebuffer"),
    ("calls", "directory"),
    ("network", "ca_file"),
    ("network", "certificate"),
    ("network", "key"),
    ("tls", "certificate"),
    ("tls", "key"),
    ("server", "public_host"),
    ("server", "public_rtmp"),
    ("store", "path"),
    ("store", "ca_file"),
    ("media", "push_url"),
    ("media", "play_url"),
    ("media", "control_url"),
    ("recorder", "url"),
    ("recorder", "ca_file"),
    ("fleet", "serial"),
    ("television", "room"),
    ("television", "url"),
    ("operators", "log_folder"),
    ("mixing", "app_id"),
    ("im", "private_key"),
}


def keys_shown(name: str) -> set[tuple[str, str]]:
    shown: set[tuple[str, str]] = set()
    section = ""
    for line in (CONFIG / name).read_text().splitlines():
        if header := re.match(r"\[(\w+)\]", line):
            section = header[1]
        elif (pair := re.match(r"(?:# )?(\w+) =", line)) and section:
            shown.add((section, pair[1]))
    return shown


def uncommented(name: str) -> str:
    text = (CONFIG / name).read_text()
    return re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)


def secrets_of(model: type[Section]) -> set[tuple[str, str]]:
    """Return section and key of everything that is never printed."""
    return {
        (section, key)
        for section, inner in sections(model).items()
        for key, field in inner.model_fields.items()
        if SecretStr.__name__ in str(field.annotation)
    }


def test_the_kiosks_sample_loads() -> None:
    loaded = load_kiosk(CONFIG / "kiosk.toml")

    assert loaded.config.room.server == "https://rooms.example.org"


def test_the_servers_sample_is_the_default() -> None:
    loaded = load_server(CONFIG / "server.toml")

    assert loaded.config == ServerConfig()


@pytest.mark.parametrize(("name", "model"), SAMPLES)
def test_a_sample_shows_every_key_of_the_schema(
    name: str, model: type[Section]
) -> None:
    known = {
        (section, key)
        for section, inner in sections(model).items()
        for key in inner.model_fields
    }

    assert keys_shown(name) == known


@pytest.mark.parametrize(("name", "model"), SAMPLES)
def test_what_a_sample_shows_in_comments_is_valid_and_the_default(
    name: str, model: type[Section]
) -> None:
    table = tomllib.loads(uncommented(name))
    for section, key in secrets_of(model):
        del table[section][key]
    shown = model.model_validate(table)

    for section, inner in sections(model).items():
        for key, field in inner.model_fields.items():
            if (section, key) not in EXAMPLES and section != "hours":
                assert getattr(getattr(shown, section), key) == field.default, key


@pytest.mark.parametrize(("name", "model"), SAMPLES)
def test_no_sample_shows_a_secret_that_would_work(
    name: str, model: type[Section]
) -> None:
    table = tomllib.loads(uncommented(name))
    secrets = secrets_of(model)

    assert secrets
    for section, key in secrets:
        assert (
            tomllib.loads((CONFIG / name).read_text()).get(section, {}).get(key) is None
        )
        with pytest.raises(ValidationError, match="letters and digits only"):
            sections(model)[section].model_validate({key: table[section][key]})
