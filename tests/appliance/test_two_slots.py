"""
A machine with two slots, GRUB and systemd: updates that are kept, and others.

The disk is the appliance's own system in slot a; each update is that system again, with
what is said here changed.  It is applied, tried, and judged by the units that are shipped.
"""

from __future__ import annotations

import json
import random
import subprocess
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest
from typing_extensions import override

from appliance.machine import HOST, Machine
from appliance.qemu import Hardware
from appliance.two_slots import release, write_disk, write_payload
from kiosk.update.packing import pack
from tests.appliance.conftest import DISK
from tests.appliance.guest_kiosk import SETTINGS, GuestKiosk, is_console
from tests.appliance.other_side import wait_until
from tests.appliance.table import Table
from tests.fakes.branch import Branch
from tests.signed.signer import Signer


SIGNER: Final = Signer(1)
CREATED: Final = datetime(2026, 11, 1, tzinfo=UTC)
BROKEN: Final = {
    "/usr/lib/python3/dist-packages/kiosk/daemon/loop.py": (
        'raise ImportError("this release is broken")\n'
    )
}
HEALTHY_S: Final = 300
"""So long a new system may take; an emulated one takes a minute."""
WRITE_S: Final = 2400.0
"""An update is fetched, written, and read back."""
CUTS: Final = 12
"""How often the plug is pulled."""
UPDATER: Final = "kiosk-update.service"
RECORD: Final = "/var/lib/kiosk-update/record.json"

pytestmark = [
    pytest.mark.timeout(7200),
    pytest.mark.proves("update (two slots)", "real driver"),
    pytest.mark.nightly,
]


