"""The commands ``kiosk config ...``: what is configured, and what is wrong with it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from kiosk.cli.commands import (
    Commands,
    add_file,
    add_settings,
    complain,
    typed_settings,
)
from kiosk.programs import Programs


def add_to(commands: Commands) -> None:
    """Add ``config`` with its own commands."""
    parser = commands.add_parser("config", help="check or show the configuration")
    own = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = own.add_parser("check", help="report every mistake")
    check.set_defaults(command=_check)
    show = own.add_parser("show", help="print what applies, secrets masked")
    show.add_argument(
        "--origin", action="store_true", help="say where each value comes from"
    )
    show.set_defaults(command=_show)
    schema = own.add_parser("schema", help="print the file's JSON Schema, for editors")
    schema.set_defaults(command=_schema)
    rollback = own.add_parser("rollback", help="return to the bundle before this one")
    rollback.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="on a directory tree",
    )
    rollback.set_defaults(command=_rollback)
    for command in (check, show):
        add_file(command)
        add_settings(command)
    for command in (check, show, schema):
        command.add_argument(
            "--server", action="store_true", help="the room server's configuration"
        )


def _check(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.load import load_kiosk, load_server

    load = load_server if arguments.server else load_kiosk
    loaded = load(arguments.config, overrides=typed_settings(arguments))
    complain(*loaded.notices)
    names = ", ".join(map(str, loaded.files))
    print("no mistakes in", names or "the built-in defaults")
    return os.EX_OK


def _show(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.load import load_kiosk, load_server
    from kiosk.config.show import as_toml

    load = load_server if arguments.server else load_kiosk
    loaded = load(arguments.config, overrides=typed_settings(arguments))
    complain(*loaded.notices)
    print(as_toml(loaded, with_origin=arguments.origin), end="")
    return os.EX_OK


def _schema(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.json_schema import as_text, kiosk_schema, server_schema

    print(as_text(server_schema() if arguments.server else kiosk_schema()), end="")
    return os.EX_OK


def _rollback(arguments: argparse.Namespace, programs: Programs) -> int:
    outcome = programs.provisioning(arguments.root).take_back()
    print(f"{outcome.bundle} was taken back; in force is now {outcome.now}")
    return os.EX_OK
