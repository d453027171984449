"""Sound files as an endless row of samples."""

from __future__ import annotations

import random
import wave
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream

from kiosk.codec.audio_file import AudioFile
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE
from tests.fakes.clips import level, loudest_hertz, write_sound, write_video
from tests.fakes.leaks import open_descriptors


def test_a_file_is_read_and_begins_again(tmp_path: Path) -> None:
    sound = AudioFile(write_sound(tmp_path / "a.wav", seconds=0.1))

    first = sound.read(4800)
    second = sound.read(4800)
    sound.close()

    assert first == second
    assert loudest_hertz(first + second) == pytest.approx(500, abs=6)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (8_000, 1), (96_000, 2)])
def test_any_rate_and_channels_become_48_khz_mono(
    tmp_path: Path, rate: int, channels: int
) -> None:
    path = write_sound(tmp_path / "a.wav", rate=rate, channels=channels)
    sound = AudioFile(path)

    pcm = sound.read(SAMPLE_RATE // 2)
    sound.close()

    assert loudest_hertz(pcm) == pytest.approx(500, abs=4)
    assert level(pcm) == pytest.approx(0.5 / 2**0.5, rel=0.1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"nothing\.wav: .*No such file"):
        AudioFile(str(tmp_path / "nothing.wav"))


def test_a_file_without_sound_is_refused_and_not_left_open(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4")
    before = open_descriptors()

    for _ in range(20):
        with pytest.raises(MediaError, match="no sound in it"):
            AudioFile(path)

    assert open_descriptors() == before


def test_a_file_of_no_length_is_refused_and_not_left_open(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
    before = open_descriptors()

    with pytest.raises(MediaError, match=r"empty\.wav"):
        AudioFile(str(path))

    assert open_descriptors() == before


def test_a_file_that_vanishes_ends_with_the_round(tmp_path: Path) -> None:
    path = Path(write_sound(tmp_path / "a.wav", seconds=0.1))
    sound = AudioFile(str(path))
    path.unlink()

    with pytest.raises(MediaError, match="No such file"):
        sound.read(SAMPLE_RATE)


def test_a_file_damaged_in_the_middle_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.aac"
    _write_adts(Path(write_sound(tmp_path / "a.wav", seconds=1)), path)
    damaged = bytearray(path.read_bytes())
    random.seed(1)
    for at in range(len(damaged) // 2, len(damaged)):
        damaged[at] ^= random.choice((0, 0x5A))
    path.write_bytes(damaged)
    sound = AudioFile(str(path))

    pcm = sound.read(2 * SAMPLE_RATE)
    sound.close()

    assert len(pcm) == 4 * SAMPLE_RATE
    assert loudest_hertz(pcm[: SAMPLE_RATE // 2]) == pytest.approx(500, abs=8)


def _write_adts(source: Path, target: Path) -> None:
    with av.open(str(source)) as whole, av.open(str(target), "w", format="adts") as out:
        stream = out.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        assert isinstance(stream, AudioStream)
        for frame in whole.decode(audio=0):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
