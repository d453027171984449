"""What the status says of the machine: read from what root's units leave behind."""

from __future__ import annotations

from pathlib import Path

from kiosk.app.machine_facts import machine_facts
from kiosk.control.report import describe_status
from kiosk.disk import Disk
from kiosk.provision.announcing import announce
from kiosk.update.record import Record, Records, Stage
from tests.provision.device import Device


def test_a_device_s_bundle_and_last_update_are_told(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    device = Device(tmp_path / "root")
    device.lay_out(id="spring")
    device.apply()
    announce(Disk(), device.root, device.provisioning.record)
    failed = Record(stage=Stage.FAILED, id="x", version="1.5.0", reason="unhealthy")
    Records(device.root).keep(failed)
    release = device.root / "etc/os-release"
    release.write_text('NAME=kiosk\nIMAGE_VERSION="1.4.0"\n')

    text = describe_status({"machine": machine_facts(device.root)})

    assert "version 1.4.0; last update 1.5.0: failed, unhealthy" in text
    assert "spring, being tried since 2026-11-28T12:00:00+00:00" in text


def test_of_a_blank_machine_there_is_nothing_to_tell(tmp_path: Path) -> None:
    facts = machine_facts(tmp_path)

    assert facts["bundle"] is None
    assert facts["update"]["update"] == "none"
    assert facts["update"]["running"] == ""
