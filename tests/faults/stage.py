"""
The stage of a fault: the product's own processes, and the ways between them.

A kiosk with synthetic devices, an agent, and the room server with its relay; the
kiosk reaches the room service through ``rooms``, everybody the relay through
``media``.  On a network plan kiosk and server are two hosts of the lab instead, and
what breaks is the network.  The kiosk has a supervisor that does what its unit says:
it hears the watchdog, and begins again what ended.

A stage is used for many runs; whoever breaks it closes it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from kiosk.errors import ControlError
from tests.fakes.branch import Branch, room_members, wait_for_new_pictures
from tests.fakes.certificates import Authority, address, host
from tests.fakes.http_tap import HttpTap
from tests.fakes.panels import panel_of
from tests.fakes.programs import Party, Server
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.rtmp_tap import RtmpTap
from tests.faults.catalogue import Plan
from tests.faults.lab_names import NAME, NameServer, at_home, name_server
from tests.faults.ready_states import READY
from tests.faults.supervising import WATCHDOG_S, Supervision
from tests.faults.wall_clock import wall_clock
from tests.lab.network import Network, network


CANARIES: Final = {
    "push_key": "CanaryPushKey5f1d9c7a",
    "play_key": "CanaryPlayKey83b2e604",
}
"""Secrets that may be found nowhere but where they are kept."""
CANARY_S: Final = 20.0
CLOSE_S: Final = 40.0
READY_S: Final = 60.0
"""Until all have ended, and until all have started: nothing is judged by it."""
_NETWORKS: Final = "10.77.0.0/16"
"""The lab's, and what a kiosk may move to."""
_INSIDE: Final = Path(__file__).with_name("inside")

_INSTALLED: Final = {"PYTHONDONTWRITEBYTECODE": ""}
"""Its byte code is kept, as the package's is, which is made when that is installed."""

_SCALED: Final[dict[str, dict[str, dict[str, object]]]] = {
    "kiosk": {"call": {"ended_s": 1.5, "grace_s": 6.0, "chime_s": 0.3}},
    "server": {"server": {"heartbeat_timeout_s": 6.0, "sweep_s": 0.5}},
}
_FULL: Final[dict[str, dict[str, dict[str, object]]]] = {
    "kiosk": {"call": {"ended_s": 8.0, "chime_s": 3.0}},
    "server": {"server": {}},
}

Sections = Mapping[str, Mapping[str, object]]


