"""
A NetworkManager keyfile as text, with the line of everything in it.

Reads what GLib's key-file parser reads (nm-settings-keyfile(5)); knows no section or
key.  Values are kept as they stand: they may be secrets.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final


_GROUP = re.compile(r"\[([^\[\]]{1,128})\]\s*")
_PAIR = re.compile(r"([A-Za-z0-9][A-Za-z0-9._:-]*)\s*=\s*(.*)", re.DOTALL)
_FORM: Final = "a line reads [section], key=value or # remark"


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it stands: line and column, counted from 1."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in a text, and where."""

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Keyfile:
    """
    A text, and what stands in it.

    Attributes:
        groups: Values by section and key.
        heads: The line of each section.
        findings: What cannot be read.

    """

    lines: tuple[str, ...]
    groups: Mapping[str, Mapping[str, Value]]
    heads: Mapping[str, int]
    findings: tuple[Finding, ...]

    def get(self, group: str, key: str) -> str:
        """Return a value, or nothing."""
        found = self.groups.get(group, {}).get(key)
        return found.text if found else ""

    def at(self, group: str, key: str = "") -> tuple[int, int]:
        """Return line and column of a key, or of the closest thing around it."""
        found = self.groups.get(group, {}).get(key)
        if found is not None:
            return found.line, found.column
        return self.heads.get(group, 1), 1

    def rewritten(self, changed: Callable[[str, str, str], str]) -> bytes:
        """Return the text with each value as ``changed(group, key, value)`` has it."""
        lines = list(self.lines)
        for group, values in self.groups.items():
            for key, value in values.items():
                new = changed(group, key, value.text)
                if new != value.text:
                    lines[value.line - 1] = f"{key}={new}"
        return ("\n".join(lines).rstrip("\n") + "\n").encode()


def read_keyfile(content: bytes) -> Keyfile:
    """Read a keyfile; what is wrong with it as a text is among the findings."""
    problem = _encoding_problem(content)
    if problem is not None:
        return Keyfile((), {}, {}, (problem,))
    lines = tuple(content.decode().replace("\r\n", "\n").split("\n"))
    groups: dict[str, dict[str, Value]] = {}
    heads: dict[str, int] = {}
    findings: list[Finding] = []
    group = ""
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if match := _GROUP.fullmatch(line):
            group = match[1]
            if group in heads:
                findings.append(Finding(number, 1, f"[{group}] stands there twice"))
            heads.setdefault(group, number)
            groups.setdefault(group, {})
        elif (match := _PAIR.fullmatch(line)) and group:
            if match[1] in groups[group]:
                text = f"{match[1]} stands there twice; remove one"
                findings.append(Finding(number, 1, text))
            groups[group][match[1]] = Value(
                match[2].strip(), number, match.start(2) + 1
            )
        else:
            findings.append(Finding(number, 1, f"makes no sense; {_FORM}"))
    return Keyfile(lines, groups, heads, tuple(findings))


def _encoding_problem(content: bytes) -> Finding | None:
    cure = "save it as UTF-8 without a byte order mark"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Finding(1, 1, f"is UTF-16; {cure}")
    if content.startswith(codecs.BOM_UTF8):
        return Finding(1, 1, f"begins with a byte order mark; {cure}")
    if not content.strip():
        return Finding(1, 1, "is empty; was it copied whole?")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Finding(line, 1, f"is not UTF-8; {cure}")
    at = text.find("\0")
    if at >= 0:
        line = text.count("\n", 0, at) + 1
        return Finding(line, 1, "holds a NUL; the file is damaged, copy it again")
    return None
