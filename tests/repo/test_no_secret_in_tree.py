"""Nothing in the repository is a key, and nothing has a password by default (S21)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kiosk.app.server_process import settings_of
from kiosk.config.schema import KioskConfig
from kiosk.config.section import sections
from kiosk.config.server_schema import ServerConfig


ROOT = Path(__file__).parents[2]
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}")
SET_SECRET = re.compile(
    r"(?im)^\s*[\"']?(?:[a-z_]*(?:password|secret|token|_key|api_key))[\"']?"
    r"\s*[=:]\s*[\"']?([A-Za-z0-9+/_-]{16,})[\"']?"
)
SHIPPED = ("kiosk", "config", "systemd", "image-build", "debian")
"""What people are given; tests make keys of their own."""


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=20
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""


def test_no_file_holds_a_private_key() -> None:
    holding = [path for path in files() if PRIVATE_KEY.search(text_of(path))]

    assert len(files()) > 300
    assert holding == []


def test_nothing_that_is_shipped_sets_a_secret() -> None:
    found = [
        (str(path.relative_to(ROOT)), match[1][:8])
        for path in files()
        if path.relative_to(ROOT).parts[0] in SHIPPED
        and path.suffix in {".toml", ".conf", ".yml", ".yaml", ".service", ".env", ""}
        for match in SET_SECRET.finditer(text_of(path))
    ]

    assert found == []


@pytest.mark.parametrize("model", [KioskConfig, ServerConfig])
def test_no_secret_has_a_default(model: type) -> None:
    defaults = [
        field.default
        for section in sections(model).values()
        for field in section.model_fields.values()
        if "SecretStr" in str(field.annotation)
    ]

    assert defaults
    assert set(defaults) == {None}


def test_a_server_told_nothing_has_no_password_and_keys_of_its_own() -> None:
    settings = settings_of(ServerConfig())

    assert settings.operators_password == b""
    assert (settings.push_key, settings.play_key) == (b"", b"")  # made at random then


def test_the_scan_would_find_one() -> None:
    assert SET_SECRET.search('push_key = "0123456789abcdef0123456789abcdef"')
    assert SET_SECRET.search("  hook_secret: 0123456789abcdef")
    key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBkg4LVWM9nuwNSk3yByxZpYRTBnVJk"
    assert PRIVATE_KEY.search(key)
