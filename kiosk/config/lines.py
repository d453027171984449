"""
On which line each key of a TOML text stands; the parser of the standard library does not say.

1. Only texts that parsed are indexed; what this scanner does not understand it
   steps over, so the worst outcome is a missing line number.
2. It never interprets a value beyond finding its end.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping


KeyPath = tuple[str | int, ...]
"""Section, key and, within a list, the place of the entry."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_SPACES = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


def index_lines(text: str) -> Mapping[KeyPath, int]:
    """Return the line, counted from 1, of every section, key and list entry."""
    return _Scanner(text).scan()


class _Scanner:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._lines: dict[KeyPath, int] = {}

    def scan(self) -> Mapping[KeyPath, int]:
        section: KeyPath = ()
        while self._skip_blank():
            if self._next() == "[":
                section = self._header()
            else:
                self._pair(section)
        return self._lines

    def _header(self) -> KeyPath:
        start = self._at
        while self._next() == "[":
            self._at += 1
        path = self._key(())
        self._record(path, start)
        while self._next() == "]":
            self._at += 1
        return path

    def _pair(self, section: KeyPath) -> None:
        start = self._at
        path = self._key(section)
        for length in range(len(section) + 1, len(path) + 1):
            self._record(path[:length], start)
        self._skip(_SPACES)
        if self._next() != "=":
            self._at += 1  # not a pair after all: go on behind it
            return
        self._at += 1
        self._value(path)

    def _key(self, section: KeyPath) -> KeyPath:
        path = section
        while True:
            self._skip(_SPACES)
            part = self._skip(_STRING)
            name = _unquoted(part) if part else self._skip(_BARE_KEY)
            path += (name,)
            self._skip(_SPACES)
            if self._next() != ".":
                return path
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        self._skip(_SPACES)
        if self._next() == "[":
            self._array(path)
        elif self._next() == "{":
            self._inline_table(path)
        elif not self._skip(_STRING):
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        place = 0
        while self._skip_blank() and self._next() != "]":
            if self._next() == ",":
                self._at += 1
                place += 1
                continue
            self._record((*path, place), self._at)
            self._guarded_value((*path, place))
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip_blank() and self._next() != "}":
            if self._next() == ",":
                self._at += 1
            else:
                self._pair(path)
        self._at += 1

    def _guarded_value(self, path: KeyPath) -> None:
        before = self._at
        self._value(path)
        if self._at == before:
            self._at += 1

    def _record(self, path: KeyPath, position: int) -> None:
        line = bisect_right(self._line_ends, position - 1) + 1
        self._lines.setdefault(path, line)

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _skip_blank(self) -> bool:
        self._skip(_BLANK)
        return self._at < len(self._text)


def _unquoted(literal: str) -> str:
    try:
        return str(tomllib.loads(f"key = {literal}")["key"])
    except tomllib.TOMLDecodeError:
        return literal
