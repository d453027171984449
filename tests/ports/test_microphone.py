"""What every microphone keeps of its port's promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_file import FileMicrophone
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE, Microphone, Period
from tests.fakes.clips import write_sound
from tests.fakes.leaks import held
from tests.fakes.live import running


CLOCK = MonotonicClock()


@dataclass
class Bench:
    """A microphone, and one of its kind that cannot be opened."""

    microphone: Microphone
    absent: Microphone


def _synthetic(_: Path) -> Bench:
    return Bench(SyntheticMicrophone(CLOCK), SyntheticMicrophone(CLOCK, absent=True))


def _file(folder: Path) -> Bench:
    return Bench(
        FileMicrophone(CLOCK, write_sound(folder / "sound.wav", seconds=0.3)),
        FileMicrophone(CLOCK, str(folder / "none.wav")),
    )


ADAPTERS: list[Callable[[Path], Bench]] = [_synthetic, _file]


@pytest.fixture(params=ADAPTERS, ids=lambda factory: factory.__name__.strip("_"))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    factory: Callable[[Path], Bench] = request.param
    bench = factory(tmp_path)
    yield bench
    bench.microphone.close()
    bench.absent.close()


@pytest.fixture
def microphone(bench: Bench) -> Microphone:
    return bench.microphone


def samples_in(period: Period) -> int:
    return len(period.pcm) // 2


def test_probing_says_what_is_there_and_opens_nothing(microphone: Microphone) -> None:
    probe = microphone.probe()

    assert probe.found
    assert (probe.wrong, probe.cure) == ("", "")
    assert not microphone.is_open


def test_probing_an_absent_one_says_what_is_wrong_and_the_cure(bench: Bench) -> None:
    probe = bench.absent.probe()

    assert probe.wrong
    assert probe.cure


def test_opening_an_absent_one_is_a_device_error(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="microphone"):
        bench.absent.open()

    assert not bench.absent.is_open


def test_it_is_open_exactly_between_open_and_close(microphone: Microphone) -> None:
    seen = [microphone.is_open]
    microphone.open()
    seen.append(microphone.is_open)
    microphone.close()
    seen.append(microphone.is_open)

    assert seen == [False, True, False]


def test_a_period_is_10_to_20_ms_of_whole_samples(microphone: Microphone) -> None:
    microphone.open()
    periods = [microphone.read() for _ in range(5)]

    assert all(len(period.pcm) % 2 == 0 for period in periods)
    assert all(480 <= samples_in(period) <= 960 for period in periods)


def test_capture_times_follow_each_other_without_a_gap(microphone: Microphone) -> None:
    microphone.open()
    periods = [microphone.read() for _ in range(8)]

    for one, other in pairwise(periods):
        end = one.captured_at + samples_in(one) * 1_000_000 / SAMPLE_RATE
        assert other.captured_at == pytest.approx(end, abs=1000)


def test_nothing_is_read_before_it_was_captured(microphone: Microphone) -> None:
    before = CLOCK.now()
    microphone.open()
    first = microphone.read()

    assert before <= first.captured_at
    assert first.captured_at + samples_in(first) * 1_000_000 / 48_000 <= CLOCK.now()


def test_a_reader_who_comes_late_does_not_get_old_sound(microphone: Microphone) -> None:
    microphone.open()
    microphone.read()
    time.sleep(0.4)
    came_back = CLOCK.now()

    assert microphone.read().captured_at > came_back - 200_000


def test_opening_it_twice_is_a_device_error_and_it_goes_on(
    microphone: Microphone,
) -> None:
    microphone.open()

    with pytest.raises(DeviceError, match="busy"):
        microphone.open()

    assert microphone.read().pcm


def test_reading_a_closed_one_is_a_device_error(microphone: Microphone) -> None:
    with pytest.raises(DeviceError, match="not open"):
        microphone.read()


def test_closing_wakes_whoever_reads(microphone: Microphone) -> None:
    microphone.open()
    reading = threading.Event()
    raised: list[Exception] = []

    def read_on() -> None:
        try:
            while True:
                microphone.read()
                reading.set()
        except DeviceError as exc:
            raised.append(exc)

    with running(read_on):
        assert reading.wait(2.0)
        microphone.close()

    assert len(raised) == 1


def test_closing_is_safe_to_repeat_and_before_opening(microphone: Microphone) -> None:
    microphone.close()
    microphone.open()
    microphone.close()
    microphone.close()

    assert not microphone.is_open


def test_a_hundred_rounds_leave_no_thread_and_no_descriptor(
    microphone: Microphone,
) -> None:
    before = held()

    for _ in range(100):
        microphone.open()
        microphone.close()

    assert held() == before
