"""
The commands that ask a running kiosk, through its control socket.

As in :mod:`kiosk.cli`, which joins them to the others: nothing heavy at the
top, no logic, and ``--json`` prints one object a line and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kiosk.programs import Programs


if TYPE_CHECKING:
    from kiosk.control.client import ControlClient


_WATCH_S = 1.0

AddFile = Callable[[argparse.ArgumentParser], None]


class Commands(Protocol):
    """What argparse returns of ``add_subparsers``; it has no public name."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser:  # noqa: A002 -- the library's word
        """Add one command."""
        ...


def add_buttons(commands: Commands, add_file: AddFile) -> None:
    """Add what is done in a call: ``call``, ``hangup``, ``mute`` and so on."""
    for button, what in (("call", "call"), ("hangup", "hang-up"), ("mute", "mute")):
        pressing = commands.add_parser(button, help=f"press the {what} button")
        _add_socket(pressing, add_file)
        pressing.set_defaults(command=_press, button=button)
    saying = commands.add_parser("say", help="send a text to the others in the call")
    _add_socket(saying, add_file)
    saying.add_argument(
        "text",
        nargs="+",
        metavar="N|TEXT",
        help="the number of one of [call] replies, or a text",
    )
    saying.set_defaults(command=_say)
    asking = commands.add_parser(
        "ask-still", help="ask the other side for a photograph"
    )
    _add_socket(asking, add_file)
    asking.add_argument(
        "file",
        type=Path,
        metavar="FILE.jpg",
        help="where it goes, once somebody there has pressed a key",
    )
    asking.set_defaults(command=_ask_still)


def add_looks(commands: Commands, add_file: AddFile) -> None:
    """Add what a technician looks at: ``status``, ``calls``."""
    status = commands.add_parser("status", help="say how the kiosk is")
    _add_socket(status, add_file)
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.add_argument("--watch", action="store_true", help="again every second")
    status.set_defaults(command=_status)
    calls = commands.add_parser("calls", help="print the records of the last calls")
    _add_socket(calls, add_file)
    calls.add_argument(
        "--json", action="store_true", help="whole, as one JSON object a line"
    )
    calls.add_argument("--last", action="store_true", help="the last one, in detail")
    calls.set_defaults(command=_calls)


def _press(arguments: argparse.Namespace, programs: Programs) -> int:
    _client(arguments).press(arguments.button)
    return os.EX_OK


def _say(arguments: argparse.Namespace, programs: Programs) -> int:
    text = " ".join(arguments.text)
    if text.isascii() and text.isdigit():
        _client(arguments).reply(int(text))
    else:
        _client(arguments).text(text)
    return os.EX_OK


def _ask_still(arguments: argparse.Namespace, programs: Programs) -> int:
    arguments.file.write_bytes(_client(arguments).still())
    return os.EX_OK


def _status(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.control.report import describe_status

    client = _client(arguments)
    while True:
        status = client.status()
        print(json.dumps(status) if arguments.json else describe_status(status))
        if not arguments.watch:
            return os.EX_OK
        sys.stdout.flush()
        time.sleep(_WATCH_S)


def _calls(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.control.call_report import describe_call, list_calls

    calls = _client(arguments).calls()
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


def _client(arguments: argparse.Namespace) -> ControlClient:
    from kiosk.control.client import DEFAULT_SOCKET, ControlClient

    if arguments.socket is not None:
        return ControlClient(arguments.socket)
    if arguments.config is None:
        return ControlClient(DEFAULT_SOCKET)
    from kiosk.config.load import load_kiosk

    return ControlClient(load_kiosk(arguments.config).config.control.socket)


def _add_socket(parser: argparse.ArgumentParser, add_file: AddFile) -> None:
    add_file(parser)
    parser.add_argument(
        "--socket", type=Path, metavar="PATH", help="the kiosk's control socket"
    )
