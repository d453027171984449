"""The one way in which reading fails: a line that is not in the part of YAML we write."""

from __future__ import annotations

from pathlib import Path


class NotRead(Exception):
    """A file cannot be read; the text names file, line and what was expected."""

    def __init__(self, path: Path, line: int, text: str) -> None:
        super().__init__(f"{path}:{line}: {text}")
