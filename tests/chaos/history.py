"""
What clients did to the room service and what was done to it: plain lines.

An operation lies between its ``invoke`` and its ``return``; one whose answer was lost
is *unknown*, and whoever judges has to accept that it happened and that it did not.
Times are monotonic seconds of the process that runs the clients.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any


class Outcome(Enum):
    """How an operation ended."""

    OK = "ok"
    FAIL = "fail"
    """Refused with a code: it changed nothing."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Op:
    """
    One operation of one client.

    Attributes:
        name: ``create``, ``reserve``, ``enter``, ``leave``, ``destroy``, ``beat``,
            ``read`` (get_pushers), ``list``, ``say``, ``events``, ``twice``, ``stream``.
        room: Type and id, ``double_room/d0``.
        told: What the answer said, as far as it is judged.
        tries: How often it was sent, always under the same request id.

    """

    process: str
    name: str
    room: str
    user: str
    invoke: float
    returned: float
    outcome: Outcome
    code: int = 0
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """Something done to a server, ``kill``, ``stop``, ..., and until when."""

    kind: str
    target: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Terms:
    """What the service promises in this run; seconds."""

    late_s: float
    sweep_s: float
    store: str = "memory"
    servers: int = 1
    unpushed_s: float = 60.0
    capacity: int = 2
    capacity_multi: int = 4
    slack_s: float = 1.0
    """What every promise of a time has for the machine's sake."""

    @property
    def ghost_s(self) -> float:
        """How long a silent member may be seen (P3)."""
        return self.late_s + self.sweep_s + self.slack_s

    @property
    def forgets(self) -> bool:
        """Whether a killed server knows nothing any more."""
        return self.store == "memory"

    def seats_in(self, room: str) -> int:
        """Return the capacity of a room."""
        return self.capacity if room.startswith("double") else self.capacity_multi


@dataclass
class History:
    """All of a run."""

    terms: Terms
    ops: list[Op] = field(default_factory=list[Op])
    faults: list[Fault] = field(default_factory=list[Fault])

    @property
    def acts(self) -> int:
        """
        How many requests there were, without those of the onlooker.

        A list of rooms is one, and so is what was asked twice at once.
        """
        clients = (op for op in self.ops if op.process != "onlooker")
        return len({(op.process, op.invoke) for op in clients})

    def of_kind(self, *kinds: str) -> list[Fault]:
        """Return the faults of some kinds by their begin."""
        some = [fault for fault in self.faults if fault.kind in kinds]
        return sorted(some, key=lambda fault: fault.begin)

    def all_away(self, *kinds: str) -> list[Fault]:
        """Return the faults of some kinds if nobody else served meanwhile."""
        return self.of_kind(*kinds) if self.terms.servers == 1 else []

    def by_room(self) -> dict[str, list[Op]]:
        """Return the operations of each room by the time they began."""
        rooms: dict[str, list[Op]] = {}
        for op in sorted(self.ops, key=lambda op: op.invoke):
            if op.room:
                rooms.setdefault(op.room, []).append(op)
        return rooms

    def closes(self, op: Op) -> float:
        """Return from when on an operation cannot take effect any more."""
        if op.outcome is not Outcome.UNKNOWN:
            return op.returned
        end = op.returned + UNDER_WAY_S
        for stop in self.of_kind("stop"):  # it waits in the socket of who stands still
            if stop.begin <= end and stop.end >= op.invoke:
                end = max(end, stop.end + UNDER_WAY_S)
        return end

    def write(self, path: Path) -> None:
        """Write one line of JSON for each operation and fault."""
        with path.open("w", encoding="utf-8") as file:
            for fault in self.faults:
                file.write(json.dumps(asdict(fault)) + "\n")
            for op in self.ops:
                wire = asdict(op) | {"outcome": op.outcome.value}
                file.write(json.dumps(wire) + "\n")


UNDER_WAY_S = 4.0
"""So long after its loss a request may still be acted on."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise broken: which one, where, and what shows it."""

    promise: str
    room: str
    why: str
