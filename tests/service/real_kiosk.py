"""
The product itself in the container: kiosk, room server and agent as services.

Devices are synthetic; the kiosk's unit is ours, whole, with one addition: it can be told
to hang from within (:mod:`tests.faults.inside`).
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any, Final

from tests.service.container import TREE, Container


_PROGRAM: Final = '#!/bin/sh\nexec /usr/bin/python3 -P -m kiosk "$@"\n'
_SERVER: Final = """[server]
http = "127.0.0.1:8080"
rtmp = "127.0.0.1:1935"
[store]
path = "off"
"""
_BOTH: Final = """[room]
server = "http://127.0.0.1:8080"
target = ["desk"]
create = true
user_name = "{name}"
[display]
device = "headless"
size = "640x360"
self_view = false
[call]
ended_s = 3.0
chime_s = 0.2
grace_s = 20.0
"""
_AGENT: Final = """role = "agent"
[control]
socket = "/run/agent.sock"
"""
_UNIT: Final = """[Unit]
Before=kiosk.service
[Service]
ExecStart=/usr/bin/kiosk {words}
RuntimeDirectory={name}
StateDirectory={name}
Restart=always
[Install]
WantedBy=multi-user.target
"""
_INSIDE: Final = """[Service]
Environment=PYTHONPATH=/usr/lib/kiosk-fault FAULT_THREADS=/run/kiosk/threads
"""
_JOURNAL: Final = ("journalctl", "-b", "-u", "kiosk.service")
_UNITS: Final = {
    "room": "server --config /etc/room.toml",
    "agent": "run --config /etc/agent.toml",
}


def lay_out_product(tree: Path) -> None:
    """Put the real program in the place of the fake one, and whom it calls beside it."""
    (tree / "usr/bin/kiosk").write_text(_PROGRAM)
    (tree / "etc/kiosk").mkdir(exist_ok=True)
    (tree / "etc/kiosk/kiosk.toml").write_text(_BOTH.format(name="kiosk"))
    (tree / "etc/agent.toml").write_text(_BOTH.format(name="agent") + _AGENT)
    (tree / "etc/room.toml").write_text(_SERVER)
    inside = tree / "usr/lib/kiosk-fault"
    shutil.copytree(TREE / "tests/faults/inside", inside)
    folder = tree / "etc/systemd/system"
    (folder / "kiosk.service.d/60-inside.conf").write_text(_INSIDE)
    wanted = folder / "multi-user.target.wants"
    for name, words in _UNITS.items():
        unit = folder / f"{name}.service"
        unit.write_text(_UNIT.format(name=name, words=words))
        (wanted / unit.name).symlink_to(f"/etc/systemd/system/{unit.name}")


class RealKiosk:
    """
    Args:
        container: With the product laid out, started.

    """

    def __init__(self, container: Container) -> None:
        self.container = container

    @property
    def pid(self) -> int:
        """The kiosk's, as systemd and everybody in the container has it; 0 for none."""
        shown = self.run("systemctl", "show", "kiosk.service", "--property=MainPID")
        return int(shown.strip().partition("=")[2] or 0)

    def run(self, *argv: str) -> str:
        """Run a program in the container; its output."""
        said = self.container.run(*argv)
        assert said is not None, f"{argv} failed"
        return said

    def status(self) -> dict[str, Any]:
        """What the kiosk says of itself; empty while it says nothing."""
        said = self.container.run("kiosk", "status", "--json")
        found: dict[str, Any] = json.loads(said) if said else {}
        return found

    def wait_for(self, state: str, seconds: float = 60.0) -> float:
        """Wait until the kiosk is in a state; return the moment, monotonic."""
        self.container.wait_until(
            lambda: self.status().get("state") == state, state, seconds
        )
        return time.monotonic()

    def agent_waits(self) -> None:
        """Wait until there is an agent for a call."""

        def is_there() -> bool:
            said = self.container.run(
                "kiosk", "status", "--json", "--socket", "/run/agent.sock"
            )
            return bool(said) and json.loads(said or "{}")["state"] == "WAITING"

        self.container.wait_until(is_there, "an agent", 60.0)

    def call(self) -> None:
        """Press the call button, and wait until customer and agent see each other."""
        self.agent_waits()
        self.wait_for("IDLE")
        self.run("kiosk", "call")
        self.wait_for("IN_CALL")

    def entered(self, state: str, since: float) -> float | None:
        """Return when the kiosk entered a state after ``since``, by its journal."""
        for line in self.run(*_JOURNAL, "-o", "json").splitlines():
            one = json.loads(line)
            at = (
                int(one["__MONOTONIC_TIMESTAMP"]) / 1_000_000
            )  # the machine's, and ours
            told = one.get("KIOSK_EVENT"), one.get("KIOSK_STATE")
            if at > since and told == ("state-changed", state):
                return at
        return None

    def journal(self) -> str:
        """What the kiosk's unit has in the journal since the boot."""
        return self.run(*_JOURNAL, "-o", "cat")
