"""
From rows to devices: who is who, and nobody twice.

Everything that is wrong is found before anything is written, each with line and
column.  Serial numbers are compared as FAT compares names, without case: they become
file names on sticks.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from kiosk.errors import ConfigError
from kiosk.fleet.addressing import COLUMNS as NETWORK
from kiosk.fleet.addressing import BadCell, Wire, wire_of
from kiosk.fleet.columns import Column, UnknownColumn, column_of, value_of
from kiosk.fleet.spreadsheet import Row, Sheet


RETIRED: Final = "retired"
ACTIVE: Final = ("", "active")

_SERIAL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_AS_NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+[0-9]+")
_USER: Final = ("room", "user_id")


@dataclass(frozen=True, slots=True)
class Device:
    """
    One device of the fleet.

    Attributes:
        serial: The board's number, which finds it its bundle.
        line: Of its row.
        table: What its row sets, by section and key.
        columns: The column that set each of them.
        secrets: The same for ``secrets.toml``.
        wire: Its fixed address, if it has one.
        is_retired: It is out of service and gets nothing any more.

    """

    serial: str
    line: int
    table: Mapping[str, Mapping[str, object]] = field(
        default_factory=dict[str, dict[str, object]]
    )
    columns: Mapping[tuple[str, str], str] = field(
        default_factory=dict[tuple[str, str], str]
    )
    secrets: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict[str, dict[str, str]], repr=False
    )
    wire: Wire | None = None
    is_retired: bool = False

    @property
    def user_id(self) -> str | None:
        """The name it logs in with, where its row says one."""
        value = self.table.get(_USER[0], {}).get(_USER[1])
        return value if isinstance(value, str) else None


def devices_of(
    sheet: Sheet, *, ignored: Collection[str] = (), same_ip: bool = False
) -> tuple[Device, ...]:
    """
    Return the devices of a sheet, in its order.

    Args:
        sheet: What was read.
        ignored: Names of columns that are of no use here.
        same_ip: Whether several devices may have one address, behind routers.

    Raises:
        ConfigError: With every mistake in it.

    """
    columns = _columns(sheet, ignored)
    mistakes: list[str] = []
    devices = [_device(sheet, row, columns, mistakes) for row in sheet.rows]
    known = [device for device in devices if device is not None]
    mistakes += _twice(sheet, columns, known, same_ip=same_ip)
    if not known and not mistakes:
        mistakes.append(f"{sheet.file}: names no device")
    if mistakes:
        raise ConfigError(tuple(sorted(mistakes, key=_by_line)))
    return tuple(known)


def checked_serial(text: str) -> str:
    """
    Return a serial number as the device itself writes it.

    Raises:
        ValueError: It is none; the text says why.

    """
    if _AS_NUMBER.fullmatch(text):
        raise ValueError(
            "the spreadsheet made a number of the serial number and lost its digits; "
            "format the column as text, type it again, and export anew"
        )
    if not text:
        raise ValueError("is empty; every device has one, `kiosk status` shows it")
    if not _SERIAL.fullmatch(text):
        raise ValueError("must be 1 to 64 letters, digits, - and _")
    is_hex = all(sign in "0123456789abcdefABCDEF" for sign in text)
    return text.lower() if is_hex else text  # as the device tree writes it


def _columns(sheet: Sheet, ignored: Collection[str]) -> Mapping[str, Column]:
    columns: dict[str, Column] = {}
    mistakes: list[str] = []
    taken: dict[object, str] = {}
    for name in sheet.header:
        if name in ignored:
            continue
        place = sheet.place(sheet.header_line, name)
        try:
            column = column_of(name)
        except UnknownColumn as error:
            mistakes.append(f"{place}: {error}")
            continue
        meaning = (column.own, column.setting, column.is_secret)
        if meaning in taken:
            mistakes.append(f'{place}: sets what "{taken[meaning]}" sets')
        taken[meaning] = name
        columns[name] = column
    for name in ignored:
        if name not in sheet.header:
            place = f"{sheet.file}:{sheet.header_line}"
            mistakes.append(f'{place}: there is no column "{name}" to ignore')
    if not any(column.own == "serial" for column in columns.values()) and not mistakes:
        place = f"{sheet.file}:{sheet.header_line}"
        mistakes.append(f'{place}: a column "serial" is needed; it finds the devices')
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return columns


def _device(
    sheet: Sheet, row: Row, columns: Mapping[str, Column], mistakes: list[str]
) -> Device | None:
    """Make a device of a row, or note what is wrong and make none."""
    own = {c.own: (n, row.cells[n]) for n, c in columns.items() if c.own}
    before = len(mistakes)
    serial = ""
    try:
        serial = checked_serial(own["serial"][1])
    except ValueError as error:
        mistakes.append(f"{sheet.place(row.line, own['serial'][0])}: {error}")
    name, status = own.get("status", ("", ""))
    if status.lower() == RETIRED:
        return Device(serial, row.line, is_retired=True)
    if status.lower() not in ACTIVE:
        place = sheet.place(row.line, name)
        mistakes.append(f'{place}: must be "active", "{RETIRED}" or empty')
    table, by_setting, secrets = _settings(sheet, row, columns, mistakes)
    wire = None
    try:
        wire = wire_of({key: own[key][1] for key in NETWORK if key in own})
    except BadCell as error:
        place = sheet.place(row.line, own.get(error.column, ("",))[0])
        mistakes.append(f"{place}: {error}")
    if len(mistakes) > before:
        return None
    return Device(serial, row.line, table, by_setting, secrets, wire)


def _settings(
    sheet: Sheet, row: Row, columns: Mapping[str, Column], mistakes: list[str]
) -> tuple[
    dict[str, dict[str, object]],
    dict[tuple[str, str], str],
    dict[str, dict[str, str]],
]:
    table: dict[str, dict[str, object]] = {}
    by_setting: dict[tuple[str, str], str] = {}
    secrets: dict[str, dict[str, str]] = {}
    for name, column in columns.items():
        cell = row.cells[name]
        if column.setting is None or not cell:
            continue
        section, key = column.setting
        if column.is_secret:
            secrets.setdefault(section, {})[key] = cell
            continue
        by_setting[column.setting] = name
        try:
            table.setdefault(section, {})[key] = value_of(column.setting, cell)
        except ValueError as error:
            mistakes.append(f"{sheet.place(row.line, name)}: {error}")
    return table, by_setting, secrets


def _twice(
    sheet: Sheet,
    columns: Mapping[str, Column],
    devices: list[Device],
    *,
    same_ip: bool,
) -> Iterator[str]:
    serial = next(name for name, column in columns.items() if column.own == "serial")
    ip = next((name for name, column in columns.items() if column.own == "ip"), "")
    user = next((n for n, column in columns.items() if column.setting == _USER), "")
    seen: dict[tuple[str, object], int] = {}
    for device in devices:
        facts: list[tuple[str, object]] = [(serial, device.serial.lower())]
        if device.wire is not None and not same_ip:
            facts.append((ip, device.wire.address.ip))
        if device.user_id is not None:
            facts.append((user, device.user_id))
        for fact in facts:
            first = seen.setdefault(fact, device.line)
            if first != device.line:
                place = sheet.place(device.line, fact[0])
                hint = "; behind routers: --same-ip" if fact[0] == ip else ""
                yield f"{place}: is that of line {first} already{hint}"


def _by_line(mistake: str) -> int:
    parts = re.match(r".*?:([0-9]+)", mistake)
    return int(parts[1]) if parts else 0
