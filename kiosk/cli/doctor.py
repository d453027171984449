"""The command ``kiosk doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

import argparse
import json

from kiosk.cli.commands import Commands, add_file, add_json
from kiosk.programs import Programs


def add_to(commands: Commands) -> None:
    """Add ``doctor``."""
    parser = commands.add_parser("doctor", help="say what is wrong, and what to do")
    add_file(parser)
    add_json(parser)
    parser.add_argument(
        "--deep",
        action="store_true",
        help="open every device that is free, and measure; about 20 seconds",
    )
    parser.set_defaults(command=_doctor)


def _doctor(arguments: argparse.Namespace, programs: Programs) -> int:
    checks: list[dict[str, str]] = []

    def say(line: str, check: dict[str, str]) -> None:
        checks.append(check)
        if not arguments.json:
            print(line, flush=True)

    status = programs.examine(arguments.config, deep=arguments.deep, say=say)
    if arguments.json:
        print(json.dumps({"schema_version": 1, "status": status, "checks": checks}))
    return status
