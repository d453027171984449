"""Configuration files that a command is given: a good one and a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "kiosk.toml"
    file.write_text(
        f'[room]\nserver = "https://a"\n[control]\nsocket = "{tmp_path}/s"\n'
    )
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.toml"
    file.write_text('[room]\nsever = "https://a"\n[log]\nlevel = 3\n')
    return file
