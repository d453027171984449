"""Makes the smallest trixie that runs the kiosk under systemd, and prints where it is."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from appliance.cache import Cache, default_folder, key_of
from appliance.recipe import RELEASE
from appliance.root import debian


RUN_BY: Final = (
    *("anyio", "av", "cryptography", "h11", "httpcore", "httptools", "httpx"),
    *("numpy", "pil", "pydantic", "segno", "starlette", "systemd"),
    *("typing-extensions", "uvicorn", "wsproto"),
)
"""Debian's modules for Python that the kiosk imports, and Python."""
PACKAGES: Final = [
    "systemd-sysv",
    "python3",
    "fonts-dejavu-core",
    "libfribidi0",
    "libopus0",
    *(f"python3-{name}" for name in RUN_BY),
]


def made(folder: Path) -> None:
    """Make it in a folder."""
    debian([], PACKAGES, "a root for the units", out=str(folder / "root"))


if __name__ == "__main__":
    month = f"{datetime.now(UTC):%Y-%m}"
    key = key_of([RELEASE, month, *PACKAGES])
    sys.stdout.write(f"{Cache(default_folder()).get('service', key, made) / 'root'}\n")
