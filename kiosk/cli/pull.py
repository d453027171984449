"""The command ``kiosk pull``: what the timer does, and a technician who cannot wait."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from kiosk.cli.commands import Commands, complain
from kiosk.programs import Programs


def add_to(commands: Commands) -> None:
    """Add ``pull``."""
    parser = commands.add_parser(
        "pull", help="look for a new bundle at the provisioning server"
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="try it on a directory tree; nothing outside it is touched",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(command=_pull)


def _pull(arguments: argparse.Namespace, programs: Programs) -> int:
    pulled = programs.pull(arguments.root)
    if pulled is None:
        complain("[provision] url is not set: this kiosk looks nowhere")
        return os.EX_OK
    if arguments.json:
        facts = {
            "schema_version": 1,
            "looked": pulled.looked.name.lower(),
            "bundle": pulled.bundle,
            "text": pulled.text,
        }
        print(json.dumps(facts))
    else:
        told = ": ".join(
            filter(None, (pulled.looked.value, pulled.bundle, pulled.text))
        )
        print(told)
    return os.EX_CONFIG if pulled.looked.name == "LEFT" else os.EX_OK
