"""The board's camera when it falls silent, is pulled out, or does not stop: nothing is left behind."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typing_extensions import override

from kiosk.codec.dmabuf import MappedFrame
from kiosk.devices.camera_picamera2 import Picamera2Camera
from kiosk.devices.camera_picamera2.adapter import CLOSE_S
from kiosk.devices.camera_picamera2.session import STALLED_S
from kiosk.devices.camera_picamera2.vendor import opened
from kiosk.devices.testing.picamera2_board import FakeBoard
from kiosk.devices.testing.picamera2_camera import FakePicamera2
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import AccessUnit, DmabufFrame
from tests.fakes.devices import SIZE, board_camera
from tests.fakes.leaks import held
from tests.fakes.live import Viewer
from tests.fakes.waiting import wait_until


ROUNDS = 1_000


@contextmanager
def filming(board: FakeBoard, viewer: Viewer) -> Iterator[Picamera2Camera]:
    camera = board_camera(board)
    camera.start(viewer.on_unit, viewer.on_preview)
    try:
        yield camera
    finally:
        camera.close()


def test_a_camera_that_falls_silent_is_opened_anew_within_two_seconds() -> None:
    board, viewer = FakeBoard(), Viewer()
    with filming(board, viewer) as camera:
        assert viewer.has(3)
        stalled = board.opened[0]
        board.faults.is_stalled = True
        began = time.monotonic()
        assert wait_until(lambda: not stalled.is_open)
        took_s = time.monotonic() - began
        board.faults.is_stalled = False
        n_before = len(viewer.units)

        assert took_s < 2.0
        assert viewer.has(n_before + 5)
        assert viewer.units[n_before].is_idr
        assert camera.is_open


def test_a_camera_that_stays_silent_when_opened_anew_asks_for_a_new_process() -> None:
    board, viewer = FakeBoard(), Viewer()
    camera = board_camera(board)
    before = held()
    camera.start(viewer.on_unit)
    stalled = board.opened[0]
    board.faults.is_stalled = True
    assert wait_until(lambda: board.opened[0] is not stalled)
    time.sleep(STALLED_S + 0.5)

    with pytest.raises(DeviceError, match="silent, also when opened anew"):
        camera.close()

    assert held() == before
    assert not camera.is_open
    board.faults.is_stalled = False
    camera.start(viewer.on_unit)
    camera.close()


def test_who_hangs_up_while_a_camera_is_opened_anew_ends_no_process() -> None:
    board, viewer = FakeBoard(), Viewer()
    camera = board_camera(board)
    camera.start(viewer.on_unit)
    stalled = board.opened[0]
    board.faults.is_stalled = True
    assert wait_until(lambda: board.opened[0] is not stalled)

    camera.close()

    assert not camera.is_open


def test_a_camera_pulled_out_in_a_call_is_tried_again_until_it_is_back() -> None:
    board, viewer = FakeBoard(), Viewer()
    with filming(board, viewer) as camera:
        assert viewer.has(2)
        board.faults.is_unplugged = board.faults.is_stalled = True
        assert wait_until(lambda: not camera.is_open)
        board.faults.is_unplugged = board.faults.is_stalled = False
        n_before = len(viewer.units)

        assert viewer.has(n_before + 3)
        assert camera.is_open


def test_a_listener_that_raises_does_not_leave_the_camera_open_to_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    board, viewer = FakeBoard(), Viewer()
    faults = [ValueError("a fault of this program")]

    def take(unit: AccessUnit) -> None:
        if len(viewer.units) == 3 and faults:
            raise faults.pop()
        viewer.on_unit(unit)

    camera = board_camera(board)
    camera.start(take)
    assert viewer.has(6)
    camera.close()

    assert "a fault of this program" in caplog.text
    assert not camera.is_open
    assert not board.opened[0].is_open


def test_whatever_picamera2_raises_is_an_error_of_the_device() -> None:
    class Unforeseen(FakeBoard):
        fault: Exception | None = None

        @override
        def open_camera(self, number: int) -> FakePicamera2:
            if self.fault is not None:
                raise self.fault
            return super().open_camera(number)

    board, viewer = Unforeseen(), Viewer()
    camera = board_camera(board)
    board.fault = KeyError("PixelArraySize")
    with pytest.raises(DeviceError, match="KeyError: 'PixelArraySize'"):
        camera.start(viewer.on_unit)
    assert not camera.is_open

    board.fault = None
    camera.start(viewer.on_unit)
    assert viewer.has(2)
    board.fault = IndexError("list index out of range")
    board.faults.is_stalled = True
    assert wait_until(lambda: not camera.is_open)
    board.fault, board.faults.is_stalled = None, False
    n_before = len(viewer.units)
    assert viewer.has(n_before + 3)
    camera.close()


def test_a_camera_that_takes_over_a_second_to_stop_ends_no_process() -> None:
    board = FakeBoard()
    camera = board_camera(board)
    camera.start(Viewer().on_unit)
    board.faults.stops_hang = stopped = threading.Event()
    stopping = threading.Timer(1.1, stopped.set)
    stopping.start()

    camera.close()

    stopping.join()
    assert not camera.is_open


def test_a_camera_that_does_not_stop_is_told_when_its_time_is_over() -> None:
    board = FakeBoard()
    camera = board_camera(board)
    camera.start(Viewer().on_unit)
    board.faults.stops_hang = threading.Event()
    began = time.monotonic()

    with pytest.raises(DeviceStalled):
        camera.close()

    assert time.monotonic() - began < CLOSE_S + 0.5
    assert camera.is_open
    board.faults.stops_hang.set()
    camera.close()
    assert not camera.is_open


def test_a_camera_that_cannot_be_released_counts_as_open() -> None:
    board = FakeBoard()
    camera = board_camera(board)
    camera.start(Viewer().on_unit)
    board.faults.close_fails = True

    with pytest.raises(DeviceError, match="cannot be closed: Failed to release"):
        camera.close()

    assert camera.is_open
    board.faults.close_fails = False
    board.opened[0].close()


def test_pictures_lent_to_the_display_are_given_back_and_may_outlive_the_camera() -> (
    None
):
    board, lent = FakeBoard(), list[DmabufFrame]()
    camera = board_camera(board)
    before = held()

    def keep(frame: object) -> None:
        assert isinstance(frame, DmabufFrame)
        lent.append(frame)
        for older in lent[:-1]:
            older.release()
        del lent[:-1]

    camera.start(Viewer().on_unit, keep)
    assert wait_until(lambda: bool(lent))
    time.sleep(0.3)
    camera.close()

    with MappedFrame(lent[-1]) as soft:
        assert len(set(bytes(soft.planes[0][: SIZE[0] * SIZE[1]]))) > 10
    lent[-1].release()
    assert held() == before


@pytest.mark.parametrize("has_encoder", [True, False], ids=["vc4", "pisp"])
def test_a_thousand_rounds_leave_no_thread_and_no_memory_file(
    has_encoder: bool,
) -> None:
    board = FakeBoard(has_encoder=has_encoder)
    camera = board_camera(board, picture_rate=120)  # or it waits for pictures
    camera.start(Viewer().on_unit)
    camera.close()
    before = held()

    for _ in range(ROUNDS):
        camera.start(Viewer().on_unit)
        camera.close()

    assert held() == before


def test_a_pipe_is_not_left_behind_by_a_picamera2_that_cannot_be_made() -> None:
    class Forgetful:
        def __init__(self, number: int) -> None:
            reader, self.notifyme_w = os.pipe2(os.O_NONBLOCK)
            self.notifymeread = os.fdopen(reader, "rb")
            raise RuntimeError("Camera __init__ sequence did not complete.")

    before = held()

    with pytest.raises(RuntimeError):
        opened(Forgetful, 0)

    assert held() == before


def test_a_camera_that_cannot_even_be_given_back_is_one_error_and_counts_as_open() -> (
    None
):
    board = FakeBoard()
    camera = board_camera(board)
    board.faults.size = (640, 480)  # so that it is given back at once
    board.faults.close_fails = True

    with pytest.raises(DeviceError, match="cannot be closed: Failed to release"):
        camera.start(Viewer().on_unit)

    assert camera.is_open
    board.faults.close_fails = False
    board.opened[0].close()
