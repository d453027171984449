"""
Whether processes told a secret: searched in all that they wrote, by value and by form.

By value: what a configuration keeps apart as a credential.  By form: what only a running
server makes: userSigs, tokens, the keys of streams.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path


FORMS = {
    "a userSig": re.compile(r"\beJ[A-Za-z0-9*_-]{60,}"),  # zlib's first bytes in base64
    "a stream's key": re.compile(r"\btxSecret=[0-9a-fA-F]{32}"),
    "a ticket's signature": re.compile(r"[?&]sig=[A-Za-z0-9_-]{43}\b"),
    "a token": re.compile(r"\"token\\*\": ?\\*\"[A-Za-z0-9_*.=-]{16,}"),
    "a header": re.compile(
        r"(?i)authorization\W{1,6}(?:bearer|basic) [A-Za-z0-9._~+/=-]{16,}"
    ),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
LEAST = 8
"""Shorter ones are found in ordinary words."""


def credentials_of(folder: Path) -> set[str]:
    """Return what configurations in a folder keep apart."""
    files = [file for file in folder.glob("*.credentials/*") if file.is_file()]
    values = {file.read_text("utf-8", "replace").strip() for file in files}
    return {value for value in values if len(value) >= LEAST and "\n" not in value}


def told(text: str, secrets: set[str]) -> Iterator[str]:
    """Yield what a text gives away, without saying it again."""
    yield from (f"{secret[:3]}..." for secret in sorted(secrets) if secret in text)
    yield from (what for what, form in FORMS.items() if form.search(text))


def told_in(folder: Path) -> list[str]:
    """Return what the logs and outputs in a folder give away, with their names."""
    secrets = credentials_of(folder)
    files = sorted([*folder.glob("*.log"), *folder.glob("*.out")])
    return [
        f"{file.name}: {what}"
        for file in files
        for what in told(file.read_text("utf-8", "replace"), secrets)
    ]
