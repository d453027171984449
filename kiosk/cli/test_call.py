"""The command ``kiosk test-call``: see and hear oneself over the network."""

from __future__ import annotations

import argparse
import json
import os

from kiosk.cli.commands import Commands, add_file, add_json
from kiosk.programs import Programs


_BAD_CALL = 1
_LONGEST_TEST_S = 50.0


def add_to(commands: Commands) -> None:
    """Add ``test-call``."""
    parser = commands.add_parser(
        "test-call", help="see and hear oneself over the network"
    )
    add_file(parser)
    parser.add_argument(
        "--for",
        dest="seconds",
        type=_test_seconds,
        default=10.0,
        metavar="SECONDS",
        help="look and listen so long (%(default)g)",
    )
    add_json(parser)
    parser.set_defaults(command=_test_call)


def _test_call(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.load import load_kiosk

    config = load_kiosk(arguments.config).config
    record = programs.call_echo(config, arguments.seconds)
    if arguments.json:
        print(json.dumps(record))
    else:
        for name, value in record.items():
            print(f"{name:>18}  {'not measured' if value is None else value}")
    return os.EX_OK if record["verdict"] == "good" else _BAD_CALL


def _test_seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= _LONGEST_TEST_S:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_LONGEST_TEST_S:g}")
    return seconds
