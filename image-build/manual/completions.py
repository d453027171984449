"""What bash and zsh know of the commands; by shtab, when the package is built."""

from __future__ import annotations

import argparse
from pathlib import Path

import shtab

from manual.commands import commands_of, options_of


SHELLS = {"bash": "kiosk", "zsh": "_kiosk"}
"""By the names that both shells look for."""


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the completions for a shell; paths are completed as paths."""
    for _, command in commands_of(parser):
        for action in options_of(command):
            if action.type is Path:
                is_folder = str(action.metavar) == "DIR"
                kind = shtab.DIRECTORY if is_folder else shtab.FILE
                action.complete = kind  # type: ignore[attr-defined]
    text: str = shtab.complete(parser, shell)
    return text
