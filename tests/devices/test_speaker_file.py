"""The WAV file speaker beyond its port's promises; time moves by hand."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from kiosk.devices.speaker_file import FileSpeaker
from kiosk.errors import DeviceError
from tests.fakes.leaks import open_descriptors
from tests.fakes.steady_clock import SteadyClock


def play(speaker: FileSpeaker, clock: SteadyClock, periods: int) -> bytes:
    played = b""
    for number in range(periods):
        pcm = (number + 1).to_bytes(2, "little") * 480
        speaker.write(pcm)
        played += pcm
        clock.move(0.01)
    return played


def content(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == 48_000
        return file.readframes(file.getnframes())


def test_the_file_holds_what_was_played(tmp_path: Path) -> None:
    clock, path = SteadyClock(), tmp_path / "out.wav"
    speaker = FileSpeaker(clock, str(path))
    speaker.open()
    played = play(speaker, clock, 7)
    speaker.close()

    assert content(path) == played


def test_a_file_never_closed_can_be_played_up_to_its_last_second(
    tmp_path: Path,
) -> None:
    clock, path = SteadyClock(), tmp_path / "out.wav"
    speaker = FileSpeaker(clock, str(path))
    speaker.open()
    played = play(speaker, clock, 250)

    kept = content(path)
    n_bytes = path.stat().st_size
    speaker.close()

    assert kept == played[: 2 * 2 * 48_000]
    assert n_bytes == 44 + len(played)


def test_an_underrun_is_counted_and_is_silence_in_the_file(tmp_path: Path) -> None:
    clock, path = SteadyClock(), tmp_path / "out.wav"
    speaker = FileSpeaker(clock, str(path))
    speaker.open()
    speaker.write(b"\1\1" * 480)
    clock.move(0.03)
    speaker.write(b"\2\2" * 480)
    speaker.close()

    assert speaker.underruns == 1
    assert content(path) == b"\1\1" * 480 + bytes(2 * 960) + b"\2\2" * 480


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    path.write_bytes(b"old" * 1000)
    speaker = FileSpeaker(SteadyClock(), str(path))
    speaker.open()
    speaker.close()

    assert content(path) == b""
    assert path.stat().st_size == 44


def test_a_file_that_is_full_stays_valid_and_the_sound_goes_on(tmp_path: Path) -> None:
    clock, path = SteadyClock(), tmp_path / "out.wav"
    speaker = FileSpeaker(clock, str(path), max_bytes=3000)
    speaker.open()
    played = play(speaker, clock, 10)
    speaker.close()

    assert content(path) == played[: 3 * 960]


def test_a_folder_that_is_not_there_is_named_with_the_cure(tmp_path: Path) -> None:
    speaker = FileSpeaker(SteadyClock(), str(tmp_path / "none" / "out.wav"))

    with pytest.raises(DeviceError, match=r'none/out\.wav.*or use speaker "synthetic"'):
        speaker.open()

    assert speaker.probe().wrong.startswith("no folder")


def test_a_full_disk_is_a_device_error_and_nothing_stays_open() -> None:
    speaker = FileSpeaker(SteadyClock(), "/dev/full")
    before = open_descriptors()

    with pytest.raises(DeviceError, match="No space left"):
        speaker.open()

    assert not speaker.is_open
    assert open_descriptors() == before
