"""`kiosk doctor` as a process: beside a kiosk that runs, and without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.config.credentials import VARIABLE
from tests.fakes.branch import Branch
from tests.fakes.programs import ROOT
from tests.fakes.stored_secrets import site


pytestmark = pytest.mark.e2e

SECRET = "0123456789abcdef0123456789abcdef"
CONFIG = """
config_version = 1
[room]
server = "http://127.0.0.1:9"
user_id = "kiosk-7"
[camera]
device = "file:/nowhere/film.mp4"
"""


def doctor(
    config: Path, *options: str, secrets: Path | None = None
) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "doctor", "--config", str(config), *options],
        cwd=ROOT,
        env={**os.environ, **({VARIABLE: str(secrets)} if secrets else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=90,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def checks(printed: str) -> dict[str, dict[str, Any]]:
    return {each["what"]: each for each in json.loads(printed)["checks"]}


def test_a_kiosk_that_runs_is_asked_for_what_it_holds() -> None:
    with Branch() as branch:
        branch.start_server()
        kiosk = branch.start_kiosk(display={"device": "fake-drm:vc4-gen4"})
        kiosk.wait_for("IDLE")

        status, printed, complaints = doctor(kiosk.config, "--json")
        found = checks(printed)

        assert found["kiosk"]["evidence"].endswith("IDLE")
        # of the display that is lit: nobody else could have told
        assert "HDMI-A-1 1920x1080" in found["display"]["evidence"]
        assert found["room server"]["verdict"] == "ok"
        assert found["server's clock"]["verdict"] == "ok"
        assert status in {0, 1}
        assert complaints == ""


def test_what_is_wrong_has_its_cure_and_no_secret_is_printed(tmp_path: Path) -> None:
    site(tmp_path, CONFIG, room__enrolment_key=SECRET)
    config, secrets = tmp_path / "etc/kiosk/kiosk.toml", tmp_path / "etc/credstore"

    status, printed, _ = doctor(config, secrets=secrets)
    _, as_json, _ = doctor(config, "--json", secrets=secrets)

    assert status == 2
    found = checks(as_json)
    assert found["room server"]["cure"]
    assert "film.mp4" in found["camera"]["evidence"]
    assert all(
        bool(each["cure"]) is (each["verdict"] in {"warning", "failure"})
        for each in found.values()
    )
    assert SECRET not in printed + as_json
    assert len(printed.splitlines()) == len(found)


def test_a_wrong_configuration_is_a_failure_and_the_machine_is_looked_at_all_the_same(
    tmp_path: Path,
) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text("[room]\nserver = 7\n")

    status, printed, _ = doctor(config, "--json")

    assert status == 2
    assert checks(printed)["configuration"]["verdict"] == "failure"
    assert "board" in checks(printed)


def test_a_deep_look_ends_by_itself_without_a_terminal(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text('[room]\nserver = "http://127.0.0.1:9"\n')

    _, printed, _ = doctor(config, "--json", "--deep")

    assert checks(printed)["encoder"]["verdict"] in {"ok", "warning"}
    assert checks(printed)["microphone, measured"]["evidence"]
