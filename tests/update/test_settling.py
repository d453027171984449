"""After a boot: a system on trial is kept, taken back, or has fallen back by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.health import Verdict
from kiosk.update.machine import boot_id_of
from kiosk.update.record import Record, Records, Stage
from kiosk.update.settling import Settled, settle
from tests.update.artefacts import SIGNER, update
from tests.update.machines import HANGS, MACHINES, TwoSlots, system_of
from tests.update.updating import trust, updating


WELL = Verdict(is_healthy=True, reason="the room service answered it")
ILL = Verdict(is_healthy=False, reason="it is not ready yet")


@pytest.fixture(params=MACHINES, ids=lambda kind: kind.__name__)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> TwoSlots:
    found: TwoSlots = request.param(tmp_path / "machine")
    trust(found.root, SIGNER)
    return found


@pytest.fixture
def tried(machine: TwoSlots, tmp_path: Path) -> TwoSlots:
    """A machine that runs an update on trial."""
    updater = updating(machine.root)
    updater.write(update(tmp_path))
    updater.set_trial(had_network=True)
    machine.restart()
    return machine


def settled(
    machine: TwoSlots, verdict: Verdict, restart: Callable[[], object] = lambda: None
) -> Settled:
    found, record = settle(
        machine.slots,
        Records(machine.root),
        boot_id_of(machine.root),
        lambda record: verdict,
        lambda: (restart(), None)[1],
    )
    assert record == Records(machine.root).read()
    return found


def test_a_person_who_kept_it_meanwhile_is_not_overruled(tried: TwoSlots) -> None:
    def wait(record: Record) -> Verdict:
        settled(tried, WELL)  # `kiosk update commit`
        return ILL

    def restart() -> None:
        raise AssertionError("restarted")

    found, record = settle(
        tried.slots, Records(tried.root), boot_id_of(tried.root), wait, restart
    )

    assert found is Settled.NOTHING
    assert record.stage is Stage.COMMITTED
    assert tried.cut_power() == "b"


def test_most_boots_try_nothing(machine: TwoSlots) -> None:
    assert settled(machine, ILL) is Settled.NOTHING
    assert Records(machine.root).read() == Record()


def test_a_healthy_system_is_kept(tried: TwoSlots) -> None:
    assert settled(tried, WELL) is Settled.COMMITTED

    record = Records(tried.root).read()
    assert (record.stage, record.version, record.slot) == (
        Stage.COMMITTED,
        "1.4.0",
        "b",
    )
    assert tried.cut_power() == "b"
    assert settled(tried, ILL) is Settled.NOTHING


def test_a_system_that_is_not_healthy_in_time_is_taken_back(tried: TwoSlots) -> None:
    assert settled(tried, ILL, tried.restart) is Settled.TAKEN_BACK

    assert tried.slots.running == "a"
    assert settled(tried, WELL) is Settled.NOTHING
    record = Records(tried.root).read()
    assert (record.stage, record.reason) == (Stage.FAILED, "it is not ready yet")
    assert record.failed == ("kiosk-1.4.0",)


def test_a_system_that_never_came_up_is_told_by_the_old_one(
    machine: TwoSlots, tmp_path: Path
) -> None:
    updater = updating(machine.root)
    updater.write(update(tmp_path, text=HANGS.decode()))
    updater.set_trial(had_network=True)
    assert machine.restart() == "a"

    assert settled(machine, WELL) is Settled.FELL_BACK
    record = Records(machine.root).read()
    assert record.stage is Stage.FAILED
    assert "did not come up" in record.reason
    assert record.failed == ("kiosk-1.4.0",)


def test_power_lost_in_the_middle_of_a_trial_is_a_fall_back(tried: TwoSlots) -> None:
    assert tried.cut_power() == "a"

    assert settled(tried, WELL) is Settled.FELL_BACK


def test_a_trial_that_was_not_booted_yet_is_left_alone(
    machine: TwoSlots, tmp_path: Path
) -> None:
    updater = updating(machine.root)
    updater.write(update(tmp_path))
    updater.set_trial(had_network=True)

    assert settled(machine, ILL) is Settled.NOTHING
    assert Records(machine.root).read().stage is Stage.TRIAL
    assert machine.restart() == "b"


def test_what_another_fleet_engine_delivered_is_judged_the_same_way(
    machine: TwoSlots,
) -> None:
    machine.slots.set_trial()
    machine.restart()

    assert settled(machine, WELL) is Settled.COMMITTED
    assert machine.restart() == "b"


def test_killed_between_booted_and_kept_the_next_boot_is_the_old_system(
    tried: TwoSlots,
) -> None:
    class Killed(BaseException):
        pass

    def die(record: Record) -> Verdict:
        raise Killed

    with pytest.raises(Killed):
        settle(
            tried.slots,
            Records(tried.root),
            boot_id_of(tried.root),
            die,
            lambda: None,
        )

    assert tried.restart() == "a"


def test_a_kept_update_is_taken_back_on_trial_as_well(tried: TwoSlots) -> None:
    settled(tried, WELL)
    tried.restart()

    updating(tried.root).revert(had_network=True)

    assert tried.restart() == "a"
    assert settled(tried, WELL) is Settled.COMMITTED
    assert tried.cut_power() == "a"
    assert system_of(tried.root, "a").startswith(b"first system_a")


def test_a_trial_is_given_up_by_hand(tried: TwoSlots) -> None:
    record = updating(tried.root).revert(had_network=True)

    assert (record.stage, record.failed) == (Stage.FAILED, ("kiosk-1.4.0",))
    assert tried.restart() == "a"
    assert settled(tried, WELL) is Settled.NOTHING