class Stage:
    """
    Everybody, from entering it until it is left.

    Attributes:
        branch: All processes, and their folder.
        server: The room server with its relay.
        agent: Waits in its room unless a fault does something about it.
        kiosk: Under test.
        rooms: Between the kiosk and the room service; unused on a network plan.
        media: Between everybody and the relay; unused on a network plan.
        rooms_tap: Changes answers of the room service on their way.
        media_tap: Changes what the relay sends to players.
        lab: The two hosts of a network plan.
        names: The name server of the lab, on a plan with names.
        authority: Vouches for the server, on a plan with TLS.
        clock: The kiosk's wall clock, on a plan with one: see :mod:`tests.faults.wall_clock`.
        environment: Of the kiosk when it is started next, beside its own.
        supervision: What the kiosk's unit would do.
        patience: Of this run: waits of a canary call are stretched by it.
        seed: Of this run; injectors draw from it what is random.

    """

    server: Server
    agent: Party
    kiosk: Party
    rooms: Proxy
    media: Proxy
    lab: Network | None = None
    names: NameServer
    authority: Authority

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.seed = 0
        self.patience = 1.0
        self._scale = _FULL if self.plan.full_scale else _SCALED
        self._stack = ExitStack()
        self.branch = Branch()
        self.rooms_tap = HttpTap()
        self.media_tap = RtmpTap()
        self.clock = self.branch.folder / "clock"
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        with ExitStack() as begun:
            self._stack = begun
            if self.plan.network:
                self.lab = begun.enter_context(network())
            if self.lab is not None and self.plan.names:
                self.names = begun.enter_context(name_server(self.lab.far))
            self.rooms = begun.enter_context(proxy())
            self.media = begun.enter_context(proxy())
            if not self.plan.tls:  # what is sealed cannot be changed on its way
                self.rooms.follow(self.rooms_tap.connection)
                self.media.follow(self.media_tap.connection)
            begun.enter_context(self.branch)
            self.supervision = begun.enter_context(Supervision(self))
            self._open()
            self._stack = begun.pop_all()
        return self

    def __exit__(self, *reason: object) -> None:
        self.supervision.rest()
        self.mend()
        for party in (self.kiosk, self.agent, self.server):
            party.stop(CLOSE_S)
        self._stack.close()

    @property
    def folder(self) -> Path:
        """Of all logs and configurations, and of what the parties leave there."""
        return self.branch.folder

    @property
    def logs(self) -> dict[str, Path]:
        """What each process wrote to its standard error."""
        return {file.stem: file for file in sorted(self.folder.glob("*.log"))}

    def status(self) -> dict[str, Any]:
        """Return what the kiosk says of itself."""
        return self.kiosk.status()

    def screen(self) -> str:
        """Return the name of the screen that the kiosk shows."""
        return self.kiosk.screen

    def bring_to(self, state: str) -> Callable[[], None]:
        """
        Bring the kiosk into a state of the call, from idle.

        Returns:
            Lets go of what keeps it there, once the fault has begun.

        """
        return READY[state](self)

    def members(self) -> list[str]:
        """Return the ids of all whom the server lists, asked beside it."""
        place = self.lab.far if self.lab is not None else None
        return room_members(self.server.url, self.trusted, place)

    def canary_call(self) -> float:
        """Make a whole call, both sides seen; return the seconds until that."""
        within_s = CANARY_S * self.patience
        self.agent.wait_for("WAITING", within_s)
        self.kiosk.wait_for("IDLE", within_s)
        began = time.monotonic()
        self.kiosk.press("call")
        for party in (self.kiosk, self.agent):
            party.wait_for("IN_CALL", within_s)
        for party in (self.kiosk, self.agent):
            wait_for_new_pictures(party)
        took = time.monotonic() - began
        self.kiosk.press("hangup")
        self.kiosk.wait_for("IDLE", within_s)
        return took

    def signal(self, party: Party | Server, number: int) -> None:
        """Send a signal to a process of the stage."""
        os.kill(party.pid, number)

    def start_agent(self) -> None:
        """Start the agent again, under its name."""
        self._at(near=False)
        self.agent = self.branch.start_agent(**self._agent_sections())

    def start_kiosk(self) -> None:
        """Start the kiosk again, as its unit would; what it left in /run is there."""
        self._at(near=True)
        if not self.plan.network:
            scheme = self._server_url.partition(":")[0]
            self.branch.server_url = f"{scheme}://{self.rooms.address}"
        elif self.plan.names:
            port = self._server_url.rpartition(":")[2]
            self.branch.server_url = self._server_url.replace(
                f"{self.server_host}:{port}", f"{NAME}:{port}"
            )
        self.branch.environment = {
            **_INSTALLED,
            **self.supervision.environment,
            **self._wall_clock(),
            **self._inside(),
            **self.environment,
        }
        self.kiosk = self.branch.start_kiosk(**self._kiosk_sections())
        self.branch.environment = {}
        self.branch.server_url = self._server_url

    @property
    def server_host(self) -> str:
        """Where the server is, as an address."""
        return "127.0.0.1" if self.lab is None else self.lab.far.address

    def restart_server(self) -> None:
        """Start a room server that ended, at its ports and with what it kept."""
        self._at(near=False)
        self.server = self.branch.start_again(self.server)
        self.branch.server_url = self._server_url

    def make_ready(self) -> None:
        """Wait until the kiosk is idle and the agent waits, begun again if they ended."""
        if not self.kiosk.is_running:
            self.start_kiosk()
        if not self.agent.is_running:
            self.start_agent()
        self.agent.wait_for("WAITING", READY_S)
        self.kiosk.wait_for("IDLE", READY_S)

    def mend(self) -> None:
        """Let everything flow and run that a run of a fault may have left."""
        self.rooms_tap.alter(None)
        self.rooms_tap.lose()
        self.media_tap.alter(None)
        self.rooms.flow()
        self.media.flow()
        if self.lab is not None:
            self.lab.change(rate_kbps=0, delay_ms=0, jitter_ms=0, loss_percent=0)
        for party in (self.agent, self.server, self.kiosk):
            if party.is_running:
                self.signal(party, signal.SIGCONT)

    def _open(self) -> None:
        self._at(near=False)
        if self.plan.tls:
            self.authority = Authority(self.folder)
        settings = {**CANARIES, **self._scale["server"]["server"]}
        if not self.plan.network:
            settings["public_rtmp"] = self.media.address
        more: dict[str, Any] = {"log": {"format": "json"}, **self.plan.server}
        if self.plan.network and not self.plan.tls:
            more = {**self._plain(), **more}
        settings.update(more.pop("server", {}))
        if self.plan.network:
            more = {"compat": {"originals": [_NETWORKS]}, **more}
        if self.plan.names:
            settings["public_host"] = NAME
        if self.plan.tls:
            more["tls"] = self._certificate()
        self.server = self.branch.start_server(more, **settings)
        self._server_url = self.server.url
        self.media.lead_to(self.server.rtmp_port)
        self.rooms.lead_to(int(self.server.url.rpartition(":")[2]))
        self.agent = self.branch.start_agent(**self._agent_sections())
        self.start_kiosk()
        self.make_ready()

    @property
    def trusted(self) -> Path | None:
        """The authority that vouches for the room server, if it has a certificate."""
        return self.authority.file if self.plan.tls else None

    def _at(self, *, near: bool) -> None:
        if self.lab is not None:
            place = self.lab.near if near else self.lab.far
            if self.plan.names:
                place = at_home(place, self.folder, near=near)
            self.branch.place = place

    def _plain(self) -> dict[str, Any]:
        if self.plan.tls:
            return {"network": {"ca_file": str(self.authority.file)}}
        return {"network": {"insecure": True}} if self.plan.network else {}

    def _certificate(self) -> dict[str, object]:
        known = [address(self.server_host), *([host(NAME)] if self.plan.names else [])]
        certificate, key = self.authority.server(alternative=known)
        return {"certificate": str(certificate), "key": str(key)}

    def _wall_clock(self) -> dict[str, str]:
        """What has a process read its wall clock from a file, its timers untouched."""
        if not self.plan.clock:
            return {}
        return wall_clock(self.clock)

    def _inside(self) -> dict[str, str]:
        """What has Python load the faults that only come from within."""
        if not (self.plan.inside or self.plan.devices):
            return {}
        threads = str(self.folder / "threads.toml")
        devices = {"FAULT_DEVICES": str(self.devices)} if self.plan.devices else {}
        return {"PYTHONPATH": str(_INSIDE), "FAULT_THREADS": threads, **devices}

    @property
    def devices(self) -> Path:
        """Where the devices are, and take orders, on a plan with devices."""
        return self.folder / "devices"

    def _kiosk_sections(self) -> dict[str, Any]:
        return merged(
            {"display": panel_of(self.branch, "kiosk"), "room": {"create": True}},
            {"log": {"format": "json", "level": "info"}},
            self._plain(),
            self._scale["kiosk"],
            self.plan.kiosk,
        )

    def _agent_sections(self) -> dict[str, Any]:
        return merged(
            {"display": panel_of(self.branch, "agent"), "log": {"format": "json"}},
            {"room": {"create": True}, "call": {"role": "agent"}},
            self._plain(),
            self.plan.agent,
        )


def merged(*layers: Sections) -> dict[str, dict[str, object]]:
    """Return sections whose keys come from the last layer that has them."""
    found: dict[str, dict[str, object]] = {}
    for layer in layers:
        for section, keys in layer.items():
            found.setdefault(section, {}).update(keys)
    return found


def status_of(party: Party) -> dict[str, Any] | None:
    """Return a party's status, or nothing while it does not answer."""
    try:
        return party.control.status() if party.is_running else None
    except (ControlError, AssertionError):
        return None


__all__ = ["CANARIES", "WATCHDOG_S", "Stage", "merged", "status_of"]
