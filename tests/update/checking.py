"""A machine's updater that fetches for real; also a program, to be killed in a test."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk.app.updating import Updater, fetch_by
from kiosk.config.network_section import NetworkSection
from kiosk.config.update_section import UpdateSection
from kiosk.errors import KioskStopped
from tests.update.machines import GrubPc


NIGHT = datetime.fromisoformat("2026-11-28T02:30:00")


class Nobody:
    """A kiosk that does not run."""

    def status(self) -> Mapping[str, Any]:
        raise KioskStopped("no kiosk is running")

    def stand_down(self, seconds: int) -> None:
        raise AssertionError("asked, though it does not run")


def check(root: Path, url: str, ca: Path, machine: GrubPc | None = None) -> str:
    """Do what ``kiosk update check`` does, at night."""

    def run(words: Sequence[str]) -> None:
        if machine is not None:
            machine.restart()

    updater = Updater(
        UpdateSection(url=url),
        Nobody(),
        fetch=fetch_by(NetworkSection(ca_file=str(ca))),
        serial="1",
        is_time_right=lambda: True,
        root=root,
        run=run,
    )
    return updater.check(lambda: NIGHT)


if __name__ == "__main__":
    check(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
