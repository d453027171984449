"""
A spreadsheet's export as rows of text, each cell with its line and column.

Excel writes what its user's country and menu choice say: commas, semicolons or tabs;
UTF-8 with or without a byte order mark, UTF-16 ("Unicode Text"), or the code page of
the machine.  All but the last are understood; that one cannot be told from others and
is refused with the place of the first byte that gives it away.

Pure: bytes in, rows out, or every mistake at once.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.errors import ConfigError


MAX_BYTES: Final = 16 << 20
MAX_ROWS: Final = 20_000

_DELIMITERS = ",;\t"
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_SAVE_AS = 'save it as "CSV UTF-8 (comma delimited)"'
_BLANK = " \t\xa0"
_EXCEL_ERROR = re.compile(r"#(N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)")


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row.

    Attributes:
        line: On which it begins, counted from 1.
        cells: Text by the name of the column, without blanks around it.

    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    All rows.

    Attributes:
        file: What mistakes call it.
        delimiter: Between cells.
        encoding: Python's name, for writing it back.
        header: The columns' names as they stand there, but for blanks.
        header_line: Counted from 1.

    """

    file: str
    delimiter: str
    encoding: str
    header: tuple[str, ...]
    header_line: int
    rows: tuple[Row, ...]

    def place(self, line: int, column: str = "") -> str:
        """Return ``file:line: column 3 "room"``, for a message to begin with."""
        if column not in self.header:
            return f"{self.file}:{line}"
        number = self.header.index(column) + 1
        return f'{self.file}:{line}: column {number} "{column}"'


def read_sheet(file: str, content: bytes) -> Sheet:
    """
    Read a spreadsheet's export.

    Raises:
        ConfigError: With every mistake that makes it unreadable.

    """
    text, encoding = _decoded(file, content)
    skipped = 0
    if match := _SEPARATOR_LINE.match(text):
        text, skipped = text[match.end() :], 1
    delimiter = match[1] if match else _delimiter(text)
    lines = list(_lines(file, text, delimiter, skipped))
    if not lines:
        raise ConfigError((f"{file}: is empty; its first line must name the columns",))
    header_line, header = lines[0]
    names = tuple(header)
    _judge_header(file, header_line, names, delimiter)
    if len(lines) - 1 > MAX_ROWS:
        raise ConfigError((f"{file}: has more than {MAX_ROWS} rows",))
    sheet = Sheet(file, delimiter, encoding, names, header_line, ())
    mistakes: list[str] = []
    rows = [
        Row(line, dict(zip(names, cells, strict=True)))
        for line, cells in lines[1:]
        if not _misfit(sheet, line, cells, mistakes)
    ]
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return Sheet(file, delimiter, encoding, names, header_line, tuple(rows))


def _decoded(file: str, content: bytes) -> tuple[str, str]:
    if len(content) > MAX_BYTES:
        raise ConfigError((f"{file}: is larger than {MAX_BYTES >> 20} MiB",))
    encoding = _UTF16.get(content[:2], "utf-8-sig")
    if encoding == "utf-8-sig" and b"\0" in content[:4096]:
        reason = "is UTF-16 without a byte order mark, or no text at all"
        raise ConfigError((f"{file}:1: {reason}; {_SAVE_AS}",))
    bare = content[2:] if encoding in _UTF16.values() else content
    try:
        return bare.decode(encoding), encoding
    except UnicodeDecodeError as error:
        before = bare[: error.start].decode(encoding, errors="replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        place = f"{file}:{line}:{column}"
        kind = "UTF-16" if encoding in _UTF16.values() else "UTF-8"
        reason = f"is not {kind} (byte 0x{bare[error.start]:02x})"
        raise ConfigError((f"{place}: {reason}; {_SAVE_AS}",)) from None


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=first.count)


def _lines(
    file: str, text: str, delimiter: str, skipped: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield each line that has a cell with text, its number and its cells."""
    # QUOTE_MINIMAL with strict: a quote that is never closed would swallow the rest.
    reader = csv.reader(io.StringIO(text, ""), delimiter=delimiter, strict=True)
    begin = skipped + 1
    try:
        for cells in reader:
            bare = [cell.strip(_BLANK) for cell in cells]
            if any(bare):
                yield begin, bare
            begin = skipped + reader.line_num + 1
    except csv.Error as error:
        reason = str(error)
        if "unexpected end" in reason or "expected after" in reason:
            reason = 'a quotation mark is opened and not closed, or stands in a text; write it twice: ""'
        raise ConfigError((f"{file}:{begin}: {reason}",)) from None


def _judge_header(file: str, line: int, names: Sequence[str], delimiter: str) -> None:
    mistakes: list[str] = []
    for number, name in enumerate(names, 1):
        place = f"{file}:{line}: column {number}"
        if not name:
            mistakes.append(f"{place}: has no name; name it, or delete the column")
        elif not name.isprintable():
            mistakes.append(f"{place}: its name holds a control character")
        elif name in names[: number - 1]:
            mistakes.append(f'{place}: "{name}" is there already; remove one')
    if mistakes:
        raise ConfigError(tuple(mistakes))


def _misfit(sheet: Sheet, line: int, cells: list[str], mistakes: list[str]) -> bool:
    """Note what is wrong with a line as such; say whether anything is."""
    if len(cells) != len(sheet.header):
        mistakes.append(
            f"{sheet.place(line)}: has {len(cells)} cells, but there are "
            f"{len(sheet.header)} columns; is there a "
            f"{_shown(sheet.delimiter)} in a text without quotes?"
        )
        return True
    before = len(mistakes)
    for name, cell in zip(sheet.header, cells, strict=True):
        if not cell.isprintable():
            reason = "holds a line break or control character; write it in one line"
            mistakes.append(f"{sheet.place(line, name)}: {reason}")
        elif _EXCEL_ERROR.fullmatch(cell):
            reason = f"is {cell}: the formula there went wrong"
            mistakes.append(f"{sheet.place(line, name)}: {reason}")
    return len(mistakes) > before


def _shown(delimiter: str) -> str:
    return {",": "comma", ";": "semicolon", "\t": "tab"}.get(delimiter, delimiter)
