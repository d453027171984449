"""
What never gets into a log, a report or an archive: keys, tokens, signed URLs.

One place to get right: the formatters take secrets out, whoever logs whatever.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final


_SECRETS: Final = (
    (re.compile(r"((?:rtmps?|https?)://[^\s?#\"']+)\?[^\s\"']+"), r"\1?…"),
    # the last part of a stream's URL is its key: who has it may push to it
    (re.compile(r"(rtmps?://[^\s/?#\"']+/[^\s/?#\"']+)/[^\s?#\"',;)}\]]+"), r"\1/…"),
    (
        re.compile(
            r"((?:txSecret|txTime|token|userSig|usersig|sig|password|key)\\?[\"']?\s*[=:]\s*)"
            r"(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|\\?[\"']?[^\s\"'&,}]+)",
            re.IGNORECASE,
        ),
        r"\1…",
    ),
    (re.compile(r"((?:bearer|basic)\s+)[^\s\"',}]{8,}", re.IGNORECASE), r"\1…"),
)
_LONGEST_FACT: Final = 256


def redact(text: str) -> str:
    """Return ``text`` without keys, tokens, stream keys and the queries of URLs."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def cut(text: str, length: int = _LONGEST_FACT) -> str:
    """
    Return at most so much of what may come from a stranger, without secrets.

    What begins a text names the thing, its end the cure: the middle is left out.
    Secrets go first, for a cut may part one from its name.
    """
    text = redact(text)
    end = length // 3
    return text if len(text) <= length else f"{text[: length - end - 1]}…{text[-end:]}"


def fact(name: str, value: object) -> str:
    """Return a fact as the journal has it; what its name makes a secret is none."""
    text = cut(f"{name}={value}")[len(name) + 1 :]
    return one_line(text, keep_lines=False)


def room_hash(room_id: str) -> str:
    """Return what stands for a room where its name is nobody's business."""
    return hashlib.sha256(room_id.encode()).hexdigest()[:12]


def one_line(text: str, *, keep_lines: bool) -> str:
    """Return a text that cannot forge a line, nor write with a terminal's colours."""
    allowed = "\n" if keep_lines else ""
    return "".join(
        c if c.isprintable() or c in allowed else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )
