"""The board's own camera: what is found, what goes wrong, and what it costs."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.devices.camera_picamera2.choice import who_holds
from kiosk.devices.testing.picamera2_board import IMX708, OV5647, FakeBoard
from kiosk.errors import DeviceError
from tests.fakes.devices import board_camera
from tests.fakes.leaks import held
from tests.fakes.live import Viewer


def test_probing_names_camera_size_rate_and_who_encodes() -> None:
    with_encoder, without = FakeBoard(), FakeBoard(has_encoder=False)

    found = board_camera(with_encoder).probe().found

    assert found == "imx708 320x240@30, hardware encoder"
    assert board_camera(without).probe().found == "imx708 320x240@30, libx264"


@pytest.mark.parametrize("absent", ["picamera2", "libcamera"])
def test_without_picamera2_or_libcamera_the_package_is_named(absent: str) -> None:
    program = f"""
import sys
from types import ModuleType
sys.modules["picamera2"] = ModuleType("picamera2")
sys.modules[{absent!r}] = None
from kiosk.devices.camera_picamera2 import Picamera2Camera
from kiosk.devices.clock_monotonic import MonotonicClock
probe = Picamera2Camera(MonotonicClock(), bitrate=1, ceiling=1).probe()
print(probe.wrong, probe.cure, sep="|", end="")
"""

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    wrong = f"camera at picamera2: the module {absent} is not there"
    assert done.stdout == f"{wrong}|apt install python3-{absent}"


def test_without_a_camera_the_ribbon_and_the_configuration_are_named() -> None:
    probe = board_camera(FakeBoard(cameras=())).probe()

    assert probe.wrong == "camera at picamera2: absent"
    assert "ribbon cable" in probe.cure
    assert "camera_auto_detect" in probe.cure


@pytest.mark.parametrize(
    ("which", "model"), [("", "imx708"), ("1", "ov5647"), ("ov56", "ov5647")]
)
def test_a_camera_is_chosen_by_number_or_by_a_part_of_its_name(
    which: str, model: str
) -> None:
    board = FakeBoard((IMX708, OV5647))

    assert board_camera(board, which).probe().found.startswith(model)


@pytest.mark.parametrize("which", ["2", "imx219"])
def test_of_a_camera_that_is_not_there_the_others_are_told(which: str) -> None:
    camera = board_camera(FakeBoard((IMX708, OV5647)), which)

    with pytest.raises(DeviceError, match=r"absent; there is 0 \(imx708\), 1 \(ov"):
        camera.start(Viewer().on_unit)


def test_a_camera_of_another_program_is_busy_and_leaves_nothing_behind() -> None:
    board = FakeBoard()
    camera = board_camera(board)
    before = held()
    board.faults.is_busy = True

    for _ in range(20):
        with pytest.raises(DeviceError, match=r"imx708: busy: used by .*; end that"):
            camera.start(Viewer().on_unit)

    assert held() == before
    assert not camera.is_open


def test_who_holds_a_camera_is_named(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    program = f"f = open({str(node)!r}); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()

        assert f"(process {other.pid})" in who_holds((str(node),))

        other.communicate(b"\n")
    assert who_holds((str(node),)) == "used by another program"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EBUSY, "busy: another program encodes; end it"),
        (errno.ENOENT, "not there; the kernel's module bcm2835-codec is not loaded"),
        (errno.EACCES, "not allowed; the user must be in the group video"),
        (errno.ENOMEM, "cannot be started: .*Cannot allocate memory"),
    ],
)
def test_an_encoder_that_does_not_start_is_told_and_the_processor_takes_its_place(
    number: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    board, viewer = FakeBoard(), Viewer()
    camera = board_camera(board)
    before = held()
    board.faults.encoder_errno = number

    camera.start(viewer.on_unit)
    try:
        assert viewer.has(3)
    finally:
        camera.close()

    (told,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert re.search(f"/dev/video11 is {words}", told.__dict__["reason"])
    assert held() == before


def test_a_camera_that_gives_another_size_is_refused() -> None:
    board = FakeBoard()
    board.faults.size = (640, 480)

    with pytest.raises(DeviceError, match="gives 640x480, not 320x240; take another"):
        board_camera(board).start(Viewer().on_unit)


def test_a_camera_without_pictures_is_an_error_that_names_the_cure() -> None:
    board = FakeBoard()
    board.faults.is_stalled = True
    camera = board_camera(board)
    before = held()

    with pytest.raises(DeviceError, match="no picture within 3 s; check the ribbon"):
        camera.start(Viewer().on_unit)

    assert held() == before
    assert not camera.is_open
