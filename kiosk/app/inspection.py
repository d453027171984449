"""
What a technician wants to know of a kiosk, found out at this moment.

No key, token, name of a customer or query of a URL is in it: it stands on a screen
in a public room.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from kiosk import ports
from kiosk.app.fleet_facts import installed_version, serial_of
from kiosk.app.footing import Footing
from kiosk.config.schema import KioskConfig
from kiosk.errors import DeviceError, KioskError
from kiosk.journal.redaction import redact
from kiosk.ports import Fault, Inspected, Inspection, Probe


log = logging.getLogger(__name__)

PATIENCE_S: Final = 3.0
Probes = Mapping[Inspected, Callable[[], Probe]]
"""Each asks one device, without opening it."""


def probes_of(
    calls: Mapping[Fault, Callable[[], Probe]],
    buttons: Callable[[], Probe],
    display: Callable[[], Probe],
    lamps: Callable[[], Probe],
) -> Probes:
    """Return what asks each device: those of ``calls``, and the others."""
    return {
        Inspected.CAMERA: calls[Fault.CAMERA],
        Inspected.MICROPHONE: calls[Fault.MICROPHONE],
        Inspected.SPEAKER: calls[Fault.SPEAKER],
        Inspected.DISPLAY: display,
        Inspected.BUTTONS: buttons,
        Inspected.LAMPS: lamps,
    }


async def inspect(
    config: KioskConfig,
    room: ports.RoomService,
    probes: Probes,
    footing: Footing,
    last_reason: str,
) -> Inspection:
    """
    Return all that there is to know, within some seconds.

    Args:
        config: What the kiosk is told.
        room: Is asked whether it answers.
        probes: Of the devices.
        footing: Network and time.
        last_reason: Why something went wrong last, or empty.

    """
    found, server, way = await asyncio.gather(
        asyncio.to_thread(probed, probes),
        _reached(room, config.room.server),
        footing.network.look(),
    )
    targets = f"{', '.join(config.room.target)} ({config.room.type})"
    return (
        (Inspected.VERSION, Probe(installed_version())),
        (Inspected.SERIAL, Probe(config.fleet.serial or serial_of())),
        (Inspected.ROOM, Probe(targets)),
        (Inspected.NETWORK, way.probe()),
        (Inspected.SERVER, server),
        (Inspected.CLOCK, footing.right_time.probe()),
        *found.items(),
        (Inspected.LAST_ERROR, Probe(redact(last_reason) or "-")),
    )


def wrong_with(probes: Mapping[Fault, Callable[[], Probe]]) -> Mapping[Fault, str]:
    """Ask devices; return what is wrong with each, with a code, empty if nothing."""
    asked = {fault: _told(probe) for fault, probe in probes.items()}
    return {fault: _reason(fault, told) for fault, told in asked.items()}


def _reason(fault: Fault, told: Probe) -> str:
    if not told.wrong:
        return ""
    cure = f"; {told.cure}" if told.cure else ""
    return f"{DeviceError.code} {fault.value}: {told.wrong}{cure}"


async def _reached(room: ports.RoomService, address: str) -> Probe:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await room.check()
    except KioskError as error:
        wrong = redact(f"{error.code} {error}")
    except TimeoutError:
        wrong = f"no answer in {PATIENCE_S:g} s"
    else:
        return Probe(f"ok: {address}")
    return Probe(f"no: {address}", wrong, f"see that {address} can be reached")


def probed(probes: Probes) -> dict[Inspected, Probe]:
    """Ask all devices; on a worker thread."""
    return {what: _told(probe) for what, probe in probes.items()}


def _told(probe: Callable[[], Probe]) -> Probe:
    try:
        found = probe()
    except KioskError as error:
        return Probe("nothing", redact(str(error)))
    except Exception as error:  # a row of a page may not cost the kiosk
        log.exception("a device cannot be looked at")
        return Probe("nothing", redact(f"{type(error).__name__}: {error}"))
    return Probe(redact(found.found), redact(found.wrong), redact(found.cure))
