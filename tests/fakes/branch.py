"""
A whole branch as processes: room server, agent and kiosks, seen from outside.

Each party is ``python -m kiosk run`` with a configuration file and a directory
of its own, and is looked at through its control socket, its files and the exit
status.  Everything started is ended by its process number.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kiosk.control.client import ControlClient
from kiosk.errors import ControlError
from tests.lab.network import Place


ROOT = Path(__file__).parents[2]
START_S = 30.0
STOP_S = 8.0

Settings = Mapping[str, Mapping[str, object]]

QUICK: Settings = {
    "call": {"ended_s": 0.2, "chime_s": 0.2},
    "log": {"level": "info"},
}


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

    def stop(self) -> int:
        """End it by SIGTERM and return the exit status; safe to repeat."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(
                f"did not end within {STOP_S:g} s; it said:\n{self.log}"
            ) from None


class Party(Program):
    """A kiosk or an agent: its process and its control socket."""

    def __init__(
        self,
        folder: Path,
        name: str,
        sections: Settings,
        place: Place | None = None,
    ) -> None:
        self.name = name
        self.config = folder / f"{name}.toml"
        self.speaker = folder / f"{name}.wav"
        self.socket = folder / f"{name}.sock"
        self.config.write_text(_toml(sections), "utf-8")
        log = folder / f"{name}.log"
        super().__init__(log, "run", "--config", str(self.config), place=place)

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
    ) -> None:
        self.sections = sections
        self.kept = kept or tempfile.mkdtemp(prefix=name, dir=folder)
        config = folder / f"{name}.toml"
        host = "127.0.0.1" if place is None else place.address
        addresses = {"http": f"{host}:0", "rtmp": f"{host}:0"}
        config.write_text(_toml(_merged({"server": addresses}, *sections)), "utf-8")
        super().__init__(
            folder / f"{name}.log",
            *("server", "--config", str(config)),
            place=place,
            STATE_DIRECTORY=self.kept,
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


class Branch:
    """
    All processes of a test and their directory, gone when it is left.

    Nothing runs before ``start_...`` is called.

    Attributes:
        place: Of the network lab, where what is started next runs.

    """

    def __init__(self) -> None:
        # Not pytest's directory: a socket's path holds 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-e2e-"))
        self._programs: list[Program] = []
        self.server_url = ""
        self.place: Place | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start_server(self, more: Settings | None = None, **settings: object) -> Server:
        """Start the room server; settings are of ``[server]``, ``more`` of others."""
        return self.start_named_server("server", more or {}, {"server": settings})

    def start_named_server(self, name: str, *sections: Settings) -> Server:
        """Start one of several room servers."""
        return self._ready(Server(self.folder, name, *sections, place=self.place))

    def start_again(self, server: Server) -> Server:
        """Start a server that ended, where it was and with what it kept."""
        http = server.url.rpartition("/")[2]
        rtmp = f"{http.rpartition(':')[0]}:{server.rtmp_port}"
        sections = *server.sections, {"server": {"http": http, "rtmp": rtmp}}
        again = Server(
            self.folder, "again", *sections, place=self.place, kept=server.kept
        )
        return self._ready(again)

    def _ready(self, server: Server) -> Server:
        self._programs.append(server)
        server.wait_ready()
        self.server_url = server.url
        return server

    def start_agent(self, name: str = "agent", **sections: Mapping[str, Any]) -> Party:
        """Start an agent."""
        role: Settings = {"room": {"create": True}, "call": {"role": "agent"}}
        return self._start(name, role, sections)

    def start_kiosk(self, name: str = "kiosk", **sections: Mapping[str, Any]) -> Party:
        """Start a kiosk."""
        return self._start(name, {}, sections)

    def enrol(self, *user_ids: str) -> list[dict[str, Any]]:
        """Enrol users by the command; return the ``[room]`` to give to each."""
        printed = self.kiosk_server(*(f"--enrol={user_id}" for user_id in user_ids))
        parts = printed.split("[room]")[1:]
        return [tomllib.loads(part) for part in parts]

    def kiosk_server(self, *arguments: str) -> str:
        """Run a command that edits what a server of ours reads; return its output."""
        file = self.folder / "enrolled.toml"
        config = self.folder / "enrolling.toml"
        config.write_text(_toml({"enrolment": {"file": str(file)}}), "utf-8")
        command = (sys.executable, "-m", "kiosk", "server", "--config", str(config))
        done = subprocess.run(
            [*command, *arguments],
            cwd=ROOT,
            capture_output=True,
            timeout=20,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def close(self) -> None:
        """End all processes, the last one first."""
        with ExitStack() as stack:
            while self._programs:
                stack.callback(self._programs.pop(0).stop)

    def _start(self, name: str, role: Settings, sections: Settings) -> Party:
        basics: Settings = {
            "kiosk": {"name": name.capitalize()},
            "room": {"server": self.server_url, "user_name": name},
            "control": {"socket": str(self.folder / f"{name}.sock")},
            "display": {"size": "640x360", "self_view": False},
            "speaker": {"device": f"file:{self.folder / f'{name}.wav'}"},
        }
        merged = _merged(basics, QUICK, role, sections)
        party = Party(self.folder, name, merged, self.place)
        self._programs.append(party)
        return party


def room_members(server_url: str) -> list[str]:
    """Return the ids of all members of all rooms, as v1 lists them to anybody."""
    return [member["userID"] for member in _members(server_url)]


def play_urls(server_url: str) -> dict[str, str]:
    """Return where each member can be watched."""
    return {
        member["userID"]: member["accelerateURL"] for member in _members(server_url)
    }


def _members(server_url: str) -> list[dict[str, Any]]:
    rooms = ask(server_url, "get_room_list", {"cnt": 20, "index": 0})["rooms"]
    return [member for room in rooms for member in room["pushers"]]


def ask(server_url: str, route: str, body: Mapping[str, object]) -> dict[str, Any]:
    """Make one v1 room call with curl and return the answer, which must be code 0."""
    answer = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--max-time", "5"),
            *("--header", "Content-Type: application/json"),
            *("--data", json.dumps(body), f"{server_url}/weapp/double_room/{route}"),
        ],
        check=True,
        capture_output=True,
        timeout=10,
    )
    wire: dict[str, Any] = json.loads(answer.stdout)
    assert wire["code"] == 0, f"{route} answered {wire}"
    return wire


def wait_for_new_pictures(party: Party) -> None:
    """Wait until pictures of now are shown; a new stream counts from nought."""
    shown = {"least": sys.maxsize}

    def grew(now: Mapping[str, Any]) -> bool:
        count = now["play"][0]["pictures_shown"] if now["play"] else 0
        shown["least"] = min(shown["least"], count)
        return int(count - shown["least"]) > 15

    party.wait_until(grew, "showing new pictures")


def wait_until(is_true: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait for something outside, or fail by its name."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def _merged(*layers: Settings) -> dict[str, dict[str, object]]:
    merged: dict[str, dict[str, object]] = {}
    for layer in layers:
        for section, keys in layer.items():
            merged.setdefault(section, {}).update(keys)
    return merged


def _toml(sections: Settings) -> str:
    lines: list[str] = []
    for name, keys in sections.items():
        lines.append(f"[{name}]")
        # JSON's texts, numbers, truth values and lists of texts are TOML's.
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"
