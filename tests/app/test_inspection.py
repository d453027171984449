"""What the technician's page is filled with, by the real parts, and without secrets."""

from __future__ import annotations

from pathlib import Path

from kiosk.app.call_devices import call_devices
from kiosk.app.footing import Footing
from kiosk.app.inspection import inspect, probes_of
from kiosk.app.network_truth import addresses
from kiosk.app.simulation import Simulation
from kiosk.config.load import load_kiosk
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.indicators_memory import MemoryIndicators
from kiosk.errors import RoomUnreachable
from kiosk.ports import Inspected, Probe
from tests.fakes.kiosk_world import KioskWorld
from tests.fakes.stored_secrets import site


SECRET = "enrolmentkey0123456789abcdef"
CONFIG = """
config_version = 1
[kiosk]
name = "Door"
[room]
server = "https://rooms.example.org"
target = ["service", "front-*"]
user_id = "kiosk-7"
[camera]
device = "file:/nowhere/film.mp4"
[fleet]
serial = "branch-12-door"
"""


async def found(folder: Path, world: KioskWorld, reason: str) -> dict[Inspected, Probe]:
    site(folder, CONFIG, room__enrolment_key=SECRET)
    config = load_kiosk(root=folder).config
    made = call_devices(config, MonotonicClock(), Simulation(None))
    lamps = MemoryIndicators(MonotonicClock()).probe
    display = world.display.probe
    probes = probes_of(made.probes, world.buttons.probe, display, lamps)
    footing = Footing("https://127.0.0.1:1", MonotonicClock())
    return dict(await inspect(config, world.room, probes, footing, reason))


async def test_every_row_is_filled_in_and_what_is_wrong_has_its_cure(
    tmp_path: Path,
) -> None:
    rows = await found(tmp_path, KioskWorld(), "D002 camera: gone")

    of_the_daemon = {Inspected.DOOR, Inspected.FAULTS}
    assert set(rows) == set(Inspected) - of_the_daemon
    assert rows[Inspected.SERIAL].found == "branch-12-door"
    assert rows[Inspected.ROOM].found == "service, front-* (double_room)"
    assert rows[Inspected.SERVER].found == "ok: https://rooms.example.org"
    assert "film.mp4" in rows[Inspected.CAMERA].wrong
    assert rows[Inspected.LAST_ERROR].found == "D002 camera: gone"


async def test_a_server_that_does_not_answer_is_told_with_its_code(
    tmp_path: Path,
) -> None:
    world = KioskWorld()
    world.room.fail("check", RoomUnreachable("no answer within 5 s"))

    rows = await found(tmp_path, world, "")

    assert "R007 no answer within 5 s" in rows[Inspected.SERVER].wrong
    assert rows[Inspected.LAST_ERROR].found == "-"


async def test_no_secret_reaches_the_page(tmp_path: Path) -> None:
    reason = "M003 rtmp://relay/live/a?txSecret=0123456789abcdef&txTime=5F refused"

    rows = await found(tmp_path, KioskWorld(), reason)

    told = " ".join(f"{row.found} {row.wrong} {row.cure}" for row in rows.values())
    assert SECRET not in told
    assert "0123456789abcdef" not in told
    assert "M003" in told


def test_addresses_are_those_that_others_can_use() -> None:
    found = addresses()

    assert not [one for one in found if one.startswith(("127.", "fe80", "::1"))]
    assert len(set(found)) == len(found)
