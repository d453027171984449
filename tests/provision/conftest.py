"""A blank device."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provision.device import Device


@pytest.fixture
def device(tmp_path: Path) -> Device:
    (tmp_path / "stick").mkdir()
    return Device(tmp_path / "root")
