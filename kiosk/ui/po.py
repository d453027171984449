"""
Reads a ``.po`` file and compiles it, in memory, to what :mod:`gettext` loads.

The sources themselves are shipped, and there are no ``.mo`` files: a compiled
copy in the repository drifts from its source, one made at build time is missing
in a checkout, and the compiler (``msgfmt``) is not in the standard library.
Reading a catalogue of ours takes a few milliseconds, once a language.

The format is GNU gettext's ("PO Files" and "MO Files" in its manual), without
plural forms, which no text of ours has.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final


CONTEXT_END: Final = "\x04"
"""Between context and text in a key of a compiled catalogue."""

_MAGIC: Final = 0x950412DE
_KEYWORDS: Final = ("msgctxt", "msgid", "msgstr")


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One text of a catalogue.

    Attributes:
        context: Where it stands; empty in the header.
        source: In the source language; empty in the header.
        text: Translated; empty where nobody did it yet.
        is_fuzzy: Whether the translation is to be looked at again.

    """

    context: str
    source: str
    text: str
    is_fuzzy: bool

    @property
    def counts(self) -> bool:
        """Whether the translation may be shown."""
        return bool(self.text) and not self.is_fuzzy


def read_po(text: str) -> tuple[Entry, ...]:
    """
    Return the entries of a ``.po`` file, the header first.

    Raises:
        ValueError: A line is not of the format; it is named.

    """
    return tuple(_entries(text.splitlines()))


def compiled(entries: Iterable[Entry]) -> bytes:
    """Return the translations that count as a ``.mo`` file."""
    texts = sorted(
        (_key(entry).encode(), entry.text.encode()) for entry in entries if entry.counts
    )
    index_at = 7 * 4
    keys_at = index_at + 2 * 8 * len(texts)
    keys, values = ([pair[side] for pair in texts] for side in (0, 1))
    values_at = keys_at + sum(len(key) + 1 for key in keys)
    table = (*_offsets(keys, keys_at), *_offsets(values, values_at))
    return (
        struct.pack(
            f"<7I{len(table)}I",
            _MAGIC,
            0,  # revision of the format
            len(texts),
            index_at,
            index_at + 8 * len(texts),
            0,  # no hash table,
            0,  # so it is nowhere
            *table,
        )
        + b"".join(text + b"\0" for text in keys)
        + b"".join(text + b"\0" for text in values)
    )


def _entries(lines: Iterable[str]) -> Iterator[Entry]:
    parts: dict[str, str] = {}
    keyword, is_fuzzy = "", False
    for number, line in enumerate((*lines, ""), start=1):
        word, _, rest = line.strip().partition(" ")
        if line.startswith("#,"):
            is_fuzzy = is_fuzzy or "fuzzy" in line
        elif word in _KEYWORDS:
            keyword = word
            parts[keyword] = _unquoted(rest, number)
        elif word.startswith('"') and keyword:
            parts[keyword] += _unquoted(line.strip(), number)
        elif not word:
            if "msgid" in parts:
                context, source, text = (parts.get(name, "") for name in _KEYWORDS)
                yield Entry(context, source, text, is_fuzzy)
            parts, keyword, is_fuzzy = {}, "", False
        elif not word.startswith("#"):
            raise ValueError(f"line {number} is not of a .po file")


def _unquoted(literal: str, number: int) -> str:
    try:
        value = ast.literal_eval(literal)  # C escapes of .po files are Python's, too
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"line {number}: not a quoted text") from error
    if not isinstance(value, str):
        raise ValueError(f"line {number}: not a quoted text")  # noqa: TRY004 -- of a file
    return value


def _key(entry: Entry) -> str:
    if not entry.context:
        return entry.source
    return f"{entry.context}{CONTEXT_END}{entry.source}"


def _offsets(texts: Iterable[bytes], begin: int) -> Iterator[int]:
    for text in texts:
        yield from (len(text), begin)
        begin += len(text) + 1
