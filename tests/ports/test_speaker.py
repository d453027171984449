"""What every speaker keeps of its port's promises."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.errors import DeviceError
from kiosk.ports import Period, Speaker
from tests.fakes.devices import CLOCK, SPEAKERS
from tests.fakes.leaks import held
from tests.fakes.live import running
from tests.fakes.patience import PATIENCE_S


PERIOD_MS = 10
PCM = b"\x10\x00" * 480
LARGEST_BUFFER_MS = 100


@pytest.fixture(params=SPEAKERS)
def speaker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Speaker]:
    speaker = SPEAKERS[request.param](tmp_path).present
    yield speaker
    speaker.close()


def test_writing_says_when_a_period_is_heard(speaker: Speaker) -> None:
    speaker.open()
    before = CLOCK.now()
    heard = [speaker.write(PCM) for _ in range(6)]

    assert heard[0] >= before
    assert all(b - a >= PERIOD_MS * 999 for a, b in pairwise(heard))


def test_writing_blocks_while_the_devices_buffer_is_full(speaker: Speaker) -> None:
    speaker.open()
    begin = CLOCK.now()
    for _ in range(30):
        speaker.write(PCM)

    assert CLOCK.now() - begin >= (30 * PERIOD_MS - LARGEST_BUFFER_MS) * 1000


def test_nothing_is_heard_later_than_the_devices_buffer_is_long(
    speaker: Speaker,
) -> None:
    speaker.open()
    ahead = [speaker.write(PCM) - CLOCK.now() for _ in range(20)]

    assert max(ahead) <= LARGEST_BUFFER_MS * 1000


def test_the_tap_gets_what_is_played_with_the_time_it_is_heard(
    speaker: Speaker,
) -> None:
    tapped: list[tuple[Period, str]] = []
    speaker.open(lambda p: tapped.append((p, threading.current_thread().name)))

    heard = [speaker.write(PCM) for _ in range(5)]

    here = threading.current_thread().name
    assert tapped == [(Period(PCM, at), here) for at in heard]


def test_opening_it_twice_is_a_device_error_and_it_plays_on(speaker: Speaker) -> None:
    speaker.open()

    with pytest.raises(DeviceError, match="busy"):
        speaker.open()

    assert speaker.write(PCM)


def test_writing_to_a_closed_one_is_a_device_error(speaker: Speaker) -> None:
    with pytest.raises(DeviceError, match="not open"):
        speaker.write(PCM)


def test_closing_wakes_whoever_writes(speaker: Speaker) -> None:
    speaker.open()
    writing = threading.Event()
    raised: list[Exception] = []

    def write_on() -> None:
        try:
            while True:
                speaker.write(PCM)
                writing.set()
        except DeviceError as exc:
            raised.append(exc)

    with running(write_on):
        assert writing.wait(PATIENCE_S)
        speaker.close()

    assert len(raised) == 1


def test_a_hundred_rounds_leave_no_thread_and_no_descriptor(speaker: Speaker) -> None:
    before = held()

    for _ in range(100):
        speaker.open()
        speaker.write(PCM)
        speaker.close()

    assert held() == before
