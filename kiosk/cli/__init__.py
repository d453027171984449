"""
The command ``kiosk``: arguments in, exit status out, no logic.

A module for each family of commands, which adds itself with ``add_to``.

1. Nothing heavy is imported at the top: a technician's ``kiosk status`` must
   answer at once on a small board.  Each command imports what it needs.
2. What a person did wrong is one line on stderr a mistake, never a traceback;
   the exit status is one of sysexits.h.
3. ``--json`` prints one object a line to stdout and nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from kiosk.cli import (
    buttons,
    config,
    demo,
    doctor,
    fleet,
    logs,
    looks,
    provision,
    pull,
    run,
    server,
    snapshot,
    support,
    test_call,
    update,
)
from kiosk.cli.commands import complain, is_unreadable
from kiosk.errors import ConfigError, ControlError, KioskError, words_of
from kiosk.programs import Programs


INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

_READER_GONE = 141  # as shells have it for SIGPIPE
_FAMILIES = (
    run,
    server,
    demo,
    config,
    buttons,
    test_call,
    looks,
    logs,
    doctor,
    support,
    snapshot,
    fleet,
    update,
    pull,
    provision,
)
"""In the order of ``kiosk --help``."""


def main(argv: Sequence[str] | None = None, programs: Programs | None = None) -> int:
    """
    Run one command and return its exit status.

    Args:
        argv: Arguments without the program's name; by default the process's.
        programs: What to start instead of the real programs.

    """
    try:
        arguments = make_parser().parse_args(argv)
    except SystemExit as end:
        return os.EX_OK if end.code in {None, os.EX_OK} else os.EX_USAGE
    try:
        return _carry_out(arguments, programs or Programs())
    except KeyboardInterrupt:
        return INTERRUPTED


def _carry_out(arguments: argparse.Namespace, programs: Programs) -> int:
    try:
        status = int(arguments.command(arguments, programs))
        sys.stdout.flush()
    except BrokenPipeError:  # e.g. `kiosk config show | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_GONE
    except ConfigError as error:
        complain(*error.mistakes)
        return os.EX_NOINPUT if is_unreadable(arguments) else os.EX_CONFIG
    except (KioskError, OSError) as error:
        return _told(error)
    return status


def _told(error: KioskError | OSError) -> int:
    """Say what went wrong; return what tells a script whether to try again."""
    match error:
        case ControlError():
            complain(str(error))
            return _status_of(error)
        case KioskError():
            complain(str(error))
            return os.EX_TEMPFAIL
        case PermissionError():
            complain(f"{words_of(error)}; use sudo, or choose another place")
            return os.EX_NOPERM
        case _:
            complain(words_of(error))
            return os.EX_TEMPFAIL


def _status_of(error: ControlError) -> int:
    """Return what a script is told of a kiosk that did not do it: try again, or not."""
    match error.__cause__:
        case PermissionError():
            return os.EX_NOPERM
        case TimeoutError() | ConnectionResetError() | BrokenPipeError():
            return os.EX_TEMPFAIL
        case _:
            return os.EX_UNAVAILABLE


def _version(arguments: argparse.Namespace, programs: Programs) -> int:
    from importlib.metadata import PackageNotFoundError, version

    try:
        print("kiosk", version("kiosk"))
    except PackageNotFoundError:
        print("kiosk, run from its source tree")
    return os.EX_OK


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of every command; manual and completions are made of it."""
    parser = argparse.ArgumentParser(
        prog="kiosk", description="One-touch video calls to customer service."
    )
    parser.set_defaults(command=_usage)
    parser.add_argument(
        "--version",
        dest="command",
        action="store_const",
        const=_version,
        help="print the version",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for family in _FAMILIES:
        family.add_to(commands)
    return parser


def _usage(arguments: argparse.Namespace, programs: Programs) -> int:
    make_parser().print_help(sys.stderr)
    return os.EX_USAGE
