"""
What is wrong with a text that is no TOML, for people who never heard of that.

Takes the position that the standard library's parser stopped at, looks at the line, and
says what people write there in its place.  Nothing of the line is repeated but a
key's name: what stands behind it may be a secret.
"""

from __future__ import annotations

import re
from typing import Final


_WHERE: Final = re.compile(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)$")
_DUPLICATES: Final = (
    "Cannot overwrite a value",
    "Cannot declare",
    "Duplicate inline table",
)
_ESCAPES: Final = ("Unescaped", "Invalid hex value", "Escaped character")
_NAME: Final = re.compile(r"\s*(\[[\w. -]+\]|[\w-]+)\s*(?==|$|#)")
_FORM: Final = 'a line reads [section] or key = value, e.g. name = "Kiosk"'
_SLIPS: Final = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (
            "[\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb]",
            'has typographic quotes; straight ones are needed, e.g. name = "Kiosk"',
        ),
        (
            r"^\s*[\w.-]+\s*:(?!.*=)",
            'has a colon where an equals sign belongs, e.g. name = "Kiosk"',
        ),
        (
            r"=\s*(True|TRUE|False|FALSE|[Yy]es|[Nn]o|[Oo]n|[Oo]ff)\s*(#|$)",
            "has another word for true or false, e.g. consent = true",
        ),
        (
            r"=\s*[+-]?[0-9]+,[0-9]",
            "has a comma in a number, which takes a point, e.g. consent_s = 1.5",
        ),
        (
            r"=\s*[+-]?0[0-9]",
            "has a number that begins with 0, e.g. consent_s = 5 is right",
        ),
        (r"^(<<<<<<<|=======|>>>>>>>)", "is left over from merging two versions"),
        (r"=\s*(#|$)", 'has nothing behind its equals sign, e.g. name = "Kiosk"'),
        (
            r"=\s*[^\s\"'\[{0-9+-][^\"']*$",
            'has a text without quotes around it, e.g. name = "Kiosk"',
        ),
    )
)
_CUT_OFF: Final = "is the file cut off? Copy it again"


def syntax_mistake(text: str, message: str) -> tuple[int, str]:
    """
    Return the line, counted from 1, and what is wrong there.

    Args:
        text: What was parsed.
        message: What ``tomllib`` said of it.

    """
    lines = text.split("\n")
    match = _WHERE.search(message)
    what = message[: match.start()] if match else message
    if "\0" in text:
        number = text.count("\n", 0, text.index("\0")) + 1
        return number, f"not TOML: holds bytes that are no text; {_CUT_OFF}"
    if re.search(r"\r(?!\n)", text):
        return 1, "not TOML: its lines end in CR alone; save it with LF or CR LF"
    if match is None or match[1] is None:
        number = len(lines) if lines[-1] else max(1, len(lines) - 1)
        return number, f"not TOML: {what}; {_CUT_OFF}"
    number = min(int(match[1]), len(lines))
    return number, _of_line(lines, number, what)


def _of_line(lines: list[str], number: int, what: str) -> str:
    if what.startswith(_DUPLICATES):
        return _second(lines, number)
    if what.startswith(_ESCAPES):
        return (
            "not TOML: has a single \\ in a text, which is doubled there, "
            r'e.g. name = "A\\B"'
        )
    line = lines[number - 1].rstrip("\r")
    for slip, sentence in _SLIPS:
        if slip.search(line):
            return f"not TOML: {sentence}"
    return f"not TOML: {what}; {_FORM}"


def _second(lines: list[str], number: int) -> str:
    """Say what stands there for the second time, and where the first is."""
    found = _NAME.match(lines[number - 1])
    if found is None:
        return "not TOML: the key or section stands there twice; remove one"
    name = found[1]
    for earlier in range(number - 1, 0, -1):
        again = _NAME.match(lines[earlier - 1])
        if again is not None and again[1] == name:
            return (
                f"{name} stands here a second time, first in line {earlier}; remove one"
            )
    return f"{name} stands here a second time; remove one"
