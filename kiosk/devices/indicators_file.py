"""
Lamps in a small JSON file: for test benches and people who watch from outside.

The file is replaced as a whole at every change, so a reader never finds half of
it.  It holds ``schema_version``, ``changed_at_us`` (CLOCK_MONOTONIC) and one
true or false for every lamp there is.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Final

from kiosk.ports import Clock, Indicator, Probe


SCHEMA_VERSION: Final = 1

log = logging.getLogger(__name__)


class FileIndicators:
    """
    Implements :class:`kiosk.ports.Indicators` with a file.

    Args:
        clock: Stamps the changes.
        path: The file; its directory must exist.

    """

    def __init__(self, clock: Clock, path: Path) -> None:
        self._clock = clock
        self._path = path
        self._lit: dict[Indicator, bool] = {}
        self._warned = False

    def probe(self) -> Probe:
        """Say whether the file can be where it is wanted."""
        found = f"lamps in the file {self._path}"
        if self._path.parent.is_dir():
            return Probe(found)
        wrong = f"no directory {self._path.parent} for the file of the lamps"
        return Probe(found, wrong, "make the directory or name another file")

    def set(self, indicator: Indicator, *, lit: bool) -> None:
        """Write a change; a file that cannot be written is logged once."""
        if self._lit.get(indicator) is lit:
            return
        self._lit[indicator] = lit
        self._write()

    def close(self) -> None:
        """Switch all lamps off; the file stays and says so."""
        if not any(self._lit.values()):
            return
        self._lit = dict.fromkeys(self._lit, False)
        self._write()

    def _write(self) -> None:
        document: dict[str, int | bool] = {
            "schema_version": SCHEMA_VERSION,
            "changed_at_us": self._clock.now(),
        }
        for indicator in Indicator:
            document[indicator.value] = self._lit.get(indicator, False)
        scratch = self._path.with_name(f".{self._path.name}.part")
        try:
            scratch.write_text(json.dumps(document) + "\n", encoding="utf-8")
            scratch.replace(self._path)
        except OSError as error:
            if not self._warned:
                self._warned = True
                log.warning("the lamps cannot be written: %s", error)
