"""The commands ``kiosk provision ...`` and ``kiosk wipe``: setting a kiosk up, and blank."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.cli.commands import Commands, complain
from kiosk.programs import Programs


if TYPE_CHECKING:
    from kiosk.provision.outcome import Outcome


ROOT = Path("/")
_WELL = {"APPLIED", "UNCHANGED", "HEALTHY"}


def add_to(commands: Commands) -> None:
    """Add ``provision`` with its own commands, and ``wipe``."""
    parser = commands.add_parser("provision", help="set this kiosk up from a bundle")
    own = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    apply = own.add_parser("apply", help="apply the bundle in a directory")
    apply.add_argument("folder", type=Path, metavar="DIR", help="the bundle")
    apply.add_argument(
        "--again", action="store_true", help="even if it was given up, or replaced"
    )
    apply.set_defaults(command=_apply)
    check = own.add_parser(
        "check", help="say what is wrong with a bundle; any computer"
    )
    check.add_argument("folder", type=Path, metavar="DIR", help="the bundle")
    check.add_argument("--serial", help="for this device; by default for all in it")
    check.set_defaults(command=_check)
    status = own.add_parser("status", help="say which bundle is in force")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.set_defaults(command=_status)
    start = own.add_parser("start", help="what its unit does at the machine's start")
    start.set_defaults(command=_start)
    stick = own.add_parser("stick", help="what its unit does for a USB stick")
    stick.add_argument("device", metavar="DEVICE", help="its node, as udev names it")
    stick.set_defaults(command=_stick)
    trial = own.add_parser(
        "trial", help="what its unit does until the kiosk is healthy"
    )
    trial.set_defaults(command=_trial)
    wipe = commands.add_parser(
        "wipe", help="remove identity, secrets and configuration"
    )
    wipe.add_argument("--yes", action="store_true", help="do it; nothing is asked")
    wipe.set_defaults(command=_wipe)
    for command in (apply, check, status, start, stick, trial, wipe):
        _add_root(command)


def _apply(arguments: argparse.Namespace, programs: Programs) -> int:
    machine = programs.provisioning(arguments.root)
    return _tell(machine.apply(arguments.folder, again=arguments.again))


def _check(arguments: argparse.Namespace, programs: Programs) -> int:
    machine = programs.provisioning(arguments.root)
    mistakes = machine.check(arguments.folder, arguments.serial)
    if mistakes:
        complain(*mistakes)
        return os.EX_CONFIG
    print("no mistakes in", arguments.folder)
    return os.EX_OK


def _status(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.provision.announcing import described, summary

    told = summary(arguments.root)
    if told is None:
        complain("nobody has looked for a bundle yet: sudo kiosk provision start")
        return os.EX_UNAVAILABLE
    print(json.dumps(told) if arguments.json else described(told))
    return os.EX_OK


def _start(arguments: argparse.Namespace, programs: Programs) -> int:
    went_well = programs.start_provisioning(arguments.root)
    return os.EX_OK if went_well else os.EX_CONFIG


def _stick(arguments: argparse.Namespace, programs: Programs) -> int:
    return _tell(programs.provisioning(arguments.root).apply_stick(arguments.device))


def _trial(arguments: argparse.Namespace, programs: Programs) -> int:
    outcome = programs.provisioning(arguments.root).try_out()
    return os.EX_OK if outcome is None else _tell(outcome)


def _wipe(arguments: argparse.Namespace, programs: Programs) -> int:
    if not arguments.yes:
        complain("wipe removes identity, secrets, configuration and records: add --yes")
        return os.EX_USAGE
    problems = programs.provisioning(arguments.root).wipe(print)
    complain(*problems)
    return os.EX_TEMPFAIL if problems else os.EX_OK


def _tell(outcome: Outcome) -> int:
    if outcome.verdict.name in _WELL:
        print(f"{outcome.verdict.value}: {outcome.bundle}")
        for line in (*outcome.addresses, *outcome.remarks):
            print(line)
        return os.EX_OK
    complain(f"{outcome.verdict.value}: {outcome.bundle or 'the bundle'}")
    complain(*outcome.lines, *outcome.remarks)
    return os.EX_CONFIG


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        default=ROOT,
        metavar="DIR",
        help="try it on a directory tree; nothing outside it is touched",
    )
