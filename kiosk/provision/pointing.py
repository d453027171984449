"""
Where exactly in a bundle's file a mistake is: its line and its column.

The loader of the configuration knows lines; here the column is found in that line,
and the path of our copy becomes the name that the technician knows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final


_HEAD = re.compile(r"(.+?)(?::([0-9]+))?: (.*)", re.DOTALL)
_KEY = re.compile(r"(?:\[[^\]]*\] )?([^\s:.]+)[^\s:]*: ")
_SYNTAX = "not TOML: "
_COLUMN = re.compile(r"\(at line ([0-9]+), column ([0-9]+)\)")
WHOLE_FILE: Final = 1


def pointed(mistake: str, names: Mapping[Path, str]) -> str:
    """
    Return a mistake with the name, line and column of the bundle's file.

    Args:
        mistake: Of the loader: file, perhaps a line, and what is wrong.
        names: The name in the bundle of each of our files.

    """
    match = _HEAD.fullmatch(mistake)
    if match is None:
        return mistake
    path = Path(match[1])
    name = names.get(path)
    if name is None or match[2] is None:
        return mistake if name is None else f"{name}: {match[3]}"
    line = int(match[2])
    return f"{name}:{line}:{_column(path, line, match[3])}: {match[3]}"


def _column(path: Path, line: int, text: str) -> int:
    try:
        content = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return WHOLE_FILE
    if text.startswith(_SYNTAX):
        return _column_of_syntax(content, line)
    key = _KEY.match(text)
    lines = content.split("\n")
    if key is None or line > len(lines):
        return WHOLE_FILE
    at = lines[line - 1].find(key[1])
    return at + 1 if at >= 0 else _first_of(lines[line - 1])


def _column_of_syntax(content: str, line: int) -> int:
    try:
        tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        found = _COLUMN.search(str(error))
        if found and int(found[1]) == line:
            return int(found[2])
    except (ValueError, RecursionError):
        pass
    lines = content.split("\n")
    return len(lines[line - 1]) + 1 if line <= len(lines) else WHOLE_FILE


def _first_of(line: str) -> int:
    return len(line) - len(line.lstrip()) + 1
