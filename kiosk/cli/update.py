"""The commands about system updates: ``kiosk update ...``."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from kiosk.cli.commands import Commands, add_file
from kiosk.programs import Programs


def add_to(commands: Commands) -> None:
    """Add ``update`` with its own commands."""
    update = commands.add_parser("update", help="a new system, tried before it is kept")
    own = update.add_subparsers(title="commands", metavar="COMMAND", required=True)
    apply = own.add_parser("apply", help="write an update and try it")
    apply.add_argument(
        "update",
        metavar="FILE|URL",
        help="a .kiosk-update file or the folder it was unpacked into, here or https://",
    )
    apply.add_argument(
        "--allow-older", action="store_true", help="go back to an older version"
    )
    apply.add_argument(
        "--no-restart",
        action="store_true",
        help="leave the restart to the maintenance window",
    )
    apply.set_defaults(command=_apply)
    status = own.add_parser(
        "status", help="say what runs, and how the last update went"
    )
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.set_defaults(command=_status)
    for name, command, what in (
        ("commit", _commit, "keep the system that is on trial now"),
        ("revert", _revert, "go back to the other system"),
        ("settle", _settle, "after a boot: keep a healthy system, else go back"),
        ("check", _check, "do what waits for the maintenance window"),
    ):
        own.add_parser(name, help=what).set_defaults(command=command)
    for parser in own.choices.values():
        add_file(parser)
    _add_pack(own.add_parser("pack", help="make a signed update of an image"))


def _add_pack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "payload",
        type=Path,
        metavar="update.tar.zst",
        help="what the image's build made",
    )
    parser.add_argument(
        "target", type=Path, metavar="NAME.kiosk-update", help="the artefact to write"
    )
    parser.add_argument(
        "--image-version", required=True, metavar="1.4.0", help="of the system"
    )
    parser.add_argument(
        "--board",
        required=True,
        action="append",
        metavar="NAME",
        help="as the device tree names it, e.g. raspberrypi,4-model-b; repeat",
    )
    parser.add_argument(
        "--key",
        required=True,
        action="append",
        type=Path,
        metavar="FILE",
        help="a private key that `kiosk fleet key` made; repeat",
    )
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="what locks the key"
    )
    parser.add_argument(
        "--ring",
        type=int,
        default=100,
        metavar="PER CENT",
        help="of the devices that it is meant for (%(default)d)",
    )
    parser.set_defaults(command=_pack)


def _apply(arguments: argparse.Namespace, programs: Programs) -> int:
    updater = programs.updater(arguments.config)
    release = updater.apply(
        arguments.update,
        allow_older=arguments.allow_older,
        restart=not arguments.no_restart,
    )
    then = "is written; it is tried in the maintenance window"
    if not arguments.no_restart:
        then = "is written; the machine restarts and tries it"
    print(f"version {release.version} {then}")
    return os.EX_OK


def _status(arguments: argparse.Namespace, programs: Programs) -> int:
    told = programs.updater(arguments.config).status()
    if arguments.json:
        print(json.dumps({"schema_version": 1, **told}))
    else:
        for name, value in told.items():
            print(f"{name:>10}  {value or '-'}")
    return os.EX_OK


def _commit(arguments: argparse.Namespace, programs: Programs) -> int:
    record = programs.updater(arguments.config).commit()
    print(f"slot {record.slot or 'in use'} is kept")
    return os.EX_OK


def _revert(arguments: argparse.Namespace, programs: Programs) -> int:
    programs.updater(arguments.config).revert()
    print("the machine restarts into the other system")
    return os.EX_OK


def _settle(arguments: argparse.Namespace, programs: Programs) -> int:
    print(programs.updater(arguments.config).settle().value)
    return os.EX_OK


def _check(arguments: argparse.Namespace, programs: Programs) -> int:
    from datetime import datetime

    print(programs.updater(arguments.config).check(lambda: datetime.now().astimezone()))
    return os.EX_OK


def _pack(arguments: argparse.Namespace, programs: Programs) -> int:
    print(
        programs.pack_update(
            arguments.payload,
            arguments.target,
            version=arguments.image_version,
            boards=arguments.board,
            keys=arguments.key,
            passphrase=arguments.passphrase_file,
            ring=arguments.ring,
        )
    )
    return os.EX_OK
