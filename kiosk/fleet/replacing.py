"""
A broken device swapped for another: one row of the sheet changes hands.

The new serial number takes over the row, and with it name, room, address and userID;
the old one is listed as retired at the end, so that nobody sets it up again.  Cells
that have no part in it keep their text; delimiter, encoding and line ends stay.
Pure.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from kiosk.errors import ConfigError
from kiosk.fleet.columns import UnknownColumn, column_of
from kiosk.fleet.inventory import RETIRED, checked_serial
from kiosk.fleet.spreadsheet import read_sheet


_BOMS = {
    "utf-16-le": b"\xff\xfe",
    "utf-16-be": b"\xfe\xff",
    "utf-8-sig": b"\xef\xbb\xbf",
}


def replaced(file: str, content: bytes, old: str, new: str) -> bytes:
    """
    Return a sheet in which one device has taken another's place.

    Raises:
        ConfigError: The old one is not in service, or the new one is known already.

    """
    sheet = read_sheet(file, content)
    own = _own_columns(sheet.header)
    if "serial" not in own:
        raise ConfigError((f'{file}:{sheet.header_line}: has no column "serial"',))
    old, new = _serial("OLD", old), _serial("NEW", new)
    lines, head = _raw(content, sheet.encoding, sheet.delimiter)
    header = next(cells for cells in lines if any(cell.strip() for cell in cells))
    for missing in ("status", "note"):
        if missing in own:
            continue
        own[missing] = len(header)
        for cells in lines:
            if cells:
                cells.append(missing if cells is header else "")
    at = own["serial"]
    rows = {cells[at].strip().lower(): cells for cells in lines if len(cells) > at}
    if new.lower() in rows:
        raise ConfigError((f"{file}: {new} is in the list already",))
    row = rows.get(old.lower())
    if row is None:
        raise ConfigError((f"{file}: no device has the serial number {old}",))
    if row[own["status"]].strip().lower() == RETIRED:
        raise ConfigError((f"{file}: {old} is retired already",))
    row[at] = new
    gone = [""] * len(header)
    gone[at], gone[own["status"]], gone[own["note"]] = (
        old,
        RETIRED,
        f"replaced by {new}",
    )
    return _written([*lines, gone], head, sheet.encoding, sheet.delimiter, content)


def _serial(which: str, text: str) -> str:
    try:
        return checked_serial(text)
    except ValueError as error:
        raise ConfigError((f"{which}: {error}",)) from None


def _own_columns(header: Sequence[str]) -> dict[str, int]:
    own: dict[str, int] = {}
    for number, name in enumerate(header):
        try:
            column = column_of(name)
        except UnknownColumn:
            continue  # of no use here; render has it ignored
        if column.own:
            own[column.own] = number
    return own


def _raw(content: bytes, encoding: str, delimiter: str) -> tuple[list[list[str]], str]:
    """Return every line's cells as they are, and a line ``sep=;`` before them."""
    bare = content[2:] if encoding.startswith("utf-16") else content
    text = bare.decode(encoding)
    head = ""
    if text.startswith("sep="):
        head, _, text = text.partition("\n")
        head += "\n"
    reader = csv.reader(io.StringIO(text, ""), delimiter=delimiter, strict=True)
    return list(reader), head


def _written(
    lines: Sequence[Sequence[str]],
    head: str,
    encoding: str,
    delimiter: str,
    content: bytes,
) -> bytes:
    plain = content.replace(b"\0", b"")
    end = "\r\n" if b"\r\n" in plain else "\n"
    out = io.StringIO("", "")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(lines)
    bom = _BOMS[encoding] if content.startswith(_BOMS[encoding]) else b""
    return bom + (head + out.getvalue()).encode(encoding.removesuffix("-sig"))
