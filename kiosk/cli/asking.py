"""
How a command asks a running kiosk: through its control socket.

The client is imported when one asks; the options cost nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.cli.commands import add_file


if TYPE_CHECKING:
    from kiosk.control.client import ControlClient


def add_socket(parser: argparse.ArgumentParser) -> None:
    """Add how the kiosk is found: ``--socket``, or ``--config``."""
    add_file(parser)
    parser.add_argument(
        "--socket", type=Path, metavar="PATH", help="the kiosk's control socket"
    )


def client_of(arguments: argparse.Namespace) -> ControlClient:
    """Return a client of the kiosk that the arguments name."""
    from kiosk.control.client import DEFAULT_SOCKET, ControlClient

    if arguments.socket is not None:
        return ControlClient(arguments.socket)
    if arguments.config is None:
        return ControlClient(DEFAULT_SOCKET)
    from kiosk.config.load import load_kiosk

    return ControlClient(load_kiosk(arguments.config).config.control.socket)