class Quiet(SimpleHTTPRequestHandler):
    """A web server of files that keeps its log for itself."""

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class TwoSlots:
    """The machine, looked at and acted on."""

    machine: Machine
    kiosk: GuestKiosk

    def status(self) -> dict[str, str]:
        """Return what ``kiosk update status`` says."""
        words = ["kiosk", "update", "status", "--json"]
        told: dict[str, str] = json.loads(self.machine.check(words, timeout=120.0))
        return told

    @property
    def stage(self) -> str:
        """How far an update came."""
        done = self.machine.run(["cat", RECORD])
        return str(json.loads(done.out)["stage"]) if done.code == 0 else ""

    def apply_broken(self) -> None:
        """Have a technician begin to apply what is on the other disk."""
        words = ["systemd-run", "--quiet", "--collect", "--unit=technician"]
        script = "mount -o ro /dev/vdb /mnt && exec kiosk update apply /mnt"
        self.machine.check([*words, "sh", "-c", script])

    def boot(self, seconds: float) -> dict[str, str]:
        """Wait for the next boot and say what runs."""
        self.machine.wait_for_boot(seconds)
        return self.status()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a whole disk, another disk with an update, and one for a web server."""
    folder = tmp_path_factory.mktemp("two-slots")
    write_disk(release(Path(DISK), folder / "first", "1.0.0"), folder / "disk.img")
    for day, (name, version, changes) in enumerate(
        (("broken", "1.1.0", BROKEN), ("good", "1.2.0", {})), start=1
    ):
        made = release(Path(DISK), folder / name, version, changes)
        payload, packed = folder / "update.tar.zst", folder / "packed"
        write_payload(made, payload)
        pack(
            payload,
            packed,
            version=version,
            boards=["pc,x86_64"],
            created=CREATED + timedelta(days=day),
            keys=[SIGNER.key],
        )
        with tarfile.open(packed) as tar:
            tar.extractall(folder / "updates" / name, filter="data")
        for spent in (made.boot, made.system, payload, packed):
            spent.unlink()
    content = str(folder / "updates" / "broken")
    words = ["/usr/sbin/mke2fs", "-q", "-d", content, str(folder / "stick"), "600M"]
    subprocess.run(words, check=True)
    return folder


@pytest.fixture(scope="module")
def updates(shelf: Path) -> Iterator[str]:
    """Where the guest finds the updates."""
    serve = partial(Quiet, directory=str(shelf / "updates"))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def two_slots(
    shelf: Path, updates: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwoSlots]:
    """The machine, set up for a branch whose room server answers."""
    with Branch() as branch:
        server = branch.start_server({"network": {"insecure": True}}, public_host=HOST)
        port = server.url.rpartition(":")[2]
        settings = (
            f'[room]\nserver = "http://{HOST}:{port}"\n[network]\ninsecure = true\n'
            '[display]\ndevice = "drm"\n[camera]\ndevice = "synthetic"\n'
            '[microphone]\ndevice = "synthetic"\n[speaker]\ndevice = "synthetic"\n'
            f'[update]\nurl = "{updates}/good"\nwindow = "00:00-24:00"\n'
            f"healthy_s = {HEALTHY_S}\n"
        )
        folder = tmp_path_factory.mktemp("machine")
        hardware = Hardware(disks=(shelf / "stick",))
        with Machine(shelf / "disk.img", folder, hardware) as machine:
            machine.put(f"{SETTINGS}/kiosk.toml", settings)
            machine.put(f"{SETTINGS}/keys/fleet.pem", SIGNER.pem)
            machine.check(["chmod", "-R", "a+rX", str(SETTINGS)])
            machine.check(["systemctl", "restart", "kiosk.service"], timeout=600.0)
            yield TwoSlots(machine, GuestKiosk(machine, shelf))


def test_a_power_cut_while_the_other_slot_is_written_leaves_this_one_as_it_was(
    two_slots: TwoSlots,
) -> None:
    before = two_slots.status()
    two_slots.apply_broken()
    wait_until(lambda: two_slots.stage == "writing", "written", WRITE_S)
    time.sleep(5.0)
    is_writing = two_slots.stage

    two_slots.machine.cut()
    two_slots.machine.start()

    after = two_slots.status()
    assert (before["running"], before["default"]) == ("a", "a")
    assert is_writing == "writing"
    assert (after["running"], after["default"], after["update"]) == (
        "a",
        "a",
        "writing",
    )
    assert after["system"] == "1.0.0"
    two_slots.kiosk.wait_until(lambda now: bool(now.get("state")), "the kiosk")


def test_a_system_that_is_not_healthy_is_taken_back_and_nobody_has_to_come(
    two_slots: TwoSlots, table: Table
) -> None:
    with table.timed("update applied by hand to its trial"):
        two_slots.apply_broken()
        trial = two_slots.boot(WRITE_S)
    wait_until(lambda: not is_console(two_slots.kiosk.picture()), "a picture", 120.0)
    with table.timed("trial of what is not healthy to the old system"):
        back = two_slots.boot(HEALTHY_S + 900.0)

    assert (trial["running"], trial["default"], trial["system"]) == ("b", "a", "1.1.0")
    assert (back["running"], back["default"], back["system"]) == ("a", "a", "1.0.0")
    wait_until(lambda: two_slots.stage == "failed", "recorded", 120.0)
    assert two_slots.status()["reason"]
    two_slots.kiosk.wait_until(lambda now: bool(now.get("state")), "the kiosk")


def test_a_healthy_one_is_fetched_in_the_window_tried_and_kept(
    two_slots: TwoSlots, table: Table
) -> None:
    machine = two_slots.machine
    # as timesyncd has it once a time server answered; here none does
    machine.put("/run/systemd/timesync/synchronized", "")
    with table.timed("update fetched and written in the window to its trial"):
        machine.check(["systemctl", "start", "--no-block", UPDATER])
        trial = two_slots.boot(WRITE_S)
    with table.timed("trial of what is healthy until it is kept"):
        wait_until(lambda: two_slots.stage == "committed", "kept", HEALTHY_S + 60.0)
    machine.run(["systemctl", "--no-block", "reboot"])
    kept = two_slots.boot(900.0)

    assert (trial["running"], trial["default"], trial["system"]) == ("b", "a", "1.2.0")
    assert (kept["running"], kept["default"], kept["system"]) == ("b", "b", "1.2.0")
    assert kept["update"] == "committed"
    two_slots.kiosk.wait_until(lambda now: bool(now.get("state")), "the kiosk")
    assert not is_console(two_slots.kiosk.picture())


def test_a_machine_whose_power_is_cut_again_and_again_boots_again_and_again(
    two_slots: TwoSlots, table: Table
) -> None:
    machine, before = two_slots.machine, two_slots.status()
    chance = random.Random(CUTS)
    for number in range(CUTS):
        if number % 2:  # while it goes down, or comes up
            machine.run(["systemctl", "--no-block", "reboot"])
        time.sleep(chance.uniform(0.0, 30.0))

        machine.cut()
        with table.timed(f"power back to the agent, after cut {number + 1}"):
            machine.start()

        two_slots.kiosk.wait_until(lambda now: bool(now.get("state")), "the kiosk")
        failed = machine.check(["systemctl", "--failed", "--no-legend", "--plain"])
        assert failed.strip() == ""
    assert two_slots.status() == before
