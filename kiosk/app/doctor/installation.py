"""What is configured, what runs, and what each device says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from kiosk.app.call_devices import call_devices
from kiosk.app.display import probe_display
from kiosk.app.doctor.check import Check, failure, good, skipped, warning
from kiosk.app.fleet_facts import installed_version
from kiosk.app.inspection import Probes, probed, probes_of
from kiosk.app.late_devices import late_buttons, late_lamps
from kiosk.app.simulation import Simulation
from kiosk.config.load import ROOT, examine_kiosk
from kiosk.config.schema import KioskConfig
from kiosk.control.client import ControlClient
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import ConfigError, ControlError
from kiosk.ports import Inspected, Probe


DEVICES: Final = (
    Inspected.CAMERA,
    Inspected.MICROPHONE,
    Inspected.SPEAKER,
    Inspected.DISPLAY,
    Inspected.BUTTONS,
    Inspected.LAMPS,
)
_OUT: Final = {"OUT_OF_SERVICE", "UNCONFIGURED"}
_CURE: Final = "mend it; `kiosk config check` tells all"


def read_configuration(
    file: Path | None, root: Path = ROOT
) -> tuple[KioskConfig | None, list[Check]]:
    """Return the configuration, as far as there is one, and what is wrong with it."""
    try:
        loaded, problem = examine_kiosk(file, root=root)
    except ConfigError as error:
        return None, [_mistake(line) for line in error.mistakes]
    if problem is not None:
        return loaded.config, [_mistake(line) for line in problem.mistakes]
    names = ", ".join(map(str, loaded.files)) or "the built-in defaults"
    notices = [warning("configuration", notice, _CURE) for notice in loaded.notices]
    return loaded.config, [good("configuration", names), *notices]


def _mistake(line: str) -> Check:
    return failure("configuration", line, _CURE)


def look_at_daemon(client: ControlClient) -> tuple[Mapping[str, Any] | None, Check]:
    """Return the status of the kiosk that runs here, if one does."""
    try:
        status = client.status()
    except ControlError as error:
        cure = "`systemctl start kiosk`; without it the devices are asked directly"
        return None, warning("kiosk", str(error), cure)
    reason = str(status["reason"])
    evidence = f"{installed_version()}, {status['state']}"
    if status["state"] in _OUT:
        cure = "see the lines below; it goes on by itself once that is mended"
        return status, failure("kiosk", f"{evidence}: {reason}", cure)
    if status["insecure"]:
        cure = "take [network] insecure out again"
        return status, warning("kiosk", f"{evidence}, plain http or rtmp", cure)
    return status, good("kiosk", evidence)


def look_at_case(status: Mapping[str, Any]) -> Iterator[Check]:
    """Tell what the running kiosk knows of its door, its lamps and its faults."""
    if status["door_open"] is None:
        yield skipped("door", "no contact has said anything")
    elif status["door_open"]:
        yield warning("door", "open", "close it, or see to its contact")
    else:
        yield good("door", "closed")
    if status["lamps_wrong"]:
        yield warning("lamps", status["lamps_wrong"], "see to the lamps' line")
    for fault in status["faults"]:
        what = f"fault: {fault['fault']}"
        lamp = f"the lamp flashes {fault['flashes']} times"
        yield failure(what, fault["reason"], f"until it is mended {lamp}")


def look_at_devices(
    config: KioskConfig, client: ControlClient, *, runs: bool
) -> Iterator[Check]:
    """Ask every device, through the kiosk that holds them where one runs."""
    if runs:
        rows = {
            row["what"]: Probe(row["found"], row["wrong"], row["cure"])
            for row in client.inspection()
        }
        found = {what: rows[what.value] for what in DEVICES if what.value in rows}
    else:
        found = probed(_asked(config))
    for what, probe in found.items():
        if probe.wrong:
            yield failure(what.value, probe.wrong, probe.cure or "see to the device")
        else:
            yield good(what.value, probe.found)


def _asked(config: KioskConfig) -> Probes:
    clock = MonotonicClock()
    return probes_of(
        call_devices(config, clock, Simulation(None)).probes,
        late_buttons(config, clock).probe,
        partial(probe_display, config, clock),
        late_lamps(config, clock).probe,
    )
