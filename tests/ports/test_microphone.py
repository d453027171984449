"""What every microphone keeps of its port's promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE, Microphone, Period
from tests.fakes.devices import CLOCK, MICROPHONES
from tests.fakes.live import running
from tests.fakes.patience import PATIENCE_S


FOUND_LATE = {"loopback": 1}
"""How often stamps may turn out to have been late: a virtual card's clock is a timer,
and on a host that starves the guest of processor time all of the first ones are."""


@pytest.fixture(params=MICROPHONES)
def microphone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Microphone]:
    microphone = MICROPHONES[request.param](tmp_path).present
    yield microphone
    microphone.close()


def samples_in(period: Period) -> int:
    return len(period.pcm) // 2


def test_a_period_is_10_to_20_ms_of_whole_samples(microphone: Microphone) -> None:
    microphone.open()
    periods = [microphone.read() for _ in range(5)]

    assert all(len(period.pcm) % 2 == 0 for period in periods)
    assert all(480 <= samples_in(period) <= 960 for period in periods)


def test_capture_times_follow_each_other_without_a_gap(
    microphone: Microphone, request: pytest.FixtureRequest
) -> None:
    microphone.open()
    periods = [microphone.read() for _ in range(8)]

    steps = [
        other.captured_at - one.captured_at - samples_in(one) * 1e6 / SAMPLE_RATE
        for one, other in pairwise(periods)
    ]
    mended = [step for step in steps if abs(step) > 1_000]
    assert len(mended) <= FOUND_LATE.get(request.node.callspec.params["microphone"], 0)
    assert all(step < 0 for step in mended)


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
        assert reading.wait(PATIENCE_S)
        microphone.close()

    assert len(raised) == 1
