"""
Whether every device will take its bundle: judged by the configuration's own code.

A mistake that a cell made is told with the sheet's line and column; one that the
shared part made is told once, however many devices have it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from kiosk.config.documents import Table, Unreadable, merge, read_document
from kiosk.config.load import kiosk_mistakes
from kiosk.config.mistakes import Mistake, place
from kiosk.errors import ConfigError
from kiosk.fleet.inventory import Device
from kiosk.fleet.spreadsheet import Sheet


def judge(sheet: Sheet, devices: Sequence[Device], site: str) -> None:
    """
    Let pass a fleet whose devices can all be set up.

    Args:
        sheet: Where the devices come from.
        devices: Those that are in service.
        site: The shared part, as TOML.

    Raises:
        ConfigError: With every mistake in it.

    """
    shared = _site(site)
    told: dict[str, None] = {}
    elsewhere: dict[str, list[int]] = {}
    for device in devices:
        table = _merged(_merged(shared, device.table), device.secrets)
        for mistake in kiosk_mistakes(table):
            text = f"{place(mistake.path)}: {mistake.text}"
            column = _column(device, mistake)
            if column:
                told[f"{sheet.place(device.line, column)}: {text}"] = None
            else:
                elsewhere.setdefault(text, []).append(device.line)
    lines = [*told, *(_shared(sheet, text, at) for text, at in elsewhere.items())]
    if lines:
        raise ConfigError(tuple(lines))


def judge_bundle(folder: Path) -> Iterator[str]:
    """Yield what is wrong with a bundle that was written, with file and line."""
    names = ["site.toml", f"devices/{folder.parent.name}.toml", "secrets.toml"]
    paths = [folder / name for name in names if (folder / name).is_file()]
    try:
        found = merge(read_document(path) for path in paths)
    except Unreadable as error:
        yield str(error)
        return
    for mistake in kiosk_mistakes(found.table):
        origin = found.origin(mistake.path)
        where = origin.text if origin else str(folder)
        yield f"{where}: {place(mistake.path)}: {mistake.text}"


def _merged(low: Mapping[str, object], high: Mapping[str, object]) -> Table:
    table: Table = dict(low)
    for name, value in high.items():
        below = table.get(name)
        if isinstance(below, dict) and isinstance(value, Mapping):
            table[name] = {**cast("Table", below), **cast("Table", value)}
        else:
            table[name] = (
                dict(cast("Table", value)) if isinstance(value, Mapping) else value
            )
    return table


def _site(text: str) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError((f"site.toml: not TOML: {error}",)) from None


def _column(device: Device, mistake: Mistake) -> str:
    section, key = (*mistake.path[:2], "")[:2]
    return device.columns.get((str(section), str(key)), "")


def _shared(sheet: Sheet, text: str, lines: Sequence[int]) -> str:
    others = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"{sheet.place(lines[0])}{others}: {text} (set it in a column or site.toml)"
