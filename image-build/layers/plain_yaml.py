"""
Reads the part of YAML that our layers and configurations keep to, and refuses the rest.

That part: mappings by two spaces, lists of ``- text``, blocks after ``|-``, text without
quotes.  What it reads means the same to any YAML library (``python -m layers compare``
shows it with PyYAML); whatever could be read in two ways is an error with its line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layers.errors import NotRead


Tree = dict[str, "Node"]
Node = str | bool | list[str] | Tree

_KEY: Final = re.compile(r"([A-Za-z0-9_:-]*[A-Za-z0-9_-]):(?: (.*))?")
_WORDS: Final = {"true": True, "false": False}
_STRIPPED: Final = "|-"
_STEP: Final = 2


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    indent: int
    text: str


def read(path: Path) -> Tree:
    """
    Return what a file says.

    Raises:
        NotRead: If it says it in a way that is not ours.

    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return _Reader(path, lines).mapping(0)


class _Reader:
    """The lines of one file, from top to bottom."""

    def __init__(self, path: Path, lines: Sequence[str]) -> None:
        self._path = path
        self._lines = lines
        self._next = 0

    def mapping(self, indent: int) -> Tree:
        """Return the keys at this indent, up to the first line further left."""
        found: Tree = {}
        while (line := self._peek()) is not None and line.indent == indent:
            match = _KEY.fullmatch(line.text)
            if match is None:
                raise self._wrong(line, "expected 'key:' or 'key: text'")
            key, text = match.groups()
            if key in found:
                raise self._wrong(line, f"{key!r} is there twice")
            self._next = line.number
            found[key] = self._below(line) if text is None else self._scalar(line, text)
        if line is not None and line.indent > indent:
            raise self._wrong(line, f"expected {indent} spaces in front")
        return found

    def _below(self, key: _Line) -> Node:
        line = self._peek()
        if line is None or line.indent <= key.indent:
            raise self._wrong(key, "nothing is below this key")
        if line.indent != key.indent + _STEP:
            raise self._wrong(line, f"expected {key.indent + _STEP} spaces in front")
        return (
            self._list(line.indent)
            if line.text.startswith("- ")
            else self.mapping(line.indent)
        )

    def _list(self, indent: int) -> list[str]:
        found: list[str] = []
        while (line := self._peek()) is not None and line.indent == indent:
            dash, text = line.text[:2], line.text[2:]
            if dash != "- ":
                raise self._wrong(line, "expected '- ' and text")
            self._next = line.number
            if text == _STRIPPED:
                found.append(self._block(line))
            else:
                found.append(str(self._scalar(line, text)))
        return found

    def _block(self, head: _Line) -> str:
        """Return the lines below ``|-`` as they are, without the empty ones at its end."""
        left = head.indent + _STEP
        kept: list[str] = []
        while self._next < len(self._lines):
            text = self._lines[self._next]
            if text.strip() and not text.startswith(" " * left):
                break
            kept.append(text[left:])
            self._next += 1
        block = "\n".join(kept).rstrip("\n")
        if not block.strip() or block.startswith((" ", "\n")):
            raise self._wrong(head, f"a block's first line has {left} spaces in front")
        return block

    def _scalar(self, line: _Line, text: str) -> str | bool:
        if text in _WORDS:
            return _WORDS[text]
        ambiguous = text[:1] in set("'\"&*!|>%@`[]{},?-# ") or text[-1:] in " :"
        if not text or ambiguous or ": " in text or " #" in text:
            raise self._wrong(line, f"text that YAML may read in another way: {text!r}")
        return text

    def _peek(self) -> _Line | None:
        """Return the next line that says something; comments may stand alone only."""
        while self._next < len(self._lines):
            raw = self._lines[self._next]
            text = raw.strip(" ")
            if text and not text.startswith("#") and text != "---":
                line = _Line(self._next + 1, len(raw) - len(raw.lstrip(" ")), text)
                if "\t" in raw or raw != raw.rstrip():
                    raise self._wrong(line, "a tab, or spaces at the end")
                return line
            self._next += 1
        return None

    def _wrong(self, line: _Line, text: str) -> NotRead:
        return NotRead(self._path, line.number, text)
