"""
Which files make up a configuration, by the rules of the UAPI group.

1. Layers from low to high: ``/usr/lib/kiosk``, ``/run/kiosk``, ``/etc/kiosk``.
2. What the package says of the device, ``/usr/lib/kiosk/defaults.toml``, is below them
   all.  That is ours, not the rules': a main file of one's own is to replace another
   main file, not the fact that this machine has a screen.
3. One main file: the one of the highest layer that has it.
4. Then the drop-ins of all layers, sorted by name whatever their layer; of two
   with the same name only the one of the higher layer counts.
5. An empty file or a link to ``/dev/null`` masks its namesakes below.

Source: UAPI.6 Configuration Files Specification.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.config.documents import printable


LAYERS = ("usr/lib/kiosk", "run/kiosk", "etc/kiosk")

_DROP_IN = re.compile(r"[0-9]{2}-.+\.toml")


@dataclass(frozen=True, slots=True)
class FileNames:
    """
    What the files of one program are called.

    Attributes:
        main: The main file.
        drop_ins: The directory of small changes.
        defaults: What the package says below both; empty for nothing.

    """

    main: str
    drop_ins: str
    defaults: str = ""


KIOSK: Final = FileNames("kiosk.toml", "conf.d", "defaults.toml")


@dataclass(frozen=True, slots=True)
class Layered:
    """
    The files found.

    Attributes:
        files: To be read in this order.
        mistakes: One line each about what cannot be looked at.

    """

    files: tuple[Path, ...]
    mistakes: tuple[str, ...]


def find_files(names: FileNames, root: Path) -> Layered:
    """Look for the files of ``names`` in all layers below ``root``."""
    main: dict[str, Path] = {}
    drop_ins: dict[str, Path] = {}
    mistakes: list[str] = []
    defaults = root / LAYERS[0] / names.defaults
    for layer in LAYERS:
        candidate = root / layer / names.main
        if _is_there(candidate):
            main[names.main] = candidate
        for found in _list(root / layer / names.drop_ins, mistakes):
            if _DROP_IN.fullmatch(found.name):
                drop_ins[found.name] = found
            else:
                mistakes.append(
                    f"{printable(str(found))}: is not read; a drop-in's name begins "
                    "with two digits, e.g. 60-site.toml"
                )
    below = [defaults] if names.defaults and _is_there(defaults) else []
    ordered = [*below, *main.values(), *map(drop_ins.__getitem__, sorted(drop_ins))]
    files = tuple(path for path in ordered if not _masks(path))
    return Layered(files, tuple(mistakes))


def _list(directory: Path, mistakes: list[str]) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ".toml")
    except FileNotFoundError:
        return []
    except OSError as error:
        mistakes.append(
            f"{printable(str(directory))}: cannot be listed: {error.strerror}; "
            "it must be a directory this user may read"
        )
        return []


def _is_there(path: Path) -> bool:
    """Count a dangling link as there: reading it then says what is wrong."""
    return os.path.lexists(path)


def _masks(path: Path) -> bool:
    try:
        if path.resolve() == Path(os.devnull):
            return True
        return path.is_file() and path.stat().st_size == 0
    except (OSError, RuntimeError):  # a loop of links: reading it will say so
        return False
