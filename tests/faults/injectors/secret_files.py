"""Faults of where a kiosk's secrets lie: who else may read them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.injectors.files import Files, starting
from tests.faults.stage import Stage


_NAME = "kiosk.room.enrolment_key"
_SECRET = "a1" * 16


@dataclass(frozen=True, slots=True)
class OwnEtc:
    """A place for a process: this machine, but for another ``/etc``."""

    etc: Path
    address: str = "127.0.0.1"

    def command(self, *command: str) -> list[str]:
        """Return the command line that runs a command there, as one process."""
        script = 'mount --bind "$0" /etc && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, str(self.etc), *command]


@injector("C07")
@contextmanager
def others_may_read(stage: Stage, params: Params) -> Iterator[None]:
    """A kiosk starts whose secret everybody may read; the command it names mends it."""
    etc, given = stage.folder / "etc", stage.folder / "given.credentials"
    shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True)
    stored = etc / "credstore" / _NAME
    stored.parent.mkdir(mode=0o755)
    given.mkdir(mode=0o700)
    for file in (stored, given / _NAME):
        file.write_text(_SECRET, "ascii")
    (given / _NAME).chmod(0o400)  # as systemd copies it
    stored.chmod(0o644)
    content = Files(stage).with_value("room", "user_id", '"newcomer-7"')
    variables = {"CREDENTIALS_DIRECTORY": str(given)}
    cure = f"sudo chmod 600 /etc/credstore/{_NAME}"
    try:
        with starting(stage, content, OwnEtc(etc), **variables) as newcomer:
            said = newcomer.reason("UNCONFIGURED")
            assert said.endswith(cure), said
        stored.chmod(0o600)
        with starting(stage, content, OwnEtc(etc), **variables) as newcomer:
            newcomer.reason("IDLE")
        yield
    finally:
        shutil.rmtree(etc)
