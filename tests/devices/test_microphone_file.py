"""The file microphone beyond its port's promises; time moves by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.devices.microphone_file import FileMicrophone
from kiosk.errors import DeviceError
from kiosk.ports import Period
from tests.fakes.clips import loudest_hertz, write_sound, write_video
from tests.fakes.steady_clock import SteadyClock


def test_the_file_is_heard_again_and_again(tmp_path: Path) -> None:
    clock = SteadyClock()
    path = write_sound(tmp_path / "a.wav", seconds=0.2, rate=44_100, hertz=600)
    microphone = FileMicrophone(clock, path)
    microphone.open()
    clock.move(0.05)
    pcm = b""
    for _ in range(50):
        clock.move(0.02)
        pcm += microphone.read().pcm
    microphone.close()

    assert len(pcm) == 96_000
    assert loudest_hertz(pcm) == pytest.approx(600, abs=6)


def test_what_a_late_reader_lost_is_lost_in_the_file_too(tmp_path: Path) -> None:
    clock = SteadyClock()
    path = write_sound(tmp_path / "a.wav", seconds=2)
    prompt, late = FileMicrophone(clock, path), FileMicrophone(clock, path)
    prompt.open()
    late.open()
    promptly = list[Period]()
    for _ in range(20):
        clock.move(0.02)
        promptly.append(prompt.read())

    period = late.read()
    prompt.close()
    late.close()

    assert late.xruns == 1
    assert period == promptly[-1]


@pytest.mark.parametrize("name", ["missing.wav", "silent.mp4"])
def test_a_file_that_cannot_be_played_is_named_with_the_cure(
    tmp_path: Path, name: str
) -> None:
    write_video(tmp_path / "silent.mp4")
    microphone = FileMicrophone(SteadyClock(), str(tmp_path / name))

    with pytest.raises(DeviceError, match=f'{name}.*or use microphone "synthetic"'):
        microphone.open()

    assert microphone.probe().wrong


def test_a_file_that_vanishes_is_a_device_error(tmp_path: Path) -> None:
    clock = SteadyClock()
    path = write_sound(tmp_path / "a.wav", seconds=0.02)
    microphone = FileMicrophone(clock, path)
    microphone.open()
    Path(path).unlink()
    clock.move(0.02)
    microphone.read()

    with pytest.raises(DeviceError, match=r"microphone at .*a\.wav.*No such file"):
        microphone.read()
    microphone.close()
