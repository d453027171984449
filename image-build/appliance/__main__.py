"""
``python -m appliance``: builds the virtual appliance, or boots it for a look inside.

    python -m appliance build             prints the folder of the disk
    python -m appliance try -- COMMAND    boots it, runs a command, prints what it says
    python -m appliance parts [-- TESTS]  the tests of the parts, on the release itself
    python -m appliance parts --no-tests  makes what they run in, and no more

Tests boot it by :class:`appliance.machine.Machine`; ``make appliance-test`` runs them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from appliance.build import archive_state, build
from appliance.cache import Cache, default_folder
from appliance.errors import BuildError, MachineError
from appliance.machine import Machine
from appliance.part_suites import part_root, run_part_suites
from appliance.qemu import Hardware
from appliance.recipe import require_tools


_FAILED, _UNAVAILABLE = 1, 69


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="appliance", description="The virtual appliance"
    )
    parser.add_argument("--cache", type=Path, default=default_folder())
    parser.add_argument("--fresh", action="store_true", help="today's Debian packages")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build the disk, print its folder")
    attempt = commands.add_parser("try", help="boot it and run a command")
    attempt.add_argument("--thread", choices=("single", "multi"), default="single")
    attempt.add_argument("--cpus", type=int, default=2)
    attempt.add_argument("words", nargs="+")
    parts = commands.add_parser("parts", help="test the parts on the release itself")
    parts.add_argument("--no-tests", action="store_true", help="make the root only")
    parts.add_argument("words", nargs="*")
    return parser.parse_args()


def _try(disk: Path, options: argparse.Namespace) -> int:
    hardware = Hardware(thread=options.thread, cpus=options.cpus)
    with (
        tempfile.TemporaryDirectory() as folder,
        Machine(disk, Path(folder), hardware) as machine,
    ):
        sys.stderr.write(f"booted in {machine.boot_s:.1f} s\n")
        done = machine.run(options.words, timeout=600.0)
    sys.stdout.write(done.out)
    sys.stderr.write(done.err)
    return done.code


def main() -> int:
    """Run the command and return its exit code."""
    options = _arguments()
    started = time.monotonic()
    try:
        if options.command == "parts":
            require_tools()
            state = archive_state(is_fresh=options.fresh)
            if options.no_tests:
                part_root(Cache(options.cache), state)
                return 0
            return run_part_suites(Cache(options.cache), state, options.words)
        disk = build(Cache(options.cache), is_fresh=options.fresh)
        if options.command == "try":
            return _try(disk, options)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return _UNAVAILABLE
    except MachineError as error:
        sys.stderr.write(f"{error}\n")
        return _FAILED
    sys.stderr.write(f"built in {time.monotonic() - started:.0f} s\n")
    sys.stdout.write(f"{disk}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
