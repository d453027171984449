"""Who changes what a kiosk is does so alone: bundles, pulls, updates, and a wipe."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kiosk.app.provisioning import OnMachine
from kiosk.disk import Disk, alone_in, remove_tree
from kiosk.provision.in_force import InForce
from kiosk.provision.wiping import wipe
from kiosk.pull import puller
from kiosk.pull.record import STATE as PULLED
from kiosk.update.record import Records
from tests.provision.device import FILES, SECRETS, Device


SITE = "etc/kiosk/conf.d/60-site.toml"


def test_a_wipe_waits_for_the_bundle_that_is_being_applied(device: Device) -> None:
    device.lay_out()
    device.apply()
    removed: list[str] = []
    wiping = threading.Thread(target=wipe, args=(device.root, Disk(), removed.append))

    with InForce(device.root, Disk()).alone():
        wiping.start()
        wiping.join(0.3)
        assert not removed
        assert (device.root / SITE).exists()
    wiping.join(30)

    assert not wiping.is_alive()
    assert not (device.root / SITE).exists()


def test_whoever_waited_for_a_wipe_is_alone_then_too(tmp_path: Path) -> None:
    disk, folder = Disk(), tmp_path / "state"
    inside, leave = threading.Event(), threading.Event()

    def come_later() -> None:
        with alone_in(disk, folder, waits=True):
            inside.set()
            leave.wait(30)

    later = threading.Thread(target=come_later)
    with alone_in(disk, folder, waits=True):
        later.start()
        later.join(0.3)
        assert not inside.is_set()
        remove_tree(disk, folder)
    try:
        assert inside.wait(30)

        with pytest.raises(BlockingIOError), alone_in(disk, folder, waits=False):
            pytest.fail("two were alone")
    finally:
        leave.set()
        later.join(30)


@pytest.mark.parametrize("who", ["pull", "update"])
def test_while_somebody_pulls_or_updates_by_hand_nothing_is_removed(
    device: Device, who: str
) -> None:
    device.lay_out({**FILES, "secrets.toml": SECRETS})
    device.apply()
    before = device.outside()
    pulls = puller.alone(device.root / PULLED, Disk())

    with pulls if who == "pull" else Records(device.root).alone():
        (told,) = OnMachine(device.root).wipe(lambda line: None)

    assert who in told
    assert "nothing was removed" in told
    assert device.outside() == before
    assert not OnMachine(device.root).wipe(lambda line: None)
    assert not device.outside()
