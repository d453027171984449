"""The command ``kiosk server``: a room server with its relay, and its keys."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from kiosk.cli.commands import (
    Commands,
    add_file,
    add_settings,
    complain,
    typed_settings,
)
from kiosk.programs import Programs


def add_to(commands: Commands) -> None:
    """Add ``server``."""
    parser = commands.add_parser("server", help="run a room server with its relay")
    add_file(parser)
    add_settings(parser)
    _add_options(parser)
    parser.set_defaults(command=_serve)


def _add_options(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument(
        "--agent",
        metavar="NAME",
        help="ask for a password and print what lets this agent in at the desk, and end",
    )
    for name, what in (
        ("enrol", "print a fresh key that this kiosk or agent proves itself with"),
        ("ban", "shut this kiosk or agent out at once"),
    ):
        parser.add_argument(
            f"--{name}", action="append", metavar="USER_ID", help=f"{what}; repeatable"
        )


def _serve(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.load import load_server

    if arguments.make_ca is not None:
        names = arguments.name or ["localhost", "127.0.0.1"]
        print(*programs.make_ca(arguments.make_ca, names), sep="\n")
        return os.EX_OK
    if arguments.agent is not None:
        print(*programs.new_agent(arguments.agent), sep="\n")
        return os.EX_OK
    if arguments.enrol or arguments.ban:
        config = load_server(arguments.config).config
        banned = programs.ban(config, arguments.ban or ())
        print(*banned, *programs.enrol(config, arguments.enrol or ()), sep="\n")
        return os.EX_OK
    typed = _typed(arguments)
    loaded = load_server(arguments.config, overrides=typed, to_run=True)
    complain(*loaded.notices)
    return programs.serve(loaded.config, _print_addresses)


def _typed(arguments: argparse.Namespace) -> dict[str, dict[str, object]]:
    typed = {name: dict(keys) for name, keys in typed_settings(arguments).items()}
    for key, text in (("http", arguments.http), ("rtmp", arguments.rtmp)):
        if text is not None:
            typed.setdefault("server", {})[key] = text
    if arguments.insecure:
        typed.setdefault("network", {})["insecure"] = True
    return typed


def _print_addresses(http: str, rtmp: str, desk: str = "") -> None:
    addresses = {"http": http, "rtmp": rtmp, **({"desk": desk} if desk else {})}
    print(json.dumps(addresses), flush=True)
