"""What cameras, microphones and speakers promise alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.errors import DeviceError
from tests.fakes.devices import CAMERAS, MICROPHONES, SPEAKERS, Device
from tests.fakes.leaks import held
from tests.fakes.live import Viewer


Begin = Callable[[], object]


@dataclass(frozen=True)
class Bench:
    """A device and its verb for opening; the same of an absent one; how often."""

    kind: str
    device: Device
    begin: Begin
    absent: Device
    begin_absent: Begin
    rounds: int = 100


def _cameras(name: str, folder: Path) -> Bench:
    pair = CAMERAS[name](folder)

    def begin() -> None:
        pair.present.start(Viewer().on_unit)

    def begin_absent() -> None:
        pair.absent.start(Viewer().on_unit)

    return Bench("camera", pair.present, begin, pair.absent, begin_absent)


def _microphones(name: str, folder: Path) -> Bench:
    pair = MICROPHONES[name](folder)
    return Bench(
        "microphone",
        pair.present,
        pair.present.open,
        pair.absent,
        pair.absent.open,
        _rounds(name),
    )


def _speakers(name: str, folder: Path) -> Bench:
    pair = SPEAKERS[name](folder)
    return Bench(
        "speaker",
        pair.present,
        pair.present.open,
        pair.absent,
        pair.absent.open,
        _rounds(name),
    )


def _rounds(name: str) -> int:
    return 50 if name == "loopback" else 1_000


KINDS = {_cameras: CAMERAS, _microphones: MICROPHONES, _speakers: SPEAKERS}
ADAPTERS = [
    pytest.param((make, name), id=f"{make.__name__[1:-1]}-{name}")
    for make, adapters in KINDS.items()
    for name in adapters
]


@pytest.fixture(params=ADAPTERS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    make, name = request.param
    bench: Bench = make(name, tmp_path)
    yield bench
    bench.device.close()
    bench.absent.close()


def test_probing_says_what_is_there_and_opens_nothing(bench: Bench) -> None:
    probe = bench.device.probe()

    assert probe.found
    assert (probe.wrong, probe.cure) == ("", "")
    assert not bench.device.is_open


def test_probing_an_absent_one_says_what_is_wrong_and_the_cure(bench: Bench) -> None:
    probe = bench.absent.probe()

    assert probe.wrong
    assert probe.cure


def test_opening_an_absent_one_is_a_device_error(bench: Bench) -> None:
    with pytest.raises(DeviceError, match=bench.kind):
        bench.begin_absent()

    assert not bench.absent.is_open


def test_it_is_open_exactly_between_open_and_close(bench: Bench) -> None:
    seen = [bench.device.is_open]
    bench.begin()
    seen.append(bench.device.is_open)
    bench.device.close()
    seen.append(bench.device.is_open)

    assert seen == [False, True, False]


def test_opening_it_twice_is_a_device_error_and_it_stays_open(bench: Bench) -> None:
    bench.begin()

    with pytest.raises(DeviceError, match="busy"):
        bench.begin()

    assert bench.device.is_open


def test_closing_is_safe_to_repeat_and_before_opening(bench: Bench) -> None:
    bench.device.close()
    bench.begin()
    bench.device.close()
    bench.device.close()

    assert not bench.device.is_open


def test_round_after_round_leaves_no_thread_and_no_descriptor(bench: Bench) -> None:
    bench.begin()
    bench.device.close()
    before = held()

    for _ in range(bench.rounds):
        bench.begin()
        bench.device.close()

    assert held() == before
