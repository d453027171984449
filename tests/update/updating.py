"""An updater of a machine made of files; also a program, to be killed in a test."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from kiosk.errors import KioskError
from kiosk.signed.keys import read_keys
from kiosk.update.applying import Here, Updating
from kiosk.update.machine import boards_of, boot_id_of, slots_of, version_of
from kiosk.update.record import Records, Stage
from tests.signed.signer import Signer


def trust(root: Path, *signers: Signer) -> None:
    """Put public keys where a machine looks for them."""
    folder = root / "etc/kiosk/keys"
    folder.mkdir(parents=True, exist_ok=True)
    for number, signer in enumerate(signers):
        (folder / f"{number}.pem").write_bytes(signer.pem)


def updating(root: Path, say: Callable[[Stage], None] = lambda stage: None) -> Updating:
    """Return the updater of the machine below ``root``."""
    here = Here(boards_of(root), version_of(root), boot_id_of(root))
    return Updating(slots_of(root), Records(root), here, read_keys(root), say)


def main(root: Path, file: Path, deadly: str) -> int:
    """Write an update, set its trial, and die as soon as a stage is said."""

    def say(stage: Stage) -> None:
        if stage.value == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        updater = updating(root, say)
        updater.write(file)
        updater.set_trial(had_network=True)
    except KioskError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
