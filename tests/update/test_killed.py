"""
Killed at every stage and at many writes: the running system is as it was.

The updater is a real process; a second one completes what the first began.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.update.record import Records, Stage
from tests.update.artefacts import SIGNER, image, update
from tests.update.machines import SIZES, GrubPc, RaspberryPi, system_of
from tests.update.updating import trust


TOP = Path(__file__).parents[2]
STAGES = [stage.value for stage in (Stage.VERIFYING, Stage.WRITING, Stage.WRITTEN)]


def command(root: Path, file: Path, deadly: str = "") -> list[str]:
    module = "tests.update.updating"
    return [sys.executable, "-m", module, str(root), str(file), deadly]


def run(words: list[str]) -> int:
    return subprocess.run(words, cwd=TOP, timeout=50, check=False).returncode


def is_complete(root: Path) -> bool:
    wanted = image("system 1.4.0", SIZES["system"])
    return system_of(root, "b") == wanted and Records(root).read().stage is Stage.TRIAL


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return update(tmp_path)


@pytest.mark.parametrize("kind", [RaspberryPi, GrubPc])
@pytest.mark.parametrize("stage", [*STAGES, Stage.TRIAL.value])
def test_killed_at_a_stage_the_old_system_boots_and_a_rerun_completes(
    stage: str, kind: type[RaspberryPi | GrubPc], tmp_path: Path, file: Path
) -> None:
    machine = kind(tmp_path / "machine")
    trust(machine.root, SIGNER)
    before = system_of(machine.root, "a")

    assert run(command(machine.root, file, stage)) == -signal.SIGKILL
    assert machine.cut_power() == "a"
    assert system_of(machine.root, "a") == before
    assert run(command(machine.root, file)) == 0

    assert is_complete(machine.root)
    assert machine.restart() == "b"


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
@pytest.mark.parametrize("when", [1, 2, 3, 5, 8])
def test_killed_at_a_system_call_the_old_system_boots_and_a_rerun_completes(
    call: str, when: int, tmp_path: Path, file: Path
) -> None:
    machine = GrubPc(tmp_path / "machine")
    trust(machine.root, SIGNER)
    before = system_of(machine.root, "a")
    strace = shutil.which("strace")
    assert strace, "apt-get install strace"
    killing = f"inject={call}:signal=KILL:when={when}"

    words = [strace, "-f", "-o", "/dev/null", "-e", killing]
    run([*words, *command(machine.root, file)])
    came_up = machine.cut_power()
    assert system_of(machine.root, "a") == before
    if came_up == "a":
        assert run(command(machine.root, file)) == 0

    assert is_complete(machine.root)


def test_a_full_disk_for_the_record_is_one_error_and_nothing_is_written(
    tmp_path: Path, file: Path
) -> None:
    machine = GrubPc(tmp_path / "machine")
    trust(machine.root, SIGNER)
    strace = shutil.which("strace")
    assert strace, "apt-get install strace"
    before = system_of(machine.root, "b")

    words = [strace, "-f", "-o", "/dev/null", "-e", "inject=fsync:error=ENOSPC:when=1"]
    done = subprocess.run(
        [*words, *command(machine.root, file)],
        cwd=TOP,
        timeout=50,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "No space left" in done.stderr + done.stdout
    assert system_of(machine.root, "b") == before
    assert machine.restart() == "a"
