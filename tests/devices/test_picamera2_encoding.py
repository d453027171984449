"""The hardware encoder's odd ways, and how the camera lives with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk.devices.camera_picamera2 import Picamera2Camera
from kiosk.devices.camera_picamera2.hardware import MOST_WAITING
from kiosk.devices.testing.picamera2_board import FakeBoard
from kiosk.ports import AccessUnit, Bitrate
from tests.fakes.devices import board_camera
from tests.fakes.h264_wire import IDR, SPS, nal_types
from tests.fakes.live import Viewer
from tests.fakes.patience import PATIENCE_S
from tests.fakes.waiting import wait_until


@contextmanager
def filming(board: FakeBoard, viewer: Viewer) -> Iterator[Picamera2Camera]:
    camera = board_camera(board)
    camera.start(viewer.on_unit)
    try:
        yield camera
    finally:
        camera.close()


def test_the_bit_rate_of_the_running_encoder_is_changed_in_its_steps() -> None:
    board, viewer = FakeBoard(), Viewer()
    with filming(board, viewer) as camera:
        assert viewer.has(3)
        (encoder,) = board.encoders
        camera.set_bitrate(Bitrate(160_000))

        assert wait_until(lambda: encoder.bitrate == 150_000)
        assert board.encoders == [encoder]


def test_pictures_left_out_leave_their_bits_to_the_others_up_to_the_ceiling() -> None:
    board, viewer = FakeBoard(), Viewer()
    with filming(board, viewer) as camera:
        camera.set_picture_rate(20)
        assert wait_until(lambda: board.encoders[0].bitrate == 450_000)
        camera.set_picture_rate(10)
        assert wait_until(lambda: board.encoders[0].bitrate == 600_000)


def test_a_brake_for_the_networks_sake_leaves_no_bits_to_anybody() -> None:
    board, viewer = FakeBoard(), Viewer()
    with filming(board, viewer) as camera:
        camera.set_picture_rate(15)
        assert wait_until(lambda: board.encoders[0].bitrate == 600_000)
        camera.set_picture_rate(1)
        assert wait_until(lambda: board.encoders[0].bitrate == 300_000)


def test_an_encoder_that_takes_no_bit_rate_is_started_anew_with_it() -> None:
    board, viewer = FakeBoard(), Viewer()
    board.faults.keeps_bitrate = True
    with filming(board, viewer) as camera:
        assert viewer.has(3)
        (first,) = board.encoders
        camera.set_bitrate(Bitrate(100_000))
        assert wait_until(lambda: board.encoders[0] is not first)
        n_before = len(viewer.units)
        assert viewer.has(n_before + 5)

        assert board.encoders[0].bitrate == 100_000
        assert first.vd.closed
        assert any(unit.is_idr for unit in viewer.units[3:])
        assert len(viewer.frames()) == len(viewer.units)


def test_it_is_not_started_anew_more_than_once_a_second() -> None:
    board, viewer = FakeBoard(), Viewer()
    board.faults.keeps_bitrate = True
    with filming(board, viewer) as camera:
        seen = {id(board.encoders[0])}
        for step in range(1, 16):
            camera.set_bitrate(Bitrate(50_000 + 25_000 * step))
            n_before = len(viewer.units)
            assert viewer.has(n_before + 1)
            seen.add(id(board.encoders[0]))

        assert len(seen) <= 3


@pytest.mark.parametrize("is_old", [False, True], ids=["newer", "older"])
def test_parameter_sets_alone_are_kept_for_the_idr_without_any(is_old: bool) -> None:
    board, viewer = FakeBoard(is_old=is_old), Viewer()
    board.faults.gives_empty_units = True
    with filming(board, viewer) as camera:
        assert viewer.has(5)
        camera.request_idr()
        assert wait_until(lambda: any(u.is_idr for u in viewer.units[1:]))

    for unit in viewer.units:
        kinds = nal_types(unit.data)
        assert kinds[-1] in {1, IDR}
        assert not unit.is_idr or SPS in kinds


def test_a_listener_that_hangs_costs_the_pictures_up_to_the_next_idr() -> None:
    board, viewer = FakeBoard(), Viewer()
    going_on, hangs = threading.Event(), threading.Event()

    def hang(unit: AccessUnit) -> None:
        viewer.on_unit(unit)
        if len(viewer.units) == 3:
            hangs.set()
            going_on.wait(5.0)

    camera = board_camera(board)
    camera.start(hang)
    assert hangs.wait(PATIENCE_S)
    (encoder,) = board.encoders
    for _ in range(MOST_WAITING + 5):
        encoder.output.outputframe(b"\0\0\0\1\x41" + bytes(80), False, 0)
    going_on.set()
    assert viewer.has(8)
    camera.close()

    assert viewer.units[3].is_idr
