"""The command ``kiosk logs``: the kiosk's lines, of one call or of all."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.cli.commands import Commands, add_json, complain
from kiosk.programs import Programs


if TYPE_CHECKING:
    from collections.abc import Iterable

    from kiosk.journal.reading import Line


def add_to(commands: Commands) -> None:
    """Add ``logs``."""
    parser = commands.add_parser("logs", help="print the log, of one call or of all")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--call", metavar="ID", help="of this call: its reference, such as 7K2-M4Q"
    )
    which.add_argument("--last", action="store_true", help="of the last call")
    parser.add_argument(
        "--follow", action="store_true", help="and what is written from now on"
    )
    parser.add_argument(
        "--since", metavar="TIME", help="as journalctl takes it: today, -2h"
    )
    parser.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        help="from these JSON lines, not the journal",
    )
    add_json(parser, "an object a line")
    parser.set_defaults(command=_logs)


def _logs(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.journal.reading import JournalUnread, call_name, last_call

    try:
        call = last_call() if arguments.last else arguments.call or ""
        if arguments.last and not call:
            complain("the journal has no call; `kiosk logs` prints all there is")
            return os.EX_NOINPUT
        call = call and call_name(call)
        n_printed = _print(_lines(arguments, call), arguments)
    except JournalUnread as error:
        complain(str(error))
        return error.status
    if not n_printed:
        what = f"of the call {call}; `kiosk calls` lists the last ones" if call else ""
        complain(f"the log has no line {what}".rstrip())
        return os.EX_NOINPUT
    return os.EX_OK


def _lines(arguments: argparse.Namespace, call: str) -> Iterable[Line]:
    from kiosk.journal.reading import read_journal, read_lines

    if arguments.file is None:
        matches = [f"KIOSK_CALL_ID={call}"] if call else []
        return read_journal(matches, since=arguments.since, follow=arguments.follow)
    text = arguments.file.read_text("utf-8", errors="replace")
    lines = read_lines(text.splitlines())
    return (line for line in lines if not call or line.told.get("call_id") == call)


def _print(lines: Iterable[Line], arguments: argparse.Namespace) -> int:
    import json

    from kiosk.journal.colours import painted

    n_printed = 0
    for line in lines:
        n_printed += 1
        if arguments.json:
            text = json.dumps(line.as_object())
        else:
            text = painted(line.as_text(), line.priority)
        print(text, flush=arguments.follow)
    return n_printed
