"""
From a blank machine to its first call, by a stick as README's technician makes it.

In order: set up, called, and then what a stick may have wrong with it. How long each step
took is printed at the end of the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from appliance.machine import HOST, Machine
from tests.appliance.both_ends import DEVICES, HANGUP, Call
from tests.appliance.guest_kiosk import GuestKiosk
from tests.appliance.lines import Lines
from tests.appliance.other_side import CAMERA, NAME, PATIENT, OtherSide, wait_until
from tests.appliance.stick import Stick
from tests.appliance.table import Table
from tests.signed.signer import text_of


UNIT: Final = "kiosk-provision@sda.service"
STICK_S: Final = 240.0
"""From the plug to the verdict: an emulator starts Python in seconds."""

pytestmark = [pytest.mark.timeout(900), pytest.mark.proves("provisioning", "call")]


@dataclass
class Branch:
    """A kiosk, the stick for it, and the rest of the bank."""

    call: Call
    stick: Stick
    site: str
    serial: str

    @property
    def kiosk(self) -> GuestKiosk:
        return self.call.kiosk

    @property
    def machine(self) -> Machine:
        return self.call.kiosk.machine

    def bundle(self, site: str | None = None) -> dict[str, str | bytes]:
        """Return the files of a bundle for this kiosk."""
        return {
            "kiosk/site.toml": site or self.site,
            f"kiosk/devices/{self.serial}.toml": '[kiosk]\nname = "Main Street"\n',
            "kiosk/ca/branch.pem": self.call.other.authority,
        }

    def plug_in_with(self, files: Mapping[str, str | bytes]) -> str:
        """Put files on the stick, plug it in, and return what RESULT.txt then says."""
        self.stick.put(files)
        before = self._ended_at()
        self.stick.plug()
        wait_until(lambda: self._ended_at() not in {"0", before}, "judged", STICK_S)
        self.stick.pull()
        return self.stick.get("kiosk/RESULT.txt") or ""

    def _ended_at(self) -> str:
        """When the unit that applies a stick was through with the last one."""
        what = "--property=ExecMainExitTimestampMonotonic"
        return self.machine.check(["systemctl", "show", "--value", what, UNIT]).strip()


def site_of(other: OtherSide) -> str:
    call = "".join(f"{key} = {value}\n" for key, value in PATIENT.items())
    camera = "".join(f"{key} = {json.dumps(v)}\n" for key, v in CAMERA.items())
    text = (
        f'config_version = 1\n[room]\nserver = "{other.url}"\n[network]\n'
        f'ca_file = "/etc/kiosk/ca/branch.pem"\n[call]\n{call}'
        f'[display]\ndevice = "drm"\nself_view = false\n{DEVICES}'
        "[provision]\nunsigned_sticks = true\n"
    )
    return text.replace("$CAMERA", camera)


@pytest.fixture(scope="module")
def branch(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Branch]:
    folder = tmp_path_factory.mktemp("branch")
    machine.check(["modprobe", "vivid"])
    machine.put("/etc/hosts", f"127.0.0.1 localhost\n{HOST} {NAME}\n")
    kiosk = GuestKiosk(machine, folder)
    kiosk.forget()
    machine.check(["systemctl", "restart", "kiosk.service"], timeout=300.0)
    serial = json.loads(machine.check(["kiosk", "provision", "status", "--json"]))[
        "serial"
    ]
    try:
        with OtherSide() as other:
            yield Branch(
                Call(kiosk, other, Lines(machine)),
                Stick(machine, folder / "stick.img"),
                site_of(other),
                serial,
            )
    finally:
        machine.run(["kiosk", "wipe", "--yes"], timeout=120.0)
        kiosk.forget()
        machine.run(["modprobe", "--remove", "vivid"])


def test_a_blank_machine_a_stick_and_a_press_make_a_call(
    branch: Branch, table: Table
) -> None:
    branch.kiosk.wait_for("UNCONFIGURED")
    with table.timed("stick to verdict"):
        result = branch.plug_in_with(branch.bundle())
    with table.timed("press to the agent's picture"):
        branch.call.begin()
        wait_until(branch.call.sees_the_agent, "the agent's picture", 120.0)

    assert result.startswith("KIOSK: APPLIED")
    assert "\r\n" in result
    assert branch.serial in result
    branch.call.lines.press(HANGUP)
    branch.kiosk.wait_for("IDLE")


def test_a_mistake_on_the_stick_is_told_by_line_and_changes_nothing(
    branch: Branch,
) -> None:
    wrong = branch.site.replace("server =", "sever =")

    result = branch.plug_in_with({"kiosk/site.toml": wrong})

    assert "NOT APPLIED" in result
    assert "site.toml:3" in result
    assert branch.kiosk.wait_for("IDLE")["state"] == "IDLE"


def test_a_stick_that_was_pulled_out_while_it_was_written_changes_nothing(
    branch: Branch, tmp_path: Path
) -> None:
    branch.stick = Stick(branch.machine, tmp_path / "half.img")
    bundle = branch.bundle(branch.site.replace("ended_s = 1.0", "ended_s = 3.0"))
    signed = {
        name.removeprefix("kiosk/"): text.encode() if isinstance(text, str) else text
        for name, text in bundle.items()
    }
    half = str(bundle["kiosk/site.toml"])[:-20]
    manifest = {"kiosk/manifest.toml": text_of(signed)}

    result = branch.plug_in_with(bundle | manifest | {"kiosk/site.toml": half})

    assert "NOT APPLIED" in result
    assert "site.toml" in result
    assert branch.kiosk.wait_for("IDLE")["state"] == "IDLE"


@pytest.mark.nightly
def test_the_bundle_before_can_be_had_again(branch: Branch, tmp_path: Path) -> None:
    branch.stick = Stick(branch.machine, tmp_path / "other.img")
    other = branch.site.replace("ended_s = 1.0", "ended_s = 2.0")
    shown = ["kiosk", "config", "show"]
    branch.plug_in_with(branch.bundle(other))
    assert "ended_s = 2.0" in branch.machine.check(shown, timeout=120.0)

    branch.machine.check(["kiosk", "config", "rollback"], timeout=120.0)

    assert "ended_s = 2.0" not in branch.machine.check(shown, timeout=120.0)
    branch.kiosk.wait_for("IDLE")
