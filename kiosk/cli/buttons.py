"""
The commands that press a button of a running kiosk, or speak in its call.

Each is the same event that the button itself gives.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from kiosk.cli.asking import add_socket, client_of
from kiosk.cli.commands import Commands
from kiosk.programs import Programs


def add_to(commands: Commands) -> None:
    """Add what is done in a call: ``call``, ``hangup``, ``mute`` and so on."""
    for button, what in (("call", "call"), ("hangup", "hang-up"), ("mute", "mute")):
        pressing = commands.add_parser(button, help=f"press the {what} button")
        add_socket(pressing)
        pressing.add_argument(
            "--hold",
            type=int,
            default=0,
            metavar="SECONDS",
            help="let go of it after so long",
        )
        pressing.set_defaults(command=_press, button=button)
    saying = commands.add_parser("say", help="send a text to the others in the call")
    add_socket(saying)
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
    add_socket(asking)
    asking.add_argument(
        "file",
        type=Path,
        metavar="FILE.jpg",
        help="where it goes, once somebody there has pressed a key",
    )
    asking.set_defaults(command=_ask_still)


def _press(arguments: argparse.Namespace, programs: Programs) -> int:
    client_of(arguments).press(arguments.button, arguments.hold)
    return os.EX_OK


def _say(arguments: argparse.Namespace, programs: Programs) -> int:
    text = " ".join(arguments.text)
    if text.isascii() and text.isdigit():
        client_of(arguments).reply(int(text))
    else:
        client_of(arguments).text(text)
    return os.EX_OK


def _ask_still(arguments: argparse.Namespace, programs: Programs) -> int:
    arguments.file.write_bytes(client_of(arguments).still())
    return os.EX_OK
