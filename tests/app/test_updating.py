"""The updater of a machine, composed: who is asked before a restart, and what is told."""

from __future__ import annotations

import logging
import tarfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.app.updating import RESTART, Updater, run_program
from kiosk.config.update_section import UpdateSection
from kiosk.errors import (
    ControlError,
    DownloadFailed,
    KioskStopped,
    NotAsSigned,
    UpdateFailed,
    UpdateRefused,
)
from kiosk.update.record import Stage
from kiosk.update.settling import Settled
from tests.update.artefacts import CREATED, SIGNER, update
from tests.update.machines import GrubPc
from tests.update.updating import trust


NIGHT = datetime.fromisoformat("2026-11-28T02:30:00")
URL = "https://updates.bank.example/kiosk"


def night() -> datetime:
    return NIGHT


def noon() -> datetime:
    return NIGHT.replace(hour=12)


class Branch:
    """A machine in a branch, its kiosk, and the customers who are there for a while."""

    def __init__(self, root: Path) -> None:
        self.machine = GrubPc(root)
        trust(root, SIGNER)
        self.runs = True
        self.served = True
        self.customers = 0
        self.silent = 0
        self.done: list[str] = []
        self.web: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.knows_the_time = True
        self.updater = self.configured(UpdateSection(healthy_s=60))

    def configured(self, section: UpdateSection) -> Updater:
        return Updater(
            section,
            self,
            fetch=self.fetch,
            serial="10000000abcdef01",
            is_time_right=lambda: self.knows_the_time,
            root=self.machine.root,
            run=self.run,
            sleep=self.sleep,
        )

    def publish(self, file: Path) -> None:
        """Offer an update on the web server, as members of a folder."""
        with tarfile.open(file) as tar:
            for member in tar:
                content = tar.extractfile(member)
                assert content is not None
                self.web[f"{URL}/{member.name}"] = content.read()

    def fetch(self, url: str, path: Path, most_bytes: int) -> None:
        self.fetched.append(url.rpartition("/")[2])
        if url not in self.web:
            raise DownloadFailed("updates.bank.example", "HTTP 404")
        assert len(self.web[url]) <= most_bytes
        path.write_bytes(self.web[url])

    def status(self) -> Mapping[str, Any]:
        if not self.runs:
            raise KioskStopped("no kiosk is running")
        if self.silent:
            self.silent -= 1
            raise ControlError("it did not answer within 5 s") from TimeoutError()
        told = {"now_us": 90_000_000, "ready_us": 0, "served_us": None}
        return {
            "state": "IDLE",
            "health": told | ({"served_us": 1} if self.served else {}),
        }

    def stand_down(self, seconds: int) -> None:
        if self.customers:
            self.customers -= 1
            raise ControlError("somebody is at the kiosk (IN_CALL)")
        self.done.append("stand down")

    def run(self, words: Sequence[str]) -> None:
        self.done.append(" ".join(words))
        if tuple(words) == RESTART:
            self.machine.restart()

    def sleep(self, seconds: float) -> None:
        self.done.append("wait")


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    return Branch(tmp_path / "machine")


def test_an_update_by_hand_waits_for_customers_and_makes_way_first(
    branch: Branch, tmp_path: Path
) -> None:
    branch.customers = 2

    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=True)

    assert branch.done == ["wait", "wait", "stand down", "systemctl reboot"]
    assert branch.machine.slots.running == "b"
    assert branch.updater.records.read().had_network


def test_a_kiosk_too_busy_to_answer_once_may_have_somebody_at_it(
    branch: Branch, tmp_path: Path
) -> None:
    branch.silent, branch.customers = 2, 1

    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=True)

    assert branch.done == ["wait"] * 3 + ["stand down", "systemctl reboot"]


def test_a_kiosk_that_hangs_for_half_a_minute_has_nobody_at_it(
    branch: Branch, tmp_path: Path
) -> None:
    branch.silent = 1_000

    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=True)

    assert branch.done == ["wait"] * 14 + ["systemctl reboot"]


def test_a_kiosk_that_does_not_run_has_nobody_at_it(
    branch: Branch, tmp_path: Path
) -> None:
    branch.runs = False

    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=True)

    assert branch.done == ["systemctl reboot"]
    assert not branch.updater.records.read().had_network


