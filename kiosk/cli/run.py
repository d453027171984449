"""The command ``kiosk run``: the daemon itself."""

from __future__ import annotations

import argparse
import faulthandler
import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from kiosk.cli.commands import (
    Commands,
    add_file,
    add_settings,
    complain,
    is_unreadable,
    typed_settings,
)
from kiosk.programs import Programs


if TYPE_CHECKING:
    from kiosk.app.first_display import FirstDisplay


_STDERR = 2


def add_to(commands: Commands) -> None:
    """Add ``run``."""
    parser = commands.add_parser("run", help="run the kiosk")
    add_file(parser)
    add_settings(parser)
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace, programs: Programs) -> int:
    # The watchdog ends a kiosk that hangs by SIGABRT: its stacks say where it hung.
    faulthandler.enable(_STDERR)
    settings = typed_settings(arguments)
    # Whatever goes wrong from here on, people read that they are to go elsewhere.
    # The first picture knows the files only.
    first = None if "display" in settings else programs.first_display(arguments.config)
    try:
        return _run_behind(first, arguments, settings, programs)
    except Exception:
        if first is not None:
            first.give_up()
        raise


def _run_behind(
    first: FirstDisplay | None,
    arguments: argparse.Namespace,
    settings: Mapping[str, Mapping[str, object]],
    programs: Programs,
) -> int:
    from kiosk.config.load import examine_kiosk

    read = partial(examine_kiosk, arguments.config, overrides=settings, to_run=True)
    loaded, problem = read()
    complain(*loaded.notices)
    if problem is not None:
        if is_unreadable(arguments):
            raise problem
        # A kiosk with a mistake still starts: to say so where people look.
        complain(*problem.mistakes)
    return programs.run(loaded.config, problem, _print_page, first, read)


def _print_page(address: str) -> None:
    print(json.dumps({"simulator": address}), flush=True)
