"""The commands as people and units run them, on a directory tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.provision.device import FILES, OTHER_SITE, SECRETS, Device


def kiosk(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk", *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=30
    )


def test_a_bundle_is_checked_applied_and_taken_back(device: Device) -> None:
    root = ("--root", device.root)
    device.lay_out({**FILES, "secrets.toml": SECRETS})
    checked = kiosk("provision", "check", device.stick)
    first = kiosk("provision", "apply", device.stick, *root)
    device.lay_out({**FILES, "site.toml": OTHER_SITE})
    second = kiosk("provision", "apply", device.stick, *root)
    back = kiosk("config", "rollback", *root)
    told = kiosk("provision", "status", "--json", *root)

    assert checked.returncode == os.EX_OK, checked.stderr
    assert "no mistakes in" in checked.stdout
    assert first.returncode == second.returncode == os.EX_OK
    assert first.stdout.startswith("APPLIED: unnamed-")
    assert "was taken back" in back.stdout
    status = json.loads(told.stdout)
    assert status["schema_version"] == 1
    assert status["bundle"] in first.stdout
    assert list(status["given_up"]) == [second.stdout.split()[1]]


@pytest.mark.parametrize("verb", ["check", "apply"])
def test_a_wrong_bundle_is_a_line_a_mistake_and_status_78(
    device: Device, verb: str
) -> None:
    device.lay_out({"site.toml": b"[room]\nsever = 1\n"})

    ran = kiosk("provision", verb, device.stick, "--root", device.root)

    assert ran.returncode == os.EX_CONFIG
    assert "kiosk: site.toml:2:1: [room] sever: unknown key" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_every_device_of_a_bundle_is_checked(device: Device) -> None:
    device.lay_out({**FILES, "devices/10000000c0ffee01.toml": b'[kiosk]\nnmae = "2"\n'})

    ran = kiosk("provision", "check", device.stick)

    assert ran.returncode == os.EX_CONFIG
    assert "devices/10000000c0ffee01.toml:2:1: [kiosk] nmae" in ran.stderr


def test_the_unit_s_start_never_fails_for_a_blank_kiosk(device: Device) -> None:
    ran = kiosk("provision", "start", "--root", device.root)
    told = kiosk("provision", "status", "--root", device.root)

    assert ran.returncode == os.EX_OK, ran.stderr
    assert "nothing: no bundle was applied" in told.stdout


def test_status_before_anybody_looked_says_what_to_do(device: Device) -> None:
    ran = kiosk("provision", "status", "--root", device.root)

    assert ran.returncode == os.EX_UNAVAILABLE
    assert "kiosk provision start" in ran.stderr


def test_wipe_wants_to_be_meant(device: Device) -> None:
    device.lay_out()
    kiosk("provision", "apply", device.stick, "--root", device.root)

    ran = kiosk("wipe", "--root", device.root)

    assert ran.returncode == os.EX_USAGE
    assert (device.root / "etc/kiosk/conf.d/60-site.toml").exists()