def test_an_update_that_waits_is_tried_in_the_window(
    branch: Branch, tmp_path: Path
) -> None:
    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=False)
    assert "outside of [update] window" in branch.updater.check(noon)
    assert branch.done == []

    assert branch.updater.check(night) == "version 1.4.0 is tried"

    assert branch.done == ["stand down", "systemctl reboot"]
    assert branch.updater.settle() is Settled.COMMITTED
    assert branch.updater.check(night) == "no update waits for its restart"


def test_in_the_window_a_customer_is_left_alone_and_asked_again_later(
    branch: Branch, tmp_path: Path
) -> None:
    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=False)
    branch.customers = 1

    with pytest.raises(UpdateRefused, match="not now: somebody"):
        branch.updater.check(night)
    assert branch.done == []
    branch.updater.check(night)

    assert branch.done == ["stand down", "systemctl reboot"]


def test_who_does_not_know_the_time_does_nothing_by_itself(
    branch: Branch, tmp_path: Path
) -> None:
    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=False)
    branch.knows_the_time = False

    assert "no time server" in branch.updater.check(night)
    assert branch.done == []


def test_a_system_on_trial_that_is_kept_is_told(
    branch: Branch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=True)

    assert branch.updater.settle() is Settled.COMMITTED

    (told,) = [each for each in caplog.records if each.message == "update kept"]
    assert vars(told)["version"] == "1.4.0"
    status = branch.updater.status()
    assert (status["running"], status["default"], status["update"]) == (
        "b",
        "b",
        "committed",
    )


def test_a_system_on_trial_that_never_serves_is_taken_back_and_told(
    branch: Branch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=True)
    branch.runs = False
    quick = branch.configured(UpdateSection.model_construct(healthy_s=0))

    assert quick.settle() is Settled.TAKEN_BACK

    (told,) = [each for each in caplog.records if each.message == "update taken back"]
    assert "does not answer" in vars(told)["reason"]
    assert branch.machine.slots.running == "a"
    status = branch.updater.status()
    assert (status["update"], status["failed"]) == ("failed", "kiosk-1.4.0")
    assert "does not answer" in status["reason"]


def test_a_person_keeps_or_takes_back_what_is_on_trial(
    branch: Branch, tmp_path: Path
) -> None:
    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=True)

    assert branch.updater.commit().stage is Stage.COMMITTED
    branch.updater.revert()

    assert branch.machine.slots.running == "a"
    assert branch.updater.settle() is Settled.COMMITTED
    assert branch.machine.slots.default == "a"


def test_going_back_without_another_system_disturbs_nobody(branch: Branch) -> None:
    with pytest.raises(UpdateRefused, match="no system that was good before"):
        branch.updater.revert()

    assert branch.done == []


def test_a_machine_with_one_system_settles_at_once(tmp_path: Path) -> None:
    branch = Branch(tmp_path / "machine")
    (branch.machine.root / "bootfs/grub/grubenv").unlink()

    assert branch.updater.settle() is Settled.NOTHING
    assert branch.updater.status()["running"] == ""
    with pytest.raises(UpdateRefused, match="one system only"):
        branch.updater.commit()


def test_a_restart_that_is_refused_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(UpdateFailed, match=r"ls /nowhere: .*No such file"):
        run_program(["ls", "/nowhere"])
    with pytest.raises(UpdateFailed, match="nothing-here"):
        run_program(["nothing-here"])


def test_in_the_window_an_update_is_fetched_written_and_tried(
    branch: Branch, tmp_path: Path
) -> None:
    branch.publish(update(tmp_path))
    updater = branch.configured(UpdateSection(url=URL))

    assert updater.check(night) == "version 1.4.0 is tried"

    assert branch.fetched == ["manifest.toml", "manifest.toml.sig", "update.tar.zst"]
    assert branch.done == ["stand down", "systemctl reboot"]
    assert updater.settle() is Settled.COMMITTED
    assert not (updater.records.directory / "incoming").exists()


