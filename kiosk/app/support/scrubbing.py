"""
Takes secrets out of a text before it leaves the machine.

By their form, as the log does; and by their value: whatever the stores of credentials
hold is looked for and taken out, wherever and however it stands.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from kiosk.config.credentials import (
    ENCRYPTED_STORE,
    KIOSK,
    MAX_FILE_BYTES,
    SERVER,
    STORE,
    VARIABLE,
)
from kiosk.journal.redaction import redact


MASK: Final = "********"
_LEAST: Final = 4
"""Shorter ones would take ordinary words apart; and protect nothing."""
_PROFILES: Final = Path("etc/NetworkManager/system-connections")
_HIDDEN_IN_PROFILES: Final = (
    "psk",
    "password",
    "private-key-password",
    "pin",
    "wep-key",
)


class Scrubber:
    """
    Args:
        secrets: Values that must be in nothing.

    """

    def __init__(self, secrets: Iterable[str]) -> None:
        lines = {line.strip() for secret in secrets for line in secret.splitlines()}
        usable = (line for line in lines if len(line) >= _LEAST)
        self._secrets = sorted(usable, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return a text without secrets; its lines stay lines."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return "\n".join(redact(line) for line in text.split("\n"))


def known_secrets(root: Path) -> Iterator[str]:
    """Yield every secret that this machine keeps for us, as far as we may read it."""
    places = [root / STORE, root / ENCRYPTED_STORE]
    given = os.environ.get(VARIABLE)
    places += [Path(given)] if given else []
    for place in places:
        for credential in (*KIOSK, *SERVER):
            yield _text(place / credential.name)
    for profile in sorted((root / _PROFILES).glob("*")):
        yield from _of_profile(_text(profile))


def _of_profile(text: str) -> Iterator[str]:
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and key.strip().rstrip("0123456789") in _HIDDEN_IN_PROFILES:
            yield value


def _text(path: Path) -> str:
    try:
        return path.read_bytes()[:MAX_FILE_BYTES].decode(errors="replace")
    except OSError:
        return ""
