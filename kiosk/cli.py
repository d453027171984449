"""
The command ``kiosk``: arguments in, exit status out, no logic.

1. Nothing heavy is imported at the top: a technician's ``kiosk status`` must
   answer at once on a small board.  Each command imports what it needs.
2. What a person did wrong is one line on stderr a mistake, never a traceback;
   the exit status is one of sysexits.h.
3. ``--json`` prints one object a line to stdout and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from kiosk import remote
from kiosk.arguments import add_demo_options, add_server_options
from kiosk.errors import ConfigError, ControlError, KioskError, words_of
from kiosk.programs import Programs


INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

_READER_GONE = 141  # as shells have it for SIGPIPE
_BAD_CALL = 1
_LONGEST_TEST_S = 50.0


def main(argv: Sequence[str] | None = None, programs: Programs | None = None) -> int:
    """
    Run one command and return its exit status.

    Args:
        argv: Arguments without the program's name; by default the process's.
        programs: What to start instead of the real programs.

    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as end:
        return os.EX_OK if end.code in {None, os.EX_OK} else os.EX_USAGE
    try:
        return _carry_out(arguments, programs or Programs())
    except KeyboardInterrupt:
        return INTERRUPTED


def _carry_out(arguments: argparse.Namespace, programs: Programs) -> int:
    try:
        status = int(arguments.command(arguments, programs))
        sys.stdout.flush()
    except ConfigError as error:
        _complain(*error.mistakes)
        return os.EX_NOINPUT if _is_unreadable(arguments) else os.EX_CONFIG
    except ControlError as error:
        _complain(str(error))
        return os.EX_UNAVAILABLE
    except BrokenPipeError:  # e.g. `kiosk config show | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_GONE
    except OSError as error:
        _complain(words_of(error))
        return os.EX_TEMPFAIL
    except KioskError as error:
        _complain(str(error))
        return os.EX_TEMPFAIL
    return status


def _run(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.load import examine_kiosk

    loaded, problem = examine_kiosk(arguments.config)
    if problem is not None:
        if _is_unreadable(arguments):
            raise problem
        # A kiosk with a mistake still starts: to say so where people look.
        _complain(*problem.mistakes)
    return programs.run(loaded.config, problem)


def _serve(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.load import load_server

    if arguments.make_ca is not None:
        names = arguments.name or ["localhost", "127.0.0.1"]
        print(*programs.make_ca(arguments.make_ca, names), sep="\n")
        return os.EX_OK
    if arguments.enrol or arguments.ban:
        config = load_server(arguments.config).config
        banned = programs.ban(config, arguments.ban or ())
        print(*banned, *programs.enrol(config, arguments.enrol or ()), sep="\n")
        return os.EX_OK
    addresses = {"http": arguments.http, "rtmp": arguments.rtmp}
    given: dict[str, dict[str, object]] = {
        "server": {key: text for key, text in addresses.items() if text is not None}
    }
    if arguments.insecure:
        given["network"] = {"insecure": True}
    config = load_server(arguments.config, overrides=given).config
    return programs.serve(config, _print_addresses)


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
        )
    except ValueError as error:
        _complain(str(error))
        return os.EX_USAGE
    return programs.demo(options)


def _check(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.load import load_kiosk, load_server

    load = load_server if arguments.server else load_kiosk
    files = load(arguments.config).files
    print("no mistakes in", ", ".join(map(str, files)) or "the built-in defaults")
    return os.EX_OK


def _show(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.config.load import load_kiosk, load_server
    from kiosk.config.show import as_toml

    load = load_server if arguments.server else load_kiosk
    print(as_toml(load(arguments.config), with_origin=arguments.origin), end="")
    return os.EX_OK


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


def _version(arguments: argparse.Namespace, programs: Programs) -> int:
    from importlib.metadata import PackageNotFoundError, version

    try:
        print("kiosk", version("kiosk"))
    except PackageNotFoundError:
        print("kiosk, run from its source tree")
    return os.EX_OK


def _print_addresses(http: str, rtmp: str) -> None:
    print(json.dumps({"http": http, "rtmp": rtmp}), flush=True)


def _is_unreadable(arguments: argparse.Namespace) -> bool:
    file: Path | None = getattr(arguments, "config", None)
    if file is None:
        return False
    return file.is_dir() or not os.access(file, os.R_OK)


def _complain(*lines: str) -> None:
    for line in lines:
        print(f"kiosk: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kiosk", description="One-touch video calls to customer service."
    )
    parser.set_defaults(command=_usage)
    parser.add_argument(
        "--version",
        dest="command",
        action="store_const",
        const=_version,
        help="print the version",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands.add_parser("run", help="run the kiosk"))
    server = commands.add_parser("server", help="run a room server with its relay")
    _add_file(server)
    add_server_options(server)
    server.set_defaults(command=_serve)
    demo = commands.add_parser("demo", help="show a whole call on this machine")
    add_demo_options(demo)
    demo.set_defaults(command=_demo)
    _add_config(commands.add_parser("config", help="check or show the configuration"))
    remote.add_buttons(commands, _add_file)
    _add_test_call(
        commands.add_parser("test-call", help="see and hear oneself over the network")
    )
    remote.add_looks(commands, _add_file)
    return parser


def _usage(arguments: argparse.Namespace, programs: Programs) -> int:
    _parser().print_help(sys.stderr)
    return os.EX_USAGE


def _add_run(parser: argparse.ArgumentParser) -> None:
    _add_file(parser)
    parser.set_defaults(command=_run)


def _add_config(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = commands.add_parser("check", help="report every mistake")
    check.set_defaults(command=_check)
    show = commands.add_parser("show", help="print what applies, secrets masked")
    show.add_argument(
        "--origin", action="store_true", help="say where each value comes from"
    )
    show.set_defaults(command=_show)
    for command in (check, show):
        _add_file(command)
        command.add_argument(
            "--server", action="store_true", help="the room server's configuration"
        )


def _add_test_call(parser: argparse.ArgumentParser) -> None:
    _add_file(parser)
    parser.add_argument(
        "--for",
        dest="seconds",
        type=_test_seconds,
        default=10.0,
        metavar="SECONDS",
        help="look and listen so long (%(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(command=_test_call)


def _test_seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= _LONGEST_TEST_S:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_LONGEST_TEST_S:g}")
    return seconds


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="use only this configuration file"
    )
