"""
``python -m tests.fakes.kiosk_with_card FOLDER ARGUMENTS...``: ``kiosk`` on a fake card.

The real command, in a process of its own; only the card is a :class:`KeptKernel`, and
what the real kernel tells of a plug is an event with a mark.  ``WITHOUT`` names
modules that cannot be imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from typing_extensions import override

from kiosk.app.first_display import Kernels
from kiosk.cli import main
from kiosk.display.hotplug import DisplayNews
from kiosk.programs import Programs
from tests.fakes.kept_kernel import KeptKernel


class Absent(MetaPathFinder):
    """Modules that are not installed."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = set(names)

    @override
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def run(folder: Path, arguments: Sequence[str]) -> int:
    mark = os.environ.get("MARK", "")
    kernels = Kernels(
        open=lambda _: KeptKernel(folder),
        adopt=lambda fd: KeptKernel(folder, fd),
        news=lambda: DisplayNews(lambda fields: fields.get("SYNTH_UUID") == mark),
    )
    return main(arguments, Programs(kernels))


if __name__ == "__main__":
    sys.meta_path.insert(0, Absent(os.environ.get("WITHOUT", "").split()))
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
