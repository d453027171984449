"""What every camera keeps of its port's promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import pytest

from kiosk.errors import DeviceError
from kiosk.ports import AccessUnit, Bitrate, Camera, SoftFrame
from tests.fakes.devices import CAMERAS, CLOCK, SIZE, Pair
from tests.fakes.h264_wire import IDR, PPS, SPS, nal_types
from tests.fakes.live import Viewer
from tests.fakes.waiting import wait_until


@pytest.fixture(params=CAMERAS)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair[Camera]:
    return CAMERAS[request.param](tmp_path)


@pytest.fixture
def camera(pair: Pair[Camera]) -> Iterator[Camera]:
    yield pair.present
    pair.present.close()


def test_the_first_unit_is_an_idr_with_sps_and_pps(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit)

    assert viewer.has(1)
    assert viewer.units[0].is_idr
    assert {SPS, PPS, IDR} <= set(nal_types(viewer.units[0].data))


def test_every_unit_decodes_to_a_picture_of_the_size_it_names(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(6)
    camera.close()

    frames = viewer.frames()

    assert len(frames) == len(viewer.units)
    assert {(f.width, f.height) for f in frames} == {camera.picture_size} == {SIZE}


def test_capture_times_rise_and_lie_on_the_monotonic_clock(camera: Camera) -> None:
    viewer = Viewer()
    before = CLOCK.now()
    camera.start(viewer.on_unit)
    assert viewer.has(6)
    camera.close()

    times = [unit.captured_at for unit in viewer.units]

    assert all(a < b for a, b in pairwise(times))
    assert before <= times[0]
    assert times[-1] <= CLOCK.now()


def test_callbacks_run_on_the_cameras_own_thread(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit, viewer.on_preview)
    assert viewer.has(4)

    assert viewer.threads == {"camera"}
    assert threading.current_thread().name not in viewer.threads


def test_the_self_view_gets_uncoded_pictures_no_larger_than_the_coded(
    camera: Camera,
) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit, viewer.on_preview)
    assert wait_until(lambda: len(viewer.previews) >= 3)
    camera.close()

    for frame in viewer.previews:
        assert isinstance(frame, SoftFrame) or frame.fourcc == "YU12"
        assert frame.width <= SIZE[0]
        assert frame.width * SIZE[1] == pytest.approx(frame.height * SIZE[0], rel=0.1)


def test_the_self_view_gets_at_most_15_pictures_a_second(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit, viewer.on_preview)
    assert wait_until(lambda: len(viewer.previews) >= 6)
    camera.close()

    first, last = viewer.previews[0], viewer.previews[-1]
    seconds = (last.captured_at - first.captured_at) / 1_000_000

    assert (len(viewer.previews) - 1) / seconds < 16


def test_an_idr_comes_when_it_is_asked_for(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(3)

    camera.request_idr()

    assert wait_until(lambda: any(u.is_idr for u in list(viewer.units)[1:]))
    again = next(u for u in viewer.units[1:] if u.is_idr)
    assert {SPS, PPS, IDR} <= set(nal_types(again.data))


def test_pictures_become_smaller_with_the_bit_rate(camera: Camera) -> None:
    viewer = Viewer()
    camera.set_bitrate(Bitrate(600_000))
    camera.start(viewer.on_unit)
    assert viewer.has(30)
    camera.set_bitrate(Bitrate(60_000))
    changed = len(viewer.units)
    assert viewer.has(changed + 65)
    camera.close()

    before = _picture_bytes(viewer.units[10:30])
    after = _picture_bytes(viewer.units[changed + 45 : changed + 65])

    assert after < 0.5 * before


def _picture_bytes(units: list[AccessUnit]) -> float:
    """Of the mean picture but IDRs: those come by time, more often on a slow machine."""
    return fmean(len(unit.data) for unit in units if not unit.is_idr)


def test_fewer_pictures_come_when_fewer_are_wanted(camera: Camera) -> None:
    viewer = Viewer()
    camera.set_picture_rate(5)
    before = CLOCK.now()
    camera.start(viewer.on_unit)
    assert viewer.has(4)
    camera.close()

    # A picture may come late, then the next one keeps its own time: none is early,
    # but for the eighth of a period that counts as a device's jitter.
    came_at = [unit.captured_at - before for unit in viewer.units]

    assert all(at >= n * 200_000 - 25_000 for n, at in enumerate(came_at))


def test_wishes_may_come_from_any_thread(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit)

    def wish() -> None:
        for rate in (20, 30, 25):
            camera.request_idr()
            camera.set_bitrate(Bitrate(rate * 10_000))
            camera.set_picture_rate(rate)

    threads = [threading.Thread(target=wish) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    n_before = len(viewer.units)

    assert viewer.has(n_before + 3)


def test_starting_it_twice_is_a_device_error_and_it_runs_on(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit)

    with pytest.raises(DeviceError, match="busy"):
        camera.start(Viewer().on_unit)

    assert camera.is_open
    assert viewer.has(2)


def test_a_still_is_of_the_whole_sensor_and_the_stream_goes_on(
    pair: Pair[Camera], camera: Camera
) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(2)
    before = CLOCK.now()

    still = camera.take_still()

    assert (still.width, still.height) == pair.still_size
    assert before <= still.captured_at <= CLOCK.now()
    assert viewer.has(len(viewer.units) + 3)


def test_there_is_no_still_of_a_camera_that_is_not_open(camera: Camera) -> None:
    with pytest.raises(DeviceError, match="not open"):
        camera.take_still()
    camera.start(Viewer().on_unit)
    camera.close()
    with pytest.raises(DeviceError, match="not open"):
        camera.take_still()

    assert not camera.is_open


def test_no_callback_runs_after_close(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit, viewer.on_preview)
    assert viewer.has(2)
    camera.close()
    n_before = len(viewer.units), len(viewer.previews)
    time.sleep(0.15)

    assert (len(viewer.units), len(viewer.previews)) == n_before


def test_after_close_it_starts_again_with_an_idr(camera: Camera) -> None:
    camera.start(Viewer().on_unit)
    camera.close()
    viewer = Viewer()
    camera.start(viewer.on_unit)

    assert viewer.has(1)
    assert viewer.units[0].is_idr
