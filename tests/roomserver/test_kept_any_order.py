"""Whatever is asked in whatever order, with kills in between: what was told stays so."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from hypothesis import settings
from typing_extensions import override

from kiosk.roomserver.store_ledger import Ledger
from tests.fakes.lives import on_disk
from tests.fakes.servers_any_order import EXAMPLES, Process, ServersInAnyOrder


class KeptOnDisk(ServersInAnyOrder):
    """One desk on a file, killed and begun anew with what was on the disk then."""

    boots: tuple[float, ...] = (1000.0,)

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="kiosk-any-order-")
        self.lives = 0
        super().__init__()

    @override
    def life(self) -> AbstractAsyncContextManager[Ledger]:
        return on_disk(self._file(self.lives))

    @override
    def kill(self, process: Process) -> None:
        for ending in ("", "-wal"):  # the disk as it is at the kill
            before = Path(f"{self._file(self.lives)}{ending}")
            shutil.copy(before, f"{self._file(self.lives + 1)}{ending}")
        super().kill(process)
        self.lives += 1

    @override
    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()

    def _file(self, life: int) -> Path:
        return Path(self.folder.name, f"rooms-{life}.db")


TestKeptOnDisk = KeptOnDisk.TestCase
TestKeptOnDisk.settings = settings(max_examples=EXAMPLES, stateful_step_count=25)
