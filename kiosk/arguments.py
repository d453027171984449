"""
The options of the commands that have many; :mod:`kiosk.cli` says what they start.

Nothing is imported here but the parser: ``kiosk status`` must answer at once.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``kiosk server`` takes, but for its file."""
    for name, what in (("http", "room service"), ("rtmp", "relay")):
        parser.add_argument(
            f"--{name}", metavar="HOST:PORT", help=f"{what}; port 0: any free one"
        )
    parser.add_argument(
        "--insecure", action="store_true", help="allow addresses beyond this machine"
    )
    parser.add_argument(
        "--make-ca",
        type=Path,
        metavar="DIR",
        help="make a certificate for TLS and its authority there, and end",
    )
    parser.add_argument(
        "--name",
        action="append",
        metavar="HOST",
        help="with --make-ca: a name or address of this server; repeatable",
    )
    for name, what in (
        ("enrol", "print a fresh key that this kiosk or agent proves itself with"),
        ("ban", "shut this kiosk or agent out at once"),
    ):
        parser.add_argument(
            f"--{name}", action="append", metavar="USER_ID", help=f"{what}; repeatable"
        )


def add_demo_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``kiosk demo`` takes."""
    parser.add_argument(
        "--for",
        dest="seconds",
        type=float,
        metavar="SECONDS",
        help="run unattended, so long in calls altogether",
    )
    parser.add_argument(
        "--calls", type=int, default=1, metavar="N", help="so many calls"
    )
    parser.add_argument(
        "--json", action="store_true", help="end with one JSON object on stdout"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo-out"),
        metavar="DIR",
        help="where the screenshot goes (%(default)s)",
    )
    parser.add_argument("--preset", default="360p", help="180p, 360p, 480p or 720p")
    parser.add_argument(
        "--camera", default="synthetic", metavar="DEVICE", help="e.g. file:clip.mp4"
    )
