"""The command ``kiosk support-bundle``: what those who support a kiosk ask for."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from kiosk.cli.commands import Commands, add_file, add_json, complain
from kiosk.programs import Programs


_MOST_DAYS = 90


def add_to(commands: Commands) -> None:
    """Add ``support-bundle``."""
    parser = commands.add_parser(
        "support-bundle", help="write an archive for those who support this kiosk"
    )
    add_file(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.tar.gz",
        help="where to; by default named by serial and time, here",
    )
    parser.add_argument(
        "--days",
        type=_days,
        default=3,
        metavar="N",
        help="of the journal (%(default)s)",
    )
    add_json(parser)
    parser.set_defaults(command=_bundle)


def _bundle(arguments: argparse.Namespace, programs: Programs) -> int:
    path, missing = programs.support_bundle(
        arguments.config, arguments.out, arguments.days
    )
    if arguments.json:
        told = {"schema_version": 1, "file": str(path), "missing": missing}
        print(json.dumps(told))
        return os.EX_OK
    complain(*(f"not in it: {line}" for line in missing))
    print(path)
    return os.EX_OK


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_MOST_DAYS}")
    return days
