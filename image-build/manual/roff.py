"""Text as man(7) wants it. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def escaped(text: str) -> str:
    """Return a text in which nothing is a request or an escape."""
    safe = text.replace("\\", r"\e").replace("-", r"\-")
    lines = safe.splitlines() or [""]
    return "\n".join(rf"\&{each}" if each[:1] in {".", "'"} else each for each in lines)


def title(name: str, section: int, what: str) -> list[str]:
    """Return how a page begins."""
    return [
        f'.TH {name.upper()} {section} "" "kiosk" "kiosk"',
        ".SH NAME",
        rf"{escaped(name)} \- {escaped(what)}",
    ]


def heading(text: str) -> str:
    """Return a section's heading."""
    return f".SH {escaped(text)}"


def subheading(text: str) -> str:
    """Return a heading within a section."""
    return f'.SS "{escaped(text)}"'


def paragraph(text: str) -> list[str]:
    """Return a paragraph of its own."""
    return [".PP", escaped(text)]


def item(term: str, text: str) -> list[str]:
    """Return a term with its explanation, indented."""
    return [".TP", rf"\fB{escaped(term)}\fR", escaped(text) or "\\&"]


def items(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return several terms."""
    return [line for term, text in pairs for line in item(term, text)]
