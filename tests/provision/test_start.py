"""At a start of the machine: nothing to do is quick, and a bad bundle goes back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.app.provisioning import OnMachine
from kiosk.disk import Disk
from kiosk.health import Verdict as Health
from kiosk.provision.announcing import described, summary
from kiosk.provision.attendant import Attendant
from kiosk.provision.outcome import Origin, Outcome, Verdict
from kiosk.provision.start import MOST_STARTS, start
from kiosk.provision.taking_up import TakingUp
from kiosk.provision.trial import PATIENCE_S, try_out
from tests.provision.device import FILES, OTHER_SITE, SERIAL, SITE, Device


WELL = Health(is_healthy=True, reason="the room service answered it")
ILL = Health(is_healthy=False, reason="the room service has not answered it")


class Recorded:
    """A machine that is told things."""

    def __init__(self) -> None:
        self.taken_up: list[tuple[str, ...]] = []
        self.trials = 0

    def take_up(self, changed: tuple[str, ...]) -> None:
        self.taken_up.append(changed)

    def begin_trial(self) -> None:
        self.trials += 1


class Boots:
    """A device with a boot partition, and its starts."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.medium = device.root / "bootfs/kiosk"
        self.medium.parent.mkdir(parents=True)
        self.medium.symlink_to(device.stick)
        self.machine = Recorded()
        self.looks = 0

    def start(self) -> bool:
        return start(self.device.root, Disk(), self.machine, self._whole)

    def _whole(self) -> OnMachine:
        self.looks += 1
        return OnMachine(self.device.root)


@pytest.fixture
def boots(device: Device) -> Boots:
    return Boots(device)


def test_a_bundle_on_the_boot_partition_is_applied_and_tried(boots: Boots) -> None:
    boots.device.lay_out()

    assert boots.start()

    assert boots.device.file("etc/kiosk/conf.d/60-site.toml").startswith(SITE)
    assert boots.machine.trials == 1
    assert not boots.machine.taken_up  # nobody runs yet


def test_the_second_start_looks_at_nothing(boots: Boots) -> None:
    boots.device.lay_out()
    boots.start()

    assert boots.start()

    assert boots.looks == 1


def test_a_file_edited_on_the_boot_partition_is_looked_at(boots: Boots) -> None:
    boots.device.lay_out()
    boots.start()
    (boots.device.stick / "site.toml").write_bytes(OTHER_SITE + b"# edited\n")

    boots.start()

    assert boots.looks == 2
    assert boots.device.file("etc/kiosk/conf.d/60-site.toml").startswith(OTHER_SITE)


def test_a_bundle_with_a_mistake_is_looked_at_again_at_each_start(boots: Boots) -> None:
    boots.device.lay_out({"site.toml": b"["})

    assert not boots.start()
    assert not boots.start()

    assert boots.looks == 2
    assert "site.toml:1:2: not TOML" in boots.device.result


def test_everybody_may_read_how_it_stands(boots: Boots) -> None:
    boots.device.lay_out(id="spring")

    boots.start()

    told = summary(boots.device.root)
    assert told is not None
    assert told["serial"] == SERIAL
    assert told["bundle"] == "spring"
    assert "spring" in described(told)
    assert "being tried" in described(told)
    noted = boots.device.root / "run/kiosk-provision/serial"
    assert noted.read_text() == SERIAL


