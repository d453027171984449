"""
A whole branch as processes: room server, agent and kiosks, seen from outside.

Each party is ``python -m kiosk run`` with a configuration file and a directory
of its own, and is looked at through its control socket, its files and the exit
status.  Everything started is ended by its process number.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.programs import ROOT, Party, Program, Server, merged_settings
from tests.fakes.stored_secrets import Settings, to_toml
from tests.fakes.told_secrets import told_in
from tests.lab.network import Place


QUICK: Settings = {
    "call": {"ended_s": 0.2, "chime_s": 0.2},
    "log": {"level": "info"},
    "prompts": {"tones": False},
}
"""Short pauses; and no tones, so that an open loudspeaker plays people."""


class Branch:
    """
    All processes of a test and their directory, gone when it is left.

    Nothing runs before ``start_...`` is called.

    Attributes:
        place: Of the network lab, where what is started next runs.
        environment: Of the parties that are started next, beside their own.

    """

    def __init__(self) -> None:
        # Not pytest's directory: a socket's path holds 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-e2e-"))
        self._programs: list[Program] = []
        self.server_url = ""
        self.place: Place | None = None
        self.environment: Mapping[str, str] = {}

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
            given_away = told_in(self.folder)
            assert kind is not None or not given_away, given_away
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start_server(self, more: Settings | None = None, **settings: object) -> Server:
        """Start the room server; settings are of ``[server]``, ``more`` of others."""
        return self.start_named_server("server", more or {}, {"server": settings})

    def start_named_server(self, name: str, *sections: Settings) -> Server:
        """Start one of several room servers."""
        return self.adopt(Server(self.folder, name, *sections, place=self.place))

    def start_again(self, server: Server) -> Server:
        """Start a server that ended, where it was and with what it kept."""
        http = server.url.rpartition("/")[2]
        rtmp = f"{http.rpartition(':')[0]}:{server.rtmp_port}"
        sections = *server.sections, {"server": {"http": http, "rtmp": rtmp}}
        again = Server(
            self.folder, "again", *sections, place=self.place, kept=server.kept
        )
        return self.adopt(again)

    def adopt(self, server: Server) -> Server:
        """Wait until a server is ready; it is ended with the others."""
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
        parts = [tomllib.loads(part) for part in printed.split("[room]")[1:]]
        return [
            {**one, **key} for one, key in zip(parts[::2], parts[1::2], strict=True)
        ]

    def kiosk_server(self, *arguments: str) -> str:
        """Run a command that edits what a server of ours reads; return its output."""
        file = self.folder / "enrolled.toml"
        config = self.folder / "enrolling.toml"
        config.write_text(to_toml({"enrolment": {"file": str(file)}}), "utf-8")
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
        merged = merged_settings(basics, QUICK, role, sections)
        party = Party(self.folder, name, merged, self.place, self.environment)
        self._programs.append(party)
        return party


def room_members(
    server_url: str, authority: Path | None = None, place: Place | None = None
) -> list[str]:
    """Return the ids of all members of all rooms, as v1 lists them to anybody."""
    return [member["userID"] for member in _members(server_url, authority, place)]


def play_urls(server_url: str) -> dict[str, str]:
    """Return where each member can be watched."""
    return {
        member["userID"]: member["accelerateURL"] for member in _members(server_url)
    }


def _members(
    server_url: str, authority: Path | None = None, place: Place | None = None
) -> list[dict[str, Any]]:
    wanted = {"cnt": 20, "index": 0}
    rooms = ask(server_url, "get_room_list", wanted, authority, place)["rooms"]
    return [member for room in rooms for member in room["pushers"]]


def ask(
    server_url: str,
    route: str,
    body: Mapping[str, object],
    authority: Path | None = None,
    place: Place | None = None,
) -> dict[str, Any]:
    """Make one v1 room call with curl and return the answer, which must be code 0."""
    curl = ("curl", "--silent", "--show-error", "--max-time", "5")
    trusted = ("--cacert", str(authority)) if authority else ()
    answer = subprocess.run(
        [
            *(curl if place is None else place.command(*curl)),
            *("--header", "Content-Type: application/json", *trusted),
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
