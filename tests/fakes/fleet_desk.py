"""An operator's folder with a list, as ``kiosk fleet`` finds it."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from kiosk.cli import main
from tests.fleet.sheets import OTHER, SERIAL, SITE


OUTPUTS = {"bundles", "keys.toml"}


ROWS = (
    "serial,label,room,user_id,ip,gateway\n"
    f"{SERIAL},Window 1,service,kiosk-1,10.1.2.30/24,10.1.2.1\n"
    f"{OTHER},Window 2,service,kiosk-2,,\n"
)


class Desk:
    """A directory with a list, the shared part, a room server's file, and the command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        (folder / "site.toml").write_text(SITE)
        enrolled = json.dumps(str(folder / "enrolled.toml"))
        (folder / "server.toml").write_text(f"[enrolment]\nfile = {enrolled}\n")
        self.write(ROWS)

    def write(self, rows: str) -> None:
        (self.folder / "fleet.csv").write_text(rows)

    def run(self, *words: str) -> tuple[int, str, str]:
        names = {path.name for path in self.folder.iterdir()} | OUTPUTS
        argv = [str(self.folder / word) if word in names else word for word in words]
        status = main(["fleet", *argv])
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def render(self, *more: str) -> tuple[int, str, str]:
        words = ["render", "fleet.csv", "--site", "site.toml", "--out", "bundles"]
        return self.run(*words, *more)

    def render_with_keys(self) -> None:
        status, _, err = self.render("--keys", "keys.toml", "--enrol", "server.toml")
        assert (status, err) == (os.EX_OK, "")

    def make_key(self, name: str = "bank") -> None:
        assert self.run("key", name, "--out", str(self.folder))[0] == os.EX_OK

    def toml(self, name: str) -> Mapping[str, object]:
        return tomllib.loads((self.folder / name).read_text())

    def bundle(self, serial: str = SERIAL) -> Path:
        return self.folder / "bundles" / serial / "kiosk"

    def files(self) -> Mapping[str, bytes]:
        out = self.folder / "bundles"
        return {
            str(path.relative_to(out)): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }
