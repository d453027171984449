"""The sample files in ``config/`` load, and show every key there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from kiosk.config import credentials
from kiosk.config.credentials import Credential
from kiosk.config.gpio_section import BUTTON_KEYS, LAMP_KEYS
from kiosk.config.load import load_kiosk, load_server
from kiosk.config.schema import KioskConfig
from kiosk.config.section import Section, sections
from kiosk.config.server_schema import ServerConfig


CONFIG = Path(__file__).parents[2] / "config"
SAMPLES: list[tuple[str, type[Section]]] = [
    ("kiosk.toml", KioskConfig),
    ("server.toml", ServerConfig),
]
EXAMPLES = {
    ("update", "url"),
    ("kiosk", "branch"),
    ("kiosk", "support_phone"),
    ("kiosk", "time_zone"),
    ("room", "server"),
    ("room", "user_id"),
    ("enrolment", "file"),
    ("room", "user_name"),
    ("camera", "bitrate_kbps"),
    ("microphone", "level"),
    ("speaker", "headset"),
    ("speaker", "level"),
    ("branding", "name"),
    ("branding", "logo"),
    ("branding", "accent"),
    ("metrics", "listen"),
    ("display", "connector"),
    ("display", "mode"),
    ("display", "diagonal_inches"),
    ("display", "framebuffer"),
    ("display", "page_cache"),
    ("attract", "pictures"),
    ("simulator", "desk"),
    ("prompts", "folder"),
    ("calls", "directory"),
    ("network", "ca_file"),
    ("network", "certificate"),
    ("network", "key"),
    ("network", "proxy"),
    ("network", "proxy_user"),
    ("tls", "certificate"),
    ("tls", "key"),
    ("server", "public_host"),
    ("server", "public_rtmp"),
    ("store", "path"),
    ("store", "url"),
    ("store", "ca_file"),
    ("media", "push_url"),
    ("media", "play_url"),
    ("media", "control_url"),
    ("recorder", "url"),
    ("recorder", "ca_file"),
    ("fleet", "serial"),
    ("provision", "url"),
    ("television", "room"),
    ("television", "url"),
    ("operators", "log_folder"),
    ("mixing", "app_id"),
    ("im", "private_key"),
    ("desk", "http"),
    ("desk", "agents"),
    ("desk", "agent_header"),
    ("desk", "ca_file"),
    *(("buttons", key) for key in (*BUTTON_KEYS, "chip", "active_low")),
    *(("indicators", key) for key in (*LAMP_KEYS, "chip")),
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

    assert keys_shown(name) == known - secrets_of(model)


@pytest.mark.parametrize(("name", "model"), SAMPLES)
def test_what_a_sample_shows_in_comments_is_valid_and_the_default(
    name: str, model: type[Section]
) -> None:
    table = tomllib.loads(uncommented(name))
    shown = model.model_validate(table)

    without_default = EXAMPLES | secrets_of(model)
    for section, inner in sections(model).items():
        for key, field in inner.model_fields.items():
            if (section, key) not in without_default and section != "hours":
                assert getattr(getattr(shown, section), key) == field.default, key


@pytest.mark.parametrize(
    ("name", "table"),
    [("kiosk.toml", credentials.KIOSK), ("server.toml", credentials.SERVER)],
)
def test_a_sample_names_the_file_of_every_secret_in_its_section(
    name: str, table: tuple[Credential, ...]
) -> None:
    text = (CONFIG / name).read_text()
    parts = dict(
        re.findall(r"^\[(\w+)\](.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    )

    for one in table:
        assert one.name in parts[one.section]
