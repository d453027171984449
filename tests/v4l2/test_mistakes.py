"""What can be wrong with a camera is one sentence: the camera, the cause, the cure."""

from __future__ import annotations

import errno
import math
import os
import threading
import time
from collections.abc import Callable, Sequence

import pytest
from typing_extensions import override

from kiosk.codec.presets import GOP_S
from kiosk.devices.camera_v4l2 import FIRST_PICTURE_S, V4l2Camera
from kiosk.devices.testing.v4l2_machine import FakeMachine
from kiosk.devices.testing.v4l2_webcam import FakeWebcam, Offer
from kiosk.errors import DeviceError
from kiosk.ports import Bitrate
from kiosk.v4l2.modes import Wanted
from kiosk.v4l2.node import Node, VideoNode
from kiosk.v4l2.opening import open_camera
from kiosk.v4l2.uapi_numbers import Pixel
from tests.fakes.leaks import held
from tests.fakes.live import Viewer
from tests.fakes.waiting import wait_until
from tests.fakes.webcams import (
    CLOCK,
    NAME,
    camera_module_nodes,
    camera_on,
    metadata_node,
    webcam,
)


def busy() -> FakeWebcam:
    cam = webcam()
    cam.switches.held_by = "ffmpeg (process 815)"
    return cam


def forbidden() -> FakeWebcam:
    cam = webcam()
    cam.switches.forbidden = True
    return cam


def of_refused_rates() -> FakeWebcam:
    cam = webcam()
    cam.switches.refuses_rates = True
    return cam


@pytest.mark.parametrize(
    ("make", "wrong", "cure"),
    [
        (
            busy,
            f"camera at {NAME}: busy: in use by ffmpeg (process 815)",
            "stop it, or give the kiosk a camera of its own",
        ),
        (
            forbidden,
            "camera at /dev/video0: cannot be opened: Permission denied",
            "add the daemon's user to the group video",
        ),
        (
            of_refused_rates,
            f"camera at {NAME}: refuses YUYV 320x240@30, which it offers",
            "set another [camera] picture_rate or preset, or use another camera",
        ),
        (
            lambda: metadata_node(webcam()),
            "camera at /dev/v4l: there is no USB camera",
            "plug one in",
        ),
    ],
    ids=["busy", "forbidden", "rate", "none"],
)
def test_starting_and_probing_say_the_same(
    make: Callable[[], FakeWebcam], wrong: str, cure: str
) -> None:
    camera, before = camera_on(make()), held()

    probe = camera.probe()
    with pytest.raises(DeviceError) as error:
        camera.start(Viewer().on_unit)

    assert str(error.value) == f"{wrong}; {cure}"
    assert (probe.wrong, probe.cure) == (wrong, cure)
    assert not camera.is_open
    assert held() == before


def test_a_node_of_the_camera_module_is_no_usb_camera() -> None:
    unicam, *_ = camera_module_nodes()
    camera = camera_on(unicam, name=NAME)

    with pytest.raises(DeviceError, match='device = "picamera2"'):
        camera.start(Viewer().on_unit)
    assert "picamera2" in camera.probe().wrong


def test_a_camera_without_pictures_is_told_before_the_call_gives_up() -> None:
    cam = webcam()
    cam.switches.stalled = True
    camera, before = camera_on(cam), held()

    began = CLOCK.now()
    with pytest.raises(DeviceError) as error:
        camera.start(Viewer().on_unit)

    assert CLOCK.now() - began < (FIRST_PICTURE_S + 0.9) * 1_000_000
    assert str(error.value) == (
        "camera at v4l2: opens, but delivers nothing (no picture for 3.5 s);"
        " plug it in again, try another USB port or cable"
    )
    assert held() == before


def test_a_driver_with_one_buffer_is_refused() -> None:
    cam = webcam()
    cam.switches.most_buffers = 1
    camera, before = camera_on(cam), held()

    with pytest.raises(DeviceError, match="has memory for 1 of 4 pictures; choose"):
        camera.start(Viewer().on_unit)

    assert held() == before


def test_a_probe_in_a_call_says_who_uses_the_camera_and_disturbs_nothing() -> None:
    cam = webcam()
    camera, other, viewer = camera_on(cam), camera_on(cam), Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(2)

    probe = other.probe()
    n_units = len(viewer.units)

    assert probe.found == "Fake Webcam, YUYV 320x240@30, in use by this kiosk"
    assert probe.wrong == ""
    assert viewer.has(n_units + 3)
    camera.close()


