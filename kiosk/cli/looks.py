"""The commands a technician looks with: ``kiosk status`` and ``kiosk calls``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from kiosk.cli.asking import add_socket, client_of
from kiosk.cli.commands import Commands, add_json
from kiosk.programs import Programs


if TYPE_CHECKING:
    from kiosk.control.client import ControlClient


_WATCH_S = 1.0
_HOME = "\x1b[H\x1b[J"
"""To the terminal's first line, and nothing below."""


def add_to(commands: Commands) -> None:
    """Add what a technician looks at: ``status``, ``calls``."""
    status = commands.add_parser("status", help="say how the kiosk is")
    add_socket(status)
    add_json(status)
    status.add_argument(
        "--watch",
        action="store_true",
        help="go on: on a terminal in its place, else a line for each change; "
        "with --json an object a second",
    )
    status.set_defaults(command=_status)
    calls = commands.add_parser("calls", help="print the records of the last calls")
    add_socket(calls)
    add_json(calls, "whole, as one JSON object a line")
    calls.add_argument("--last", action="store_true", help="the last one, in detail")
    calls.set_defaults(command=_calls)


def _status(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.control.report import describe_status

    client = client_of(arguments)
    if arguments.watch:
        _watch(client, as_json=arguments.json)
    status = client.status()
    print(json.dumps(status) if arguments.json else describe_status(status))
    return os.EX_OK


def _watch(client: ControlClient, *, as_json: bool) -> NoReturn:
    """Show it until the kiosk is gone, or Ctrl-C: on a terminal always in its place."""
    from kiosk.control.report import describe_status, headline

    in_place, was = sys.stdout.isatty() and not as_json, ""
    while True:
        status = client.status()
        if as_json:
            print(json.dumps(status))
        elif in_place:
            print(f"{_HOME}{describe_status(status)}")
        elif (line := headline(status)) != was:
            was = line
            print(f"{time.strftime('%H:%M:%S')}  {line}")
        sys.stdout.flush()
        time.sleep(_WATCH_S)


def _calls(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.control.call_report import describe_call, list_calls

    calls = client_of(arguments).calls()
    if arguments.last:
        calls = calls[:1]
    if arguments.json:
        lines = [json.dumps(call) for call in calls]
    elif arguments.last:
        lines = [describe_call(call) for call in calls]
    else:
        lines = list(list_calls(calls))
    print(*lines, sep="\n")
    return os.EX_OK