def test_the_version_that_runs_is_not_fetched_again(
    branch: Branch, tmp_path: Path
) -> None:
    branch.publish(update(tmp_path))
    (branch.machine.root / "etc/os-release").write_text("IMAGE_VERSION=1.4.0\n")

    told = branch.configured(UpdateSection(url=URL)).check(night)

    assert told == "version 1.4.0 runs, and is the newest"
    assert branch.fetched == ["manifest.toml", "manifest.toml.sig"]


def test_what_failed_here_is_not_fetched_again_by_itself(
    branch: Branch, tmp_path: Path
) -> None:
    branch.publish(update(tmp_path))
    updater = branch.configured(UpdateSection(url=URL))
    updater.check(night)
    branch.machine.cut_power()
    assert updater.settle() is Settled.FELL_BACK
    branch.fetched.clear()

    assert "failed here before" in updater.check(night)
    assert branch.fetched == ["manifest.toml", "manifest.toml.sig"]


def test_a_device_outside_of_the_ring_waits(branch: Branch, tmp_path: Path) -> None:
    branch.publish(update(tmp_path, ring=0))

    told = branch.configured(UpdateSection(url=URL)).check(night)

    assert told == "version 1.4.0 is for 0 % of the devices yet"


def test_an_update_that_was_written_is_not_tried_once_it_is_halted(
    branch: Branch, tmp_path: Path
) -> None:
    branch.publish(update(tmp_path))
    branch.customers = 1
    updater = branch.configured(UpdateSection(url=URL))
    with pytest.raises(UpdateRefused, match="somebody is at the kiosk"):
        updater.check(night)
    branch.publish(update(tmp_path, ring=0))

    assert updater.check(night) == "version 1.4.0 is for 0 % of the devices yet"
    assert branch.done == []


def test_what_was_brought_by_hand_is_tried_though_the_server_is_away(
    branch: Branch, tmp_path: Path
) -> None:
    branch.updater.apply(str(update(tmp_path)), allow_older=False, restart=False)
    updater = branch.configured(UpdateSection(url=URL))

    assert updater.check(night) == "version 1.4.0 is tried"
    assert branch.fetched == ["manifest.toml"]


def test_what_a_person_went_back_from_does_not_come_again_by_itself(
    branch: Branch, tmp_path: Path
) -> None:
    branch.publish(update(tmp_path))
    updater = branch.configured(UpdateSection(url=URL))
    updater.check(night)
    updater.settle()

    updater.revert()
    updater.settle()

    assert "failed here before" in updater.check(night)
    assert branch.machine.slots.running == "a"


def test_who_replays_an_older_manifest_is_refused(
    branch: Branch, tmp_path: Path
) -> None:
    updater = branch.configured(UpdateSection(url=URL))
    branch.publish(update(tmp_path, "1.5", ring=0))
    updater.check(night)
    earlier = CREATED.replace(year=2025)
    branch.publish(update(tmp_path, "1.4.9", created=earlier))

    with pytest.raises(NotAsSigned, match="was seen already"):
        updater.check(night)

    assert branch.done == []


def test_a_window_that_ends_while_an_update_comes_leaves_the_restart_to_the_next(
    branch: Branch, tmp_path: Path
) -> None:
    branch.publish(update(tmp_path))
    updater = branch.configured(UpdateSection(url=URL))
    times = iter([NIGHT, NIGHT.replace(hour=4, minute=1)])

    assert "is written; 04:01 is outside" in updater.check(lambda: next(times))
    assert branch.done == []
    assert updater.check(night) == "version 1.4.0 is tried"


def test_a_server_that_is_not_there_is_one_error(branch: Branch) -> None:
    with pytest.raises(DownloadFailed, match="HTTP 404"):
        branch.configured(UpdateSection(url=URL)).check(night)


@pytest.mark.parametrize("name", ["", "/1.4.kiosk-update"])
def test_by_hand_an_update_comes_by_its_address(
    name: str, branch: Branch, tmp_path: Path
) -> None:
    file = update(tmp_path)
    branch.publish(file)
    branch.web[f"{URL}/1.4.kiosk-update"] = file.read_bytes()

    branch.updater.apply(f"{URL}{name}", allow_older=False, restart=True)

    assert branch.machine.slots.running == "b"
