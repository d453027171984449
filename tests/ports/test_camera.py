"""What every camera keeps of its port's promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.devices.camera_file import FileCamera
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import DeviceError
from kiosk.ports import Bitrate, Camera, SoftFrame
from tests.fakes.clips import write_video
from tests.fakes.h264_wire import IDR, PPS, SPS, nal_types
from tests.fakes.leaks import held
from tests.fakes.live import Viewer
from tests.fakes.waiting import wait_until


SIZE = (320, 240)
CLOCK = MonotonicClock()


@dataclass
class Bench:
    """A camera, and one of its kind that cannot be opened."""

    camera: Camera
    absent: Camera


def _synthetic(_: Path) -> Bench:
    def new(*, absent: bool = False) -> Camera:
        return SyntheticCamera(
            CLOCK,
            width=SIZE[0],
            height=SIZE[1],
            bitrate=Bitrate(300_000),
            ceiling=Bitrate(600_000),
            absent=absent,
        )

    return Bench(new(), new(absent=True))


def _file(folder: Path) -> Bench:
    def new(path: str) -> Camera:
        return FileCamera(
            CLOCK,
            path,
            width=SIZE[0],
            height=SIZE[1],
            bitrate=Bitrate(300_000),
            ceiling=Bitrate(600_000),
        )

    return Bench(new(write_video(folder / "clip.mp4")), new(str(folder / "none.mp4")))


ADAPTERS: list[Callable[[Path], Bench]] = [_synthetic, _file]


@pytest.fixture(params=ADAPTERS, ids=lambda factory: factory.__name__.strip("_"))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    factory: Callable[[Path], Bench] = request.param
    bench = factory(tmp_path)
    yield bench
    bench.camera.close()
    bench.absent.close()


@pytest.fixture
def camera(bench: Bench) -> Camera:
    return bench.camera


def test_probing_says_what_is_there_and_opens_nothing(camera: Camera) -> None:
    probe = camera.probe()

    assert probe.found
    assert (probe.wrong, probe.cure) == ("", "")
    assert not camera.is_open


def test_probing_an_absent_one_says_what_is_wrong_and_the_cure(bench: Bench) -> None:
    probe = bench.absent.probe()

    assert probe.wrong
    assert probe.cure


def test_starting_an_absent_one_is_a_device_error(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="camera"):
        bench.absent.start(Viewer().on_unit)

    assert not bench.absent.is_open


def test_it_is_open_exactly_between_start_and_close(camera: Camera) -> None:
    seen = [camera.is_open]
    camera.start(Viewer().on_unit)
    seen.append(camera.is_open)
    camera.close()
    seen.append(camera.is_open)

    assert seen == [False, True, False]


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
        assert isinstance(frame, SoftFrame)
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


def test_fewer_pictures_come_when_fewer_are_wanted(camera: Camera) -> None:
    viewer = Viewer()
    camera.set_picture_rate(5)
    camera.start(viewer.on_unit)
    assert viewer.has(4)
    camera.close()

    gaps = [b.captured_at - a.captured_at for a, b in pairwise(viewer.units)]

    assert min(gaps) > 150_000


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


def test_no_callback_runs_after_close(camera: Camera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit, viewer.on_preview)
    assert viewer.has(2)
    camera.close()
    n_before = len(viewer.units), len(viewer.previews)
    time.sleep(0.15)

    assert (len(viewer.units), len(viewer.previews)) == n_before


def test_closing_is_safe_to_repeat_and_before_the_start(camera: Camera) -> None:
    camera.close()
    camera.start(Viewer().on_unit)
    camera.close()
    camera.close()

    assert not camera.is_open


def test_after_close_it_starts_again_with_an_idr(camera: Camera) -> None:
    camera.start(Viewer().on_unit)
    camera.close()
    viewer = Viewer()
    camera.start(viewer.on_unit)

    assert viewer.has(1)
    assert viewer.units[0].is_idr


def test_a_hundred_rounds_leave_no_thread_and_no_descriptor(camera: Camera) -> None:
    camera.start(Viewer().on_unit)
    camera.close()
    before = held()

    for _ in range(100):
        camera.start(Viewer().on_unit)
        camera.close()

    assert held() == before
