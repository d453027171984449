"""
The texts of a bundle: TOML that is the same for the same row, whatever stands around it.

Nothing of the sheet but the row itself goes in: no line number, no date, no file name.
A row that did not change gives a bundle that did not change, and a device whose bundle
did not change is left alone.  Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from kiosk.config.schema import KioskConfig
from kiosk.config.versions import CONFIG_VERSION
from kiosk.fleet.inventory import Device


_HEAD: Final = "# Made by `kiosk fleet render`; what is changed here is lost.\n"
_ORDER: Final = tuple(KioskConfig.model_fields)


def device_toml(device: Device) -> str:
    """Return what a row sets, as the device's own part of its configuration."""
    version = f"config_version = {CONFIG_VERSION}\n"
    return _HEAD + version + "".join(_sections(device.table))


def secrets_toml(secrets: Mapping[str, Mapping[str, str]]) -> str:
    """Return secrets as a bundle carries them."""
    return _HEAD + "".join(_sections(secrets))


def _sections(table: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    for section in sorted(table, key=_ORDER.index):
        yield f"\n[{section}]\n"
        for key, value in sorted(table[section].items()):
            yield f"{key} = {_toml(value)}\n"


def _toml(value: object) -> str:
    # JSON's texts, numbers, truth values and lists are TOML's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
