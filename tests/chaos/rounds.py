"""
Many rounds of chaos, some at once, each in a process of its own.

Each that ended is a line of a file, so that an interrupted run goes on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from tests.chaos.one_round import Round
from tests.fakes.programs import ROOT


Found = Mapping[str, Any]
_TRIES = 2
"""Of a round that comes to no end: a server that does not start in 30 s ends it."""
_MEMORY = Path("/dev/shm")
"""Where servers and their store write: other people's disk writes are no part of it."""


class Notebook:
    """
    What was found in rounds that ended.

    Args:
        file: Where it is kept.
        terms: Of the whole run; lines of others are forgotten.

    """

    def __init__(self, file: Path, terms: Mapping[str, Any]) -> None:
        self._file, self._lock = file, Lock()
        self.found: dict[str, Found] = {}
        file.parent.mkdir(exist_ok=True)
        old = file.read_text("utf-8").splitlines() if file.exists() else []
        lines = [json.loads(line) for line in old]
        if lines and lines[0] == terms:
            self.found = {line["round"]: line["found"] for line in lines[1:]}
        else:
            file.write_text(json.dumps(terms) + "\n", encoding="utf-8")

    def note(self, one: Round, found: Found) -> None:
        """Note a round that ended."""
        line = json.dumps({"round": one.name, "found": found})
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            self.found[one.name] = found
            file.write(line + "\n")


def run_all(rounds: Sequence[Round], notebook: Notebook, at_once: int) -> None:
    """Run those the notebook does not know, and say how far they are."""
    for _ in range(_TRIES):
        left = [one for one in rounds if one.name not in notebook.found]
        with ThreadPoolExecutor(at_once) as pool:
            for run in [pool.submit(_run, one, notebook) for one in left]:
                run.result()


def _run(one: Round, notebook: Notebook) -> None:
    found: Found = {}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.one_round", one.to_json()],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **({"TMPDIR": str(_MEMORY)} if _MEMORY.is_dir() else {})},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            found = json.loads(line)
            if "so_far" in found:
                _say(one, f"{found['so_far']} of {one.operations}, {found['faults']}")
    if process.returncode or "operations" not in found:
        _say(one, f"ended with {process.returncode}: to be run again")
        return
    notebook.note(one, found)
    _say(one, json.dumps(found))


def _say(one: Round, text: str) -> None:
    now = time.strftime("%H:%M:%S")
    print(f"{now} {one.name}: {text}", flush=True)  # noqa: T201 -- its progress
