"""Sheets as tests write them: a text becomes rows, devices, or the mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.errors import ConfigError
from kiosk.fleet.inventory import Device, devices_of
from kiosk.fleet.spreadsheet import read_sheet


SERIAL = "10000000abcdef01"
OTHER = "10000000abcdef02"
SITE = '[room]\nserver = "https://rooms.example.org"\n'


def devices(text: str, **options: Any) -> tuple[Device, ...]:
    return devices_of(read_sheet("fleet.csv", text.encode()), **options)


def mistakes(text: str | bytes, **options: Any) -> tuple[str, ...]:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigError) as caught:
        devices_of(read_sheet("fleet.csv", content), **options)
    return caught.value.mistakes
