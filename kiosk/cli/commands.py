"""
What the command families share: the parser's words, and how a person is told.

Nothing is imported here but the parser: ``kiosk status`` must answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from kiosk.errors import ConfigError


class Commands(Protocol):
    """What argparse returns of ``add_subparsers``; it has no public name."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser:  # noqa: A002 -- the library's word
        """Add one command."""
        ...


def add_file(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``, which every command takes that reads the configuration."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="use only this configuration file"
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``, for developers."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="SECTION.KEY=VALUE",
        help="a setting for this once, above all files; repeatable",
    )


def typed_settings(
    arguments: argparse.Namespace,
) -> Mapping[str, Mapping[str, object]]:
    """
    Return what ``--set`` was given.

    Raises:
        ConfigError: It is not of that form.

    """
    from kiosk.config.typed import overrides_of

    try:
        return overrides_of(arguments.settings)
    except ValueError as error:
        raise ConfigError((str(error),)) from None


def add_json(parser: argparse.ArgumentParser, how: str = "as one JSON object") -> None:
    """Add ``--json``: each object has a ``schema_version``, or is one the kiosk gave."""
    parser.add_argument("--json", action="store_true", help=how)


def is_unreadable(arguments: argparse.Namespace) -> bool:
    """Return whether the file named with ``--config`` cannot be read at all."""
    file: Path | None = getattr(arguments, "config", None)
    if file is None:
        return False
    return file.is_dir() or not os.access(file, os.R_OK)


def complain(*lines: str) -> None:
    """Say what a person did wrong, or what failed: a line each on stderr."""
    for line in lines:
        print(f"kiosk: {line}", file=sys.stderr)
