"""
The catalogue: which faults there are, and what each may cost a customer.

Reads ``catalogue.toml`` and refuses what is not a row; decides nothing about a run.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from kiosk.call.states import State


FILE: Final = Path(__file__).with_name("catalogue.toml")
FAMILIES: Final = {"N": 23, "R": 25, "M": 20, "D": 36, "C": 11}
"""How many rows the fault model has of each."""
CLASSES: Final = "ABCDEFGH"
TIERS: Final = ("T0", "T1", "T2", "T3", "T4", "T5")
STATES: Final = frozenset(state.name.lower() for state in State)

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What a stage is like; runs with equal plans share one.

    Attributes:
        network: Whether kiosk and server are two hosts of the network lab.
        names: Whether the kiosk knows the server by a name, which a name server of the
            lab knows; on a network only.
        tls: Whether server and relay show a certificate, of an authority of their own.
        clock: Whether the kiosk's wall clock is the stage's to set.
        full_scale: Whether all durations are the product's own.
        inside: Whether the kiosk can be told to hang from within (``inside``).
        devices: Whether the devices below its adapters are the stage's to break
            (``inside/stand_ins.py``); which of them it uses the configuration says.
        kiosk: Sections of its configuration beside the stage's own.
        agent: The agent's.
        server: The server's.

    """

    network: bool = False
    names: bool = False
    tls: bool = False
    clock: bool = False
    full_scale: bool = False
    inside: bool = False
    devices: bool = False
    kiosk: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    agent: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    server: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Equal for plans that can share a stage."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """One row; its fields are those of the file."""

    id: str
    title: str
    tier: str
    classes: tuple[str, ...]
    does: str
    screen: str = ""
    states: tuple[str, ...] = ()
    injector: str = ""
    covered_by: tuple[str, ...] = ()
    class_in: Mapping[str, Sequence[str]] = field(default_factory=dict)
    why_untested: str = ""
    params: Params = field(default_factory=dict)
    shows: Mapping[str, str] = field(default_factory=dict)
    within_s: float = 10.0
    also_full: bool = False
    smoke: bool = False
    resumes: bool = False
    plan: Plan = field(default_factory=Plan)

    @property
    def is_built(self) -> bool:
        """Whether there is a way to make it."""
        return bool(self.injector or self.covered_by)

    def begun_in(self, state: str) -> Fault:
        """Return the row as it is judged where the fault begins in that state."""
        return replace(self, classes=tuple(self.class_in.get(state, self.classes)))


def load(file: Path = FILE) -> dict[str, Fault]:
    """
    Return the rows by their ids, in the order of the file.

    Raises:
        ValueError: A row is none; it says which and why.

    """
    rows = tomllib.loads(file.read_text("utf-8"))["fault"]
    faults = [_fault(row) for row in rows]
    found = {fault.id: fault for fault in faults}
    if len(found) != len(faults):
        raise ValueError("a row stands twice")
    return found


def _fault(row: dict[str, Any]) -> Fault:
    row = dict(row)
    covered = row.pop("covered_by", ())
    fault = Fault(
        classes=tuple(row.pop("class")),
        states=tuple(row.pop("states", ())),
        covered_by=(covered,) if isinstance(covered, str) else tuple(covered),
        plan=Plan(**row.pop("stage", {})),
        **row,
    )
    if wrong := _wrong(fault):
        raise ValueError(f"{fault.id}: {wrong}")
    return fault


def _wrong(fault: Fault) -> str:
    if fault.tier not in TIERS:
        return f"no tier {fault.tier}"
    classes = [fault.classes, *fault.class_in.values()]
    if not all(classes) or not {*"".join(map("".join, classes))} <= set(CLASSES):
        return f"no classes {classes}"
    if strange := {*fault.states, *fault.shows, *fault.class_in} - STATES:
        return f"no states {sorted(strange)}"
    if not fault.states and not fault.why_untested:
        return "begins in no state"
    ways = (fault.injector, fault.covered_by, fault.why_untested)
    if sum(map(bool, ways)) > 1:
        return "injector, covered_by and why_untested exclude each other"
    return ""
