"""
The processes of a branch, each with a file, a log and a directory of its own.

What is started is ended by its process number, and dies with whoever started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from kiosk.config import credentials
from kiosk.control.client import ControlClient
from kiosk.errors import ControlError
from tests.fakes.stored_secrets import Settings, write_settings
from tests.lab.network import Place


ROOT = Path(__file__).parents[2]


START_S = 30.0


STOP_S = 8.0


class Program:
    """One ``kiosk`` process; dies with the process that started it."""

    def __init__(
        self,
        log: Path,
        *arguments: str,
        place: Place | None = None,
        **environment: str,
    ) -> None:
        tether = [sys.executable, "-m", "kiosk.demo.tether", str(os.getpid())]
        if place is not None:
            tether = place.command(*tether)
        self._log = log
        self._out = log.with_suffix(".out")
        with log.open("ab") as errors, self._out.open("wb") as output:
            self._process = subprocess.Popen(
                [*tether, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=ROOT,
                env={**os.environ, **environment},
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What it wrote to stderr."""
        return self._log.read_text("utf-8", "replace")

    @property
    def said_by_all(self) -> str:
        """What the parties and the server beside it wrote last to stderr."""
        logs = sorted(self._log.parent.glob("*.log"))
        return "\n".join(
            f"--- {log.stem}\n{log.read_text('utf-8', 'replace')[-4000:]}"
            for log in logs
        )

    @property
    def printed(self) -> str:
        """What it wrote to stdout."""
        return self._out.read_text("utf-8", "replace")

    def kill(self) -> None:
        """End it by SIGKILL: it has no time for anything."""
        self._process.kill()
        self._process.wait()

    def stop(self, within_s: float = STOP_S) -> int:
        """End it by SIGTERM and return the exit status; safe to repeat."""
        self._process.terminate()
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(
                f"did not end within {within_s:g} s; it said:\n{self.log}"
            ) from None


class Party(Program):
    """A kiosk or an agent: its process and its control socket."""

    def __init__(
        self,
        folder: Path,
        name: str,
        sections: Settings,
        place: Place | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.config = folder / f"{name}.toml"
        self.speaker = folder / f"{name}.wav"
        self.socket = folder / f"{name}.sock"
        secrets = write_settings(self.config, credentials.KIOSK, sections)
        log = folder / f"{name}.log"
        run = folder / f"{name}.run"  # what it leaves to a successor of that name
        run.mkdir(exist_ok=True)
        super().__init__(
            log,
            *("run", "--config", str(self.config)),
            place=place,
            RUNTIME_DIRECTORY=str(run),
            **secrets,
            **(environment or {}),
        )

    @cached_property
    def control(self) -> ControlClient:
        """Its control socket, once it answers: parties start side by side."""
        control = ControlClient(self.socket)
        self._wait_ready(control)
        return control

    def press(self, button: str) -> None:
        self.control.press(button)

    def status(self) -> dict[str, Any]:
        return self.control.status()

    @property
    def state(self) -> str:
        return str(self.status()["state"])

    @property
    def screen(self) -> str:
        return str(self.status()["screen"])

    def wait_for(self, state: str, seconds: float = 20.0) -> dict[str, Any]:
        """Return the first status in that state, or fail and say what was instead."""
        return self.wait_until(lambda now: now["state"] == state, state, seconds)

    def wait_until(
        self,
        is_true: Callable[[dict[str, Any]], bool],
        what: str,
        seconds: float = 20.0,
    ) -> dict[str, Any]:
        """Return the first status of which something is true, or fail."""
        deadline = time.monotonic() + seconds
        while not is_true(status := self.status()):
            if time.monotonic() > deadline:
                told = {key: status[key] for key in ("state", "screen", "reason")}
                raise AssertionError(
                    f"{self.name} not {what} within {seconds:g} s but {told}:\n"
                    f"{self.said_by_all}"
                )
            time.sleep(0.02)
        return status

    def _wait_ready(self, control: ControlClient) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                control.status()
            except ControlError:
                assert self.is_running, f"{self.name} ended:\n{self.log}"
                assert time.monotonic() < deadline, f"{self.name}: {self.log}"
                time.sleep(0.02)
            else:
                return


class Server(Program):
    """The room server with its relay; it keeps its rooms where nobody else has any."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *sections: Settings,
        place: Place | None = None,
        kept: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.sections = sections
        self.kept = kept or tempfile.mkdtemp(prefix=name, dir=folder)
        config = folder / f"{name}.toml"
        host = "127.0.0.1" if place is None else place.address
        addresses = {"http": f"{host}:0", "rtmp": f"{host}:0"}
        whole = merged_settings({"server": addresses}, *sections)
        secrets = write_settings(config, credentials.SERVER, whole)
        super().__init__(
            folder / f"{name}.log",
            *("server", "--config", str(config)),
            place=place,
            **{"STATE_DIRECTORY": self.kept, **secrets, **(environment or {})},
        )

    def wait_ready(self) -> None:
        """Wait until it printed its addresses."""
        deadline = time.monotonic() + START_S
        while "\n" not in self.printed:
            assert self.is_running, f"the server ended:\n{self.log}"
            assert time.monotonic() < deadline, f"the server is not ready: {self.log}"
            time.sleep(0.02)

    @property
    def url(self) -> str:
        """Of the room service."""
        return str(json.loads(self.printed)["http"])

    @property
    def rtmp_port(self) -> int:
        """Where the relay really listens."""
        return int(json.loads(self.printed)["rtmp"].rpartition(":")[2])


def merged_settings(*layers: Settings) -> dict[str, dict[str, object]]:
    merged: dict[str, dict[str, object]] = {}
    for layer in layers:
        for section, keys in layer.items():
            merged.setdefault(section, {}).update(keys)
    return merged
