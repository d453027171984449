"""The contract of the port ``Slots``, for each adapter on its machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.disk import Disk
from kiosk.errors import UpdateFailed, UpdateRefused
from kiosk.update.machine import slots_of
from kiosk.update.slots import OTHER
from kiosk.update.slots_grub import GrubSlots
from kiosk.update.slots_raspberry import RaspberrySlots
from tests.update.machines import HANGS, MACHINES, GrubPc, RaspberryPi, TwoSlots


class PowerCut(Exception):
    """The plug was pulled."""


class DyingDisk(Disk):
    """A disk whose power is cut before its n-th step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def _step(self) -> None:
        if not self.left:
            raise PowerCut
        self.left -= 1

    @override
    def write(self, path: Path, content: bytes, mode: int | None) -> None:
        self._step()
        super().write(path, content, mode)

    @override
    def sync(self, path: Path) -> None:
        self._step()
        super().sync(path)

    @override
    def rename(self, old: Path, new: Path) -> None:
        self._step()
        super().rename(old, new)


@pytest.fixture(params=MACHINES, ids=lambda kind: kind.__name__)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> TwoSlots:
    found: TwoSlots = request.param(tmp_path)
    return found


def test_the_running_slot_is_the_default_until_somebody_asks(machine: TwoSlots) -> None:
    assert (machine.slots.running, machine.slots.default) == ("a", "a")


def test_the_adapter_of_a_machine_is_found(machine: TwoSlots) -> None:
    assert type(slots_of(machine.root)) is type(machine.slots)


def test_what_is_written_to_is_never_the_slot_that_runs(machine: TwoSlots) -> None:
    running = machine.slots.running
    for image in ("boot", "system"):
        target = machine.slots.target(image).resolve()

        own = machine.root / f"dev/disk/by-partlabel/{image}_{running}"
        other = machine.root / f"dev/disk/by-partlabel/{image}_{OTHER[running]}"
        assert target == other.resolve() != own.resolve()


def test_a_trial_is_one_boot_of_the_other_slot(machine: TwoSlots) -> None:
    machine.slots.set_trial()

    assert machine.restart() == "b"
    assert (machine.slots.running, machine.slots.default) == ("b", "a")
    assert machine.restart() == "a"


def test_a_trial_that_is_committed_is_the_default(machine: TwoSlots) -> None:
    machine.slots.set_trial()
    machine.restart()
    machine.slots.commit()
    machine.slots.commit()

    assert (machine.slots.running, machine.slots.default) == ("b", "b")
    assert machine.restart() == machine.cut_power() == "b"


def test_from_the_second_slot_one_goes_back_to_the_first(machine: TwoSlots) -> None:
    machine.slots.set_trial()
    machine.restart()
    machine.slots.commit()
    machine.restart()

    machine.slots.set_trial()
    assert machine.restart() == "a"
    machine.slots.commit()
    assert machine.cut_power() == "a"


def test_a_system_that_hangs_is_given_up_by_whatever_starts_it(
    machine: TwoSlots,
) -> None:
    machine.slots.target("system").write_bytes(HANGS)
    machine.slots.set_trial()

    assert machine.restart() == "a"
    assert machine.restart() == "a"


def test_a_trial_can_be_called_off(machine: TwoSlots) -> None:
    machine.slots.clear_trial()
    machine.slots.set_trial()
    machine.slots.clear_trial()
    machine.slots.clear_trial()

    assert machine.restart() == "a"


def test_power_lost_in_a_trial_brings_the_old_system_back(machine: TwoSlots) -> None:
    machine.slots.set_trial()
    machine.restart()

    assert machine.cut_power() == "a"


@pytest.mark.parametrize("steps", range(5))
@pytest.mark.parametrize("kind", [RaspberryPi, GrubPc])
def test_a_commit_that_power_cuts_off_leaves_one_choice_or_the_other(
    kind: type[RaspberryPi | GrubPc], steps: int, tmp_path: Path
) -> None:
    machine = kind(tmp_path)
    machine.slots.set_trial()
    machine.restart()
    adapter = RaspberrySlots if kind is RaspberryPi else GrubSlots
    dying = adapter(tmp_path, DyingDisk(steps))

    try:
        dying.commit()
    except PowerCut:
        assert steps < 4
    came_up = machine.cut_power()

    assert came_up == ("b" if steps >= 3 else "a")
    assert machine.slots.default == came_up


def test_a_machine_with_one_system_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UpdateRefused, match="one system only; flash"):
        slots_of(tmp_path)


def test_a_broken_choice_is_told_with_its_file(machine: TwoSlots) -> None:
    for name in ("bootfs/autoboot.txt", "bootfs/grub/grubenv"):
        if (machine.root / name).exists():
            (machine.root / name).write_bytes(os.urandom(512))

    with pytest.raises(UpdateFailed, match=r"autoboot\.txt|grubenv"):
        assert machine.slots.default
