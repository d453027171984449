"""Verdicts on mutants, kept in a file: a run that was ended goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.forked import ROOT


class Kept:
    """
    Verdicts by mutant, valid as long as no file that matters is changed.

    Args:
        file: Where they are kept.
        matters: The folders and files that make a verdict, from the root of the tree.

    """

    def __init__(self, file: Path, matters: Sequence[str]) -> None:
        self._file = file
        self._digest = _digest(matters)
        self.verdicts: dict[str, int] = {}
        if file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            if kept["digest"] == self._digest:
                self.verdicts = kept["verdicts"]

    def add(self, mutant: str, verdict: int) -> None:
        self.verdicts[mutant] = verdict
        new = self._file.with_name(f"{self._file.name}.new")
        kept = {"digest": self._digest, "verdicts": self.verdicts}
        new.write_text(json.dumps(kept), encoding="utf-8")
        new.replace(self._file)


def _digest(matters: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for one in matters:
        root = ROOT / one
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
