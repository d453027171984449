"""An agent asks for a photograph: a key takes it, no key takes nothing."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kiosk.cli import main
from kiosk.codec.painted_clock import read
from kiosk.devices.camera_synthetic import SENSOR
from kiosk.devices.clock_monotonic import MonotonicClock
from tests.fakes.branch import Branch
from tests.fakes.programs import Party
from tests.fakes.still_asking import Asking, asks
from tests.fakes.waiting import wait_until


pytestmark = pytest.mark.e2e


def in_call(branch: Branch) -> tuple[Party, Party]:
    branch.start_server()
    agent, kiosk = branch.start_agent(), branch.start_kiosk()
    agent.wait_for("WAITING")
    kiosk.wait_for("IDLE")
    kiosk.press("call")
    kiosk.wait_for("IN_CALL")
    agent.wait_for("IN_CALL")
    return agent, kiosk


def test_a_key_takes_a_whole_picture_and_no_disk_keeps_it(tmp_path: Path) -> None:
    with Branch() as branch:
        agent, kiosk = in_call(branch)
        asking = Asking(agent)
        assert wait_until(lambda: asks(kiosk))
        shown = tmp_path / "asked.png"
        kiosk.control.screenshot(shown)
        before = MonotonicClock().now()
        kiosk.press("call")
        asking.join(15.0)
        after = MonotonicClock().now()

        image = Image.open(BytesIO(asking.jpeg))
        taken_at = read(np.asarray(image.convert("L")), after)
        assert image.size == SENSOR
        assert taken_at is not None
        assert before - 100 <= taken_at <= after
        with Image.open(shown) as screen:
            assert screen.size == (640, 360)
        assert wait_until(lambda: kiosk.status()["still"] == "none")
        assert kiosk.state == agent.state == "IN_CALL"
        assert kiosk.status()["push"]["reconnects"] == 0
        assert not [file for file in kiosk.config.parent.rglob("*") if is_jpeg(file)]


def is_jpeg(file: Path) -> bool:
    with suppress(OSError):
        return file.is_file() and file.read_bytes()[:3] == b"\xff\xd8\xff"
    return False


def test_a_refusal_and_a_hang_up_are_told_and_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Branch() as branch:
        agent, kiosk = in_call(branch)
        asking = Asking(agent)
        assert wait_until(lambda: asks(kiosk))
        kiosk.press("mute")
        asking.join(10.0)
        assert "refused" in asking.refusal

        again = Asking(agent)
        assert wait_until(lambda: asks(kiosk))
        kiosk.press("hangup")
        again.join(10.0)
        assert "interrupted" in again.refusal or "left" in again.refusal
        kiosk.wait_for("IDLE")
        assert not kiosk.status()["devices"]["camera_open"]

        agent.wait_for("WAITING")
        command = ["ask-still", "--socket", str(agent.socket), str(tmp_path / "x.jpg")]
        assert main(command) != 0
        assert "nobody is in the call" in capsys.readouterr().err
        assert not (tmp_path / "x.jpg").exists()
