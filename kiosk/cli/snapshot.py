"""The command ``kiosk snapshot``: the picture of a screen, in a file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from kiosk.cli.commands import Commands, add_file, complain
from kiosk.programs import Programs


def add_to(commands: Commands) -> None:
    """Add ``snapshot``."""
    parser = commands.add_parser("snapshot", help="write a picture of a screen")
    add_file(parser)
    parser.add_argument("--list", action="store_true", help="name all screens and end")
    parser.add_argument("--screen", metavar="NAME", help="which screen")
    parser.add_argument(
        "--lang", metavar="LANGUAGE", help='"en", "zh_CN" or "zh_TW"; by default as set'
    )
    parser.add_argument(
        "--size", default="1280x720", metavar="WxH", help="in pixels (%(default)s)"
    )
    parser.add_argument(
        "out", type=Path, nargs="?", metavar="OUT.png", help="the file to write"
    )
    parser.set_defaults(command=_snapshot)


def _snapshot(arguments: argparse.Namespace, programs: Programs) -> int:
    if arguments.list:
        print(*programs.screens(), sep="\n")
        return os.EX_OK
    from kiosk.config.load import load_kiosk
    from kiosk.config.values import parse_size

    if arguments.screen is None or arguments.out is None:
        complain("snapshot needs --screen NAME and a file to write, or --list")
        return os.EX_USAGE
    file = arguments.config
    config = None if file is None else load_kiosk(file).config
    try:
        size = parse_size(arguments.size)
        programs.snapshot(config, arguments.screen, arguments.lang, size, arguments.out)
    except ValueError as error:
        complain(str(error))
        return os.EX_USAGE
    return os.EX_OK
