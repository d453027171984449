"""
``python -m layers``: judges the layers and configurations of the images.

    python -m layers lint              says what is wrong, one line each
    python -m layers compare CHECKOUT  holds names and reading against rpi-image-gen's

The first needs nothing; the second PyYAML, and is a part of ``make image-plan``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from layers.errors import NotRead
from layers.plain_yaml import read
from layers.tree import HERE, findings, theirs


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="layers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lint", help="judge them by our own rules")
    compare = commands.add_parser("compare", help="compare with rpi-image-gen")
    compare.add_argument("checkout", type=Path)
    return parser.parse_args()


def _differences(checkout: Path) -> Iterator[str]:
    """Yield where PyYAML reads something else, and names that the tool does not know."""
    load = import_module("yaml").safe_load
    for path in sorted((*HERE.glob("layer/*.yaml"), *HERE.glob("config/*.yaml"))):
        if load(path.read_text(encoding="utf-8")) != read(path):
            yield f"{path}: PyYAML reads it in another way"
    pattern = re.compile(r"^# X-Env-Layer-Name: (\S+)", re.MULTILINE)
    there = {
        match[1]
        for folder in ("layer", "device", "image")
        for path in (checkout / folder).rglob("*.yaml")
        if (match := pattern.search(path.read_text(encoding="utf-8")))
    }
    for name in sorted(set(theirs()["layers"]) - there):
        yield f"rpi-image-gen.toml: the tool has no layer {name!r}"


def main() -> int:
    """Run the command and return its exit code."""
    options = _arguments()
    try:
        found = list(
            findings() if options.command == "lint" else _differences(options.checkout)
        )
    except NotRead as error:
        found = [str(error)]
    sys.stderr.writelines(f"{line}\n" for line in found)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
