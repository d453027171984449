"""
Which machine this is, as long as it is up: what tells a restarted kiosk from a clone.

A number drawn once, in the directory of the unit's run: it outlives the process and
not the machine's memory, and is on no card that somebody copies.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final


NAME: Final = "instance"
_BYTES = 16
_FORM = re.compile(r"[0-9a-f]{32}")
_OWNER_ONLY = 0o600


def instance_of(environment: Mapping[str, str]) -> str:
    """Return the number, 32 letters; empty where there is no place to keep one."""
    given = environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if not given:
        return ""
    path = Path(given) / NAME
    try:
        return _kept(path) or _drawn(path)
    except OSError:
        return ""


def _kept(path: Path) -> str:
    try:
        found = path.read_text("ascii", "replace")
    except FileNotFoundError:
        return ""
    return found if _FORM.fullmatch(found) else ""


def _drawn(path: Path) -> str:
    number = secrets.token_hex(_BYTES)
    scratch = path.with_suffix(".part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(scratch, flags, _OWNER_ONLY), "w") as file:  # noqa: PTH123 -- of a descriptor
        file.write(number)
    scratch.replace(path)
    return number
