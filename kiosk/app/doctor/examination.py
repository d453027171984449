"""The whole examination, in the order a technician reads it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.app.display import left_dark
from kiosk.app.doctor.check import Check, exit_status, failure
from kiosk.app.doctor.connectors import look_at_connectors
from kiosk.app.doctor.deep import Bench, look_deep
from kiosk.app.doctor.failures import look_at_failures
from kiosk.app.doctor.installation import (
    look_at_case,
    look_at_daemon,
    look_at_devices,
    read_configuration,
)
from kiosk.app.doctor.machine import Run, look_at_machine, run_program
from kiosk.app.doctor.person import Person
from kiosk.app.doctor.provisioning import look_at_provisioning
from kiosk.app.doctor.server import look_at_relay, look_at_server
from kiosk.app.doctor.service import kinds_of, look_at_rights, look_at_service
from kiosk.app.doctor.software import look_at_software
from kiosk.app.doctor.storage import look_at_storage
from kiosk.app.doctor.updates import look_at_updates
from kiosk.config.schema import KioskConfig
from kiosk.control.client import ControlClient
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import KioskError


ROOT: Final = Path("/")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    Where the doctor looks, and whom it asks.

    Attributes:
        root: Under which the kernel's files are.
        run: Runs a program.

    """

    root: Path = ROOT
    run: Run = run_program


def examine(
    file: Path | None,
    *,
    deep: bool,
    say: Callable[[Check], None],
    person: Person,
    around: Surroundings | None = None,
) -> int:
    """
    Look at everything and return 0 (all good), 1 (warnings) or 2 (failures).

    Args:
        file: Use only this configuration file.
        deep: Open what is free, and measure.
        say: Gets each check as it is done.
        person: Who can press, look and listen, if anybody is there.
        around: Where to look.

    """
    # What goes wrong is a line of ours, and what the parts log is no other line.
    logging.getLogger().addHandler(logging.NullHandler())
    checks: list[Check] = []
    for check in _checks(file, around or Surroundings(), person, deep=deep):
        checks.append(check)
        say(check)
    return exit_status(checks)


def _checks(
    file: Path | None, around: Surroundings, person: Person, *, deep: bool
) -> Iterator[Check]:
    clock = MonotonicClock()
    config, found = read_configuration(file)
    yield from found
    yield look_at_software()
    yield look_at_provisioning(around.root)
    yield from look_at_machine(around.root, around.run, clock.wall_s())
    yield from look_at_storage(around.root)
    yield from look_at_service(around.root, around.run)
    yield look_at_failures(around.root)
    yield from look_at_updates(around.root)
    if config is None:
        return
    kinds = kinds_of(config)
    yield from look_at_rights(around.root, kinds)
    dark = left_dark(config, around.root)
    yield from look_at_connectors(around.root, is_wanted="drm" in kinds, dark=dark)
    yield from look_at_server(config, clock.wall_s())
    yield look_at_relay(config.room.server, proxy=config.network.way)
    client = ControlClient(config.control.socket)
    status, check = look_at_daemon(client)
    yield check
    if status is not None:
        yield from look_at_case(status)
    yield from _devices(config, client, runs=status is not None)
    if deep:
        yield from look_deep(
            Bench(config, clock, around.root, around.run, person, status)
        )


def _devices(
    config: KioskConfig, client: ControlClient, *, runs: bool
) -> Iterator[Check]:
    try:
        yield from look_at_devices(config, client, runs=runs)
    except KioskError as error:
        yield failure("devices", str(error), "ask again; restart the kiosk if it stays")
