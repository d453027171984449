"""The board's own camera between its start and its first picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kiosk.devices.testing.picamera2_board import FakeBoard
from kiosk.errors import DeviceError
from tests.fakes.devices import board_camera
from tests.fakes.live import Viewer
from tests.fakes.waiting import wait_until


def test_a_sensor_that_is_on_counts_as_open_before_its_first_picture() -> None:
    board = FakeBoard()
    board.faults.is_stalled = True
    camera = board_camera(board)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(camera.start, Viewer().on_unit)

        assert wait_until(lambda: camera.is_open)
        assert not starting.done()
        with pytest.raises(DeviceError, match="no picture"):
            starting.result(timeout=10)

    assert not camera.is_open
    camera.close()
