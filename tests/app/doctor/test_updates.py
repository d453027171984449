"""The doctor's line about system updates."""

from __future__ import annotations

from pathlib import Path

from kiosk.app.doctor.check import Check, Verdict
from kiosk.app.doctor.updates import look_at_updates
from kiosk.update.record import Record, Records, Stage
from tests.update.machines import GrubPc


def looked(machine: GrubPc) -> Check:
    (found,) = look_at_updates(machine.root)
    return found


def test_of_a_machine_with_one_system_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(look_at_updates(tmp_path)) == []


def test_what_runs_is_told(tmp_path: Path) -> None:
    machine = GrubPc(tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text("IMAGE_VERSION=1.4.0\n")

    check = looked(machine)

    assert check.verdict is Verdict.GOOD
    assert check.evidence == "version 1.4.0 in slot a"


def test_an_update_that_failed_is_told_with_its_reason_and_a_cure(
    tmp_path: Path,
) -> None:
    machine = GrubPc(tmp_path)
    Records(tmp_path).keep(
        Record(stage=Stage.FAILED, version="1.5", reason="it does not answer")
    )

    check = looked(machine)

    assert check.verdict is Verdict.WARNING
    assert "1.5 failed: it does not answer" in check.evidence
    assert "kiosk update apply" in check.cure


def test_an_update_that_waits_is_no_warning(tmp_path: Path) -> None:
    machine = GrubPc(tmp_path)
    Records(tmp_path).keep(Record(stage=Stage.WRITTEN, version="1.5"))

    check = looked(machine)

    assert (check.verdict, "1.5 waits" in check.evidence) == (Verdict.GOOD, True)


def test_a_system_on_trial_is_told(tmp_path: Path) -> None:
    machine = GrubPc(tmp_path)
    machine.slots.set_trial()
    machine.restart()

    check = looked(machine)

    assert check.verdict is Verdict.WARNING
    assert "slot b, on trial" in check.evidence


def test_a_broken_choice_after_updates_is_told(tmp_path: Path) -> None:
    machine = GrubPc(tmp_path)
    Records(tmp_path).keep(Record(stage=Stage.COMMITTED))
    (tmp_path / "bootfs/grub/grubenv").write_text("nonsense")

    check = looked(machine)

    assert check.verdict is Verdict.WARNING
    assert "grubenv" in check.evidence
