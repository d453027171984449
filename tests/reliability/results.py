"""
What the reliability runners found: sections of ``reliability.json``.

Written by the runners of the Makefile alone (``make faults``, ``make simulate``, ...),
never by hand and never by a plain test run.  A section is replaced as a whole, so
that no figure outlives the run it came from; the history of the file is git's.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


ROOT = Path(__file__).parents[2]
FILE = ROOT / "reliability.json"

SECTIONS = (
    "faults",
    "simulation",
    "soak",
    "fuzz",
    "chaos",
    "power_loss",
    "network",
    "mutation",
    "tls",
    "authorisation",
    "secrets",
    "baselines",
    "systemd",
)

STAMP = ("when", "commit", "cpus", "load")
"""What every section has beside its figures."""

_TEXT_MOST = 400


def read(file: Path = FILE) -> dict[str, dict[str, Any]]:
    """Return the sections by name; none where nothing was run yet."""
    if not file.exists():
        return {}
    sections: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return sections


def write(section: str, figures: Mapping[str, Any], *, file: Path = FILE) -> None:
    """
    Replace a section by what a run found; two runners at once lose nothing.

    Args:
        section: One of :data:`SECTIONS`.
        figures: Names to numbers, short texts, and lists and mappings of them.

    Raises:
        ValueError: The section is unknown, or a figure is none (NaN, a long text,
            an object): the message names it.

    """
    if section not in SECTIONS:
        raise ValueError(f"no section {section!r}: there are {', '.join(SECTIONS)}")
    for name, value in figures.items():
        _judge(f"{section}.{name}", value)
    stamp = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sections = read(file)
        sections[section] = {**stamp, **figures}
        kept = {name: sections[name] for name in SECTIONS if name in sections}
        new = file.with_name(f".{file.name}.new")
        new.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        new.replace(file)


def _judge(name: str, value: object) -> None:
    match value:
        case bool() | int() | None:
            return
        case float() if math.isfinite(value):
            return
        case str() if len(value) <= _TEXT_MOST:
            return
        case list() | tuple():
            for number, part in enumerate(value):
                _judge(f"{name}[{number}]", part)
        case dict():
            for key, part in value.items():
                _judge(f"{name}.{key}", part)
        case _:
            raise ValueError(f"{name} is no figure: {str(value)[:80]!r}")


def commit() -> str:
    """Return which tree this is, in short."""
    found = _git("rev-parse", "--short", "HEAD")
    # what the runners themselves write is no change of what they ran
    changed = _git("status", "--porcelain", "--", ".", f":!{FILE.name}")
    return f"{found}-dirty" if changed else found or "unknown"


def _git(*words: str) -> str:
    said = subprocess.run(
        ["git", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return said.stdout.strip()
