"""What every speaker keeps of its port's promises."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.speaker_file import FileSpeaker
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.errors import DeviceError
from kiosk.ports import Period, Speaker
from tests.fakes.leaks import held
from tests.fakes.live import running


CLOCK = MonotonicClock()
PERIOD_MS = 10
PCM = b"\x10\x00" * 480
LARGEST_BUFFER_MS = 100


@dataclass
class Bench:
    """A speaker, and one of its kind that cannot be opened."""

    speaker: Speaker
    absent: Speaker


def _synthetic(_: Path) -> Bench:
    return Bench(SyntheticSpeaker(CLOCK), SyntheticSpeaker(CLOCK, absent=True))


def _file(folder: Path) -> Bench:
    return Bench(
        FileSpeaker(CLOCK, str(folder / "out.wav")),
        FileSpeaker(CLOCK, str(folder / "none" / "out.wav")),
    )


ADAPTERS: list[Callable[[Path], Bench]] = [_synthetic, _file]


@pytest.fixture(params=ADAPTERS, ids=lambda factory: factory.__name__.strip("_"))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    factory: Callable[[Path], Bench] = request.param
    bench = factory(tmp_path)
    yield bench
    bench.speaker.close()
    bench.absent.close()


@pytest.fixture
def speaker(bench: Bench) -> Speaker:
    return bench.speaker


def test_probing_says_what_is_there_and_opens_nothing(speaker: Speaker) -> None:
    probe = speaker.probe()

    assert probe.found
    assert (probe.wrong, probe.cure) == ("", "")
    assert not speaker.is_open


def test_probing_an_absent_one_says_what_is_wrong_and_the_cure(bench: Bench) -> None:
    probe = bench.absent.probe()

    assert probe.wrong
    assert probe.cure


def test_opening_an_absent_one_is_a_device_error(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="speaker"):
        bench.absent.open()

    assert not bench.absent.is_open


def test_it_is_open_exactly_between_open_and_close(speaker: Speaker) -> None:
    seen = [speaker.is_open]
    speaker.open()
    seen.append(speaker.is_open)
    speaker.close()
    seen.append(speaker.is_open)

    assert seen == [False, True, False]


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
        assert writing.wait(2.0)
        speaker.close()

    assert len(raised) == 1


def test_closing_is_safe_to_repeat_and_before_opening(speaker: Speaker) -> None:
    speaker.close()
    speaker.open()
    speaker.close()
    speaker.close()

    assert not speaker.is_open


def test_a_hundred_rounds_leave_no_thread_and_no_descriptor(speaker: Speaker) -> None:
    before = held()

    for _ in range(100):
        speaker.open()
        speaker.write(PCM)
        speaker.close()

    assert held() == before
