"""The command ``kiosk demo``: a whole call on one machine."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from kiosk.cli.commands import Commands, complain
from kiosk.programs import Programs


def add_to(commands: Commands) -> None:
    """Add ``demo``."""
    parser = commands.add_parser("demo", help="show a whole call on this machine")
    _add_options(parser)
    parser.set_defaults(command=_demo)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--for",
        dest="seconds",
        type=float,
        metavar="SECONDS",
        help="run unattended, without a page, so long in calls altogether",
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
    parser.add_argument(
        "--no-browser",
        dest="browser",
        action="store_false",
        help="print the addresses of pages, and open none",
    )
    parser.add_argument(
        "--desk",
        action="store_true",
        help="answer yourself, at the agent desk: a page with your webcam",
    )


def _demo(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.demo.options import DemoOptions

    try:
        options = DemoOptions(
            seconds=arguments.seconds,
            calls=arguments.calls,
            as_json=arguments.json,
            out=arguments.out,
            preset=arguments.preset,
            camera=arguments.camera,
            browser=arguments.browser,
            desk=arguments.desk,
        )
    except ValueError as error:
        complain(str(error))
        return os.EX_USAGE
    return programs.demo(options)