def test_a_probe_names_the_mode_that_a_call_would_use() -> None:
    offers = (Offer(Pixel.MJPEG, ((1280, 720), (640, 360)), (30,)),)
    camera = camera_on(FakeWebcam(CLOCK, offers=offers), size=(640, 360))

    assert camera.probe().found == "Fake Webcam, MJPG 640x360@30"


def test_another_call_of_the_kiosk_finds_its_camera_busy() -> None:
    cam = webcam()
    camera, other = camera_on(cam), camera_on(cam)
    camera.start(Viewer().on_unit)

    with pytest.raises(DeviceError, match="busy: in use by kiosk"):
        other.start(Viewer().on_unit)
    camera.close()


def test_a_camera_that_somebody_only_looks_at_is_waited_for() -> None:
    cam = busy()
    camera, viewer = camera_on(cam), Viewer()

    def let_go() -> None:
        cam.switches.held_by = ""

    looking = threading.Timer(0.2, let_go)
    looking.start()
    camera.start(viewer.on_unit)
    looking.join()

    assert viewer.has(2)
    camera.close()


def camera_of(machine: FakeMachine, gop_s: float = GOP_S) -> V4l2Camera:
    bitrate = Bitrate(600_000)
    return V4l2Camera(
        CLOCK, bitrate=bitrate, ceiling=bitrate, gop_s=gop_s, machine=machine
    )


class SlowMachine(FakeMachine):
    """Whose driver takes its time to open a camera, as on a hub that starts anew."""

    def __init__(self, *webcams: FakeWebcam) -> None:
        super().__init__(*webcams)
        self.n_opened = 0
        self.opens_s = 0.0

    @override
    def open(self, path: str) -> Node:
        self.n_opened += 1
        time.sleep(self.opens_s)
        return super().open(path)


def test_who_hangs_up_while_a_camera_is_opened_again_slowly_ends_no_process() -> None:
    cam = webcam()
    machine, before = SlowMachine(cam), held()
    camera = camera_of(machine)
    camera.start(Viewer().on_unit)
    cam.unplug()
    assert wait_until(lambda: not camera.is_open)
    machine.n_opened, machine.opens_s = 0, 0.55  # twice: to look at it, and to use it
    cam.plug()
    assert wait_until(lambda: machine.n_opened == 1)

    camera.close()

    assert not camera.is_open
    assert held() == before


def test_who_closes_a_camera_waits_for_nobody_that_looks_at_it() -> None:
    machine = SlowMachine(busy())
    wake = os.eventfd(1)

    with pytest.raises(DeviceError, match="busy: in use by ffmpeg"):
        open_camera(machine, "", Wanted(320, 240, 30.0), CLOCK, wake)

    os.close(wake)
    assert machine.n_opened == 2


class ChangingMachine(FakeMachine):
    """Whose folders udev changes while they are looked through, so many times."""

    n_changes = 0

    @override
    def nodes(self) -> Sequence[VideoNode]:
        if self.n_changes:
            self.n_changes -= 1
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return super().nodes()


def test_folders_that_change_meanwhile_are_an_error_of_the_device() -> None:
    machine, before = ChangingMachine(webcam()), held()
    camera = camera_of(machine)
    machine.n_changes = 2

    assert "cannot be looked through: No such file" in camera.probe().wrong
    with pytest.raises(DeviceError, match="cannot be looked through: No such file"):
        camera.start(Viewer().on_unit)

    assert held() == before


def test_folders_that_change_in_a_call_are_looked_through_again() -> None:
    cam = webcam()
    machine, viewer = ChangingMachine(cam), Viewer()
    camera = camera_of(machine)
    camera.start(viewer.on_unit)
    cam.unplug()
    assert wait_until(lambda: not camera.is_open)
    machine.n_changes = 1
    cam.plug()
    n_before = len(viewer.units)

    assert viewer.has(n_before + 3)
    assert machine.n_changes == 0
    camera.close()


def test_a_fault_at_the_start_of_a_call_does_not_leave_the_camera_open() -> None:
    cam, before = webcam(), held()
    camera = camera_of(FakeMachine(cam), gop_s=math.nan)  # no encoder can have that

    with pytest.raises(ValueError, match="NaN") as fault:
        camera.start(Viewer().on_unit)

    del fault  # with the traceback, which holds what it saw
    assert cam.owner is None
    assert held() == before