def test_a_start_with_nothing_to_do_imports_nothing_heavy(device: Device) -> None:
    code = (
        "import sys; from pathlib import Path; from kiosk.programs import Programs; "
        f"Programs().start_provisioning(Path({str(device.root)!r})); "
        "print([m for m in ('pydantic', 'cryptography', 'httpx', 'av', 'PIL', 'asyncio')"
        " if m in sys.modules])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert ran.stdout == "[]\n"


def tried(device: Device, *health: Health) -> Outcome | None:
    answers = iter(health)
    waited: list[float] = []

    def wait(patience_s: float) -> Health:
        waited.append(patience_s)
        return next(answers)

    outcome = try_out(device.provisioning, wait)
    assert set(waited) <= {PATIENCE_S}
    return outcome


def test_a_kiosk_that_is_well_keeps_its_bundle(device: Device) -> None:
    device.lay_out(id="spring")
    device.apply()

    outcome = tried(device, WELL)

    assert outcome is not None
    assert outcome.verdict is Verdict.HEALTHY
    assert device.provisioning.record.last_good == "spring"
    assert "APPLIED AND HEALTHY" in device.result


def test_a_kiosk_that_is_not_well_returns_to_the_last_good_one(device: Device) -> None:
    device.lay_out(id="spring")
    device.apply()
    tried(device, WELL)
    before = device.outside()
    device.lay_out({**FILES, "site.toml": OTHER_SITE}, id="summer")
    device.apply()

    outcome = tried(device, ILL)

    assert outcome is not None
    assert outcome.verdict is Verdict.GIVEN_UP
    assert device.outside() == before
    assert "TAKEN BACK" in device.result
    assert "not healthy within 15 minutes: the room service has" in device.result
    assert device.apply().verdict is Verdict.SUPERSEDED


def test_the_first_bundle_stays_until_the_room_server_is_switched_on(
    device: Device,
) -> None:
    device.lay_out(id="spring")
    device.apply()

    outcome = tried(device, ILL, ILL, WELL)

    assert outcome is not None
    assert outcome.verdict is Verdict.HEALTHY


def test_nothing_on_trial_is_waited_for(device: Device) -> None:
    assert tried(device) is None


def test_a_bundle_with_which_the_machine_starts_again_and_again_goes_back(
    boots: Boots,
) -> None:
    boots.device.lay_out(id="spring")
    boots.start()
    tried(boots.device, WELL)
    boots.device.lay_out({**FILES, "site.toml": OTHER_SITE}, id="summer")

    for _ in range(MOST_STARTS + 2):
        boots.start()

    assert boots.device.file("etc/kiosk/conf.d/60-site.toml").startswith(SITE)
    told = summary(boots.device.root)
    assert told is not None
    assert "the machine started 4 times" in json.dumps(told["given_up"]["summer"])


def attended(device: Device, machine: Recorded) -> Attendant:
    taking_up = TakingUp(device.root, Disk(), now_us=lambda: 7_000_000)
    return Attendant(device.root, device.provisioning, machine, Disk(), taking_up)


def test_a_stick_is_taken_up_at_once_and_told_how_it_went(device: Device) -> None:
    machine = Recorded()
    device.lay_out()
    top = device.root.parent / "top"
    top.mkdir()
    (top / "kiosk").symlink_to(device.stick)

    outcome = attended(device, machine).apply_stick(lambda: _there(top), lambda _: WELL)

    assert outcome.verdict is Verdict.HEALTHY
    assert "etc/kiosk/conf.d/60-site.toml" in machine.taken_up[0]
    assert "APPLIED AND HEALTHY" in device.result


def test_a_stick_that_is_pulled_while_a_call_is_waited_for_is_taken_up_by_the_next(
    device: Device,
) -> None:
    class Waiting(Recorded):
        @override
        def take_up(self, changed: tuple[str, ...]) -> None:
            raise KeyboardInterrupt  # as a unit is ended whose device is gone

    device.lay_out(id="winter")
    device.apply()
    device.provisioning.commit()
    device.lay_out({**FILES, "site.toml": OTHER_SITE}, id="spring")
    with pytest.raises(KeyboardInterrupt):
        attended(device, Waiting()).apply(device.stick, Origin.HAND)
    machine, asked_since = Recorded(), list[int]()

    def wait(patience_s: float) -> Health:
        assert machine.taken_up == [("etc/kiosk/conf.d/60-site.toml",)]
        asked_since.append(TakingUp(device.root, Disk()).since_us)
        return WELL

    assert attended(device, machine).try_out(wait) is not None
    assert asked_since == [7_000_000]
    assert attended(device, machine).try_out(wait) is None
    assert len(machine.taken_up) == 1


def test_what_could_not_be_noted_is_taken_up_all_the_same(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    (device.root / "run").write_text("no folder")
    machine = Recorded()
    device.lay_out()

    attended(device, machine).apply(device.stick, Origin.HAND)

    assert "etc/kiosk/conf.d/60-site.toml" in machine.taken_up[0]
    assert "take-up not noted" in caplog.text


def test_a_note_of_what_was_taken_up_that_makes_no_sense_is_none(
    device: Device,
) -> None:
    path = device.root / "run/kiosk-provision/taking-up.json"
    path.parent.mkdir(parents=True)
    for content in ("[", "[]", '{"left": 7, "since_us": "x"}'):
        path.write_text(content)
        noted = TakingUp(device.root, Disk())

        assert (noted.left, noted.since_us) == ((), 0)


def test_a_stick_without_the_folder_says_so(device: Device) -> None:
    device.lay_out()
    attendant = attended(device, Recorded())

    outcome = attendant.apply_stick(lambda: _there(device.stick), lambda _: WELL)

    assert outcome.verdict is Verdict.REFUSED
    assert "there is no folder kiosk" in device.result


def test_rollback_by_hand_is_taken_up(device: Device) -> None:
    machine = Recorded()
    for site in (SITE, OTHER_SITE):
        device.lay_out({**FILES, "site.toml": site})
        device.provisioning.apply(device.stick, Origin.HAND)

    attended(device, machine).take_back()

    assert machine.taken_up == [("etc/kiosk/conf.d/60-site.toml",)]


class _there:  # noqa: N801 -- reads as a word
    """A stick that is mounted already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Path:
        return self._folder

    def __exit__(self, *error: object) -> None:
        pass
