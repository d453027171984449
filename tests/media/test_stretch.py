"""Sound at a slightly other speed: pitch, joins, gaps."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.media.stretch import FADE, Concealer, Pcm, Stretch, to_us
from kiosk.ports import SAMPLE_RATE


PERIOD = 480


def sine(n_samples: int, first: int = 0, amplitude: float = 8000.0) -> bytes:
    at = np.arange(first, first + n_samples)
    wave = amplitude * np.sin(2 * np.pi * 500 / SAMPLE_RATE * at)
    return bytes(wave.astype("<i2").tobytes())


def read_all(stretch: Stretch, speed: float) -> Pcm:
    parts: list[Pcm] = []
    while stretch.can_pull(PERIOD, speed):
        parts.append(stretch.pull(PERIOD, speed)[0])
    return np.concatenate(parts)


def test_at_normal_speed_samples_pass_untouched() -> None:
    stretch = Stretch()
    stretch.push(sine(1024), 0)
    stretch.push(sine(1024, 1024), to_us(1024))

    out = read_all(stretch, 1.0)

    assert out.astype("<i2").tobytes() == sine(4 * PERIOD)


@pytest.mark.parametrize("speed", [0.98, 0.998, 1.005, 1.02, 1.04, 1.5])
def test_another_speed_changes_the_length_and_leaves_no_click(speed: float) -> None:
    stretch = Stretch()
    for block in range(20):
        stretch.push(sine(1024, block * 1024), block * to_us(1024))

    out = read_all(stretch, speed)

    steepest = 8000 * 2 * np.pi * 500 / SAMPLE_RATE * speed
    assert abs(out.size - 20 * 1024 / speed) <= PERIOD + 2
    assert np.abs(np.diff(out)).max() <= steepest * 1.1


@pytest.mark.parametrize(("amplitude", "is_quiet"), [(90, True), (120, False)])
def test_what_comes_next_is_known_to_be_quiet_or_not(
    amplitude: float, *, is_quiet: bool
) -> None:
    stretch = Stretch()
    stretch.push(sine(1024, amplitude=20_000), 0)
    stretch.push(sine(1024, amplitude=amplitude), to_us(1024))
    loud_before = stretch.is_quiet(PERIOD, 1.5)
    for _ in range(3):
        stretch.pull(PERIOD, 1.0)

    assert not loud_before
    assert stretch.is_quiet(PERIOD, 1.25) is is_quiet


def test_the_time_of_what_is_read_follows_the_speed() -> None:
    stretch = Stretch()
    for block in range(4):
        stretch.push(sine(1024, block * 1024), 1_000_000 + block * to_us(1024))
    times = [stretch.pull(PERIOD, 1.04)[1] for _ in range(6)]

    assert abs(times[0] - 1_000_000) <= 1
    steps = np.diff(times)
    assert np.all(np.abs(steps - 10_400) <= 2)


def test_a_jump_of_the_sender_is_taken_over_with_its_packet() -> None:
    stretch = Stretch()
    stretch.push(sine(PERIOD), 0)
    stretch.pull(PERIOD, 1.0)
    stretch.push(sine(PERIOD), 5_000_000)

    assert stretch.pull(PERIOD, 1.0)[1] == 5_000_000


def test_a_cut_fades_over_from_what_was_to_come() -> None:
    stretch = Stretch()
    stretch.push((np.full(1024, 10_000)).astype("<i2").tobytes(), 0)
    stretch.pull(PERIOD, 1.0)
    stretch.cut()
    stretch.push(bytes(2048), 500_000)

    out, pts_us = stretch.pull(PERIOD, 1.0)

    assert pts_us == 500_000
    assert out[0] == 10_000
    assert np.all(np.diff(out[:FADE]) < 0)
    assert not np.any(out[FADE:])


def test_a_cut_of_nothing_fades_nothing() -> None:
    stretch = Stretch()
    stretch.cut()
    stretch.push(sine(PERIOD), 0)

    assert stretch.pull(PERIOD, 1.0)[0].astype("<i2").tobytes() == sine(PERIOD)


def test_a_gap_is_faded_into_and_out_of_however_long_it_is() -> None:
    stretch = Stretch()
    stretch.push((np.full(960, 10_000)).astype("<i2").tobytes(), 0)
    stretch.pull(PERIOD, 1.0)
    for number in range(2):
        stretch.push_gap(np.zeros(PERIOD, np.float32), 20_000 + number * 10_000)
    stretch.push((np.full(960, 10_000)).astype("<i2").tobytes(), 40_000)
    times, parts = [], []
    for _ in range(4):
        out, pts_us = stretch.pull(PERIOD, 1.0)
        times.append(pts_us)
        parts.append(out)

    assert times[1:] == [20_000, 30_000, 40_000]
    assert parts[0][0] == 10_000
    assert parts[0][-1] == 0
    assert not np.any(parts[1:3])
    assert parts[3][0] == 0
    assert parts[3][-1] == 10_000
    assert np.abs(np.diff(np.concatenate(parts))).max() < 50


def test_what_is_held_is_known_until_it_is_forgotten() -> None:
    stretch = Stretch()
    stretch.push(sine(960), 0)
    stretch.pull(PERIOD, 1.0)
    held_us, held = stretch.held_us, stretch.held()
    stretch.clear()

    assert held_us == 10_000
    assert held.astype("<i2").tobytes() == sine(960)[2 * PERIOD :]
    assert stretch.held_us == 0


def loud(n_samples: int = PERIOD) -> Pcm:
    return np.full(n_samples, 10_000, np.float32)


def test_the_first_sound_and_sound_after_a_gap_fade_in() -> None:
    concealer = Concealer()
    first = concealer.played(loud())
    second = concealer.played(loud())
    concealer.conceal(loud(0), PERIOD)
    third = concealer.played(loud())

    assert first[0] == 0
    assert first[-1] == 10_000
    assert second[0] == 10_000
    assert third[0] == 0


def test_the_last_sound_fades_out_into_noise_as_quiet_as_it_was() -> None:
    concealer = Concealer()
    concealer.played(loud())
    quiet = np.full(PERIOD, 3, np.float32)
    concealer.played(quiet)
    concealer.played(loud())

    gap = concealer.conceal(loud(300), PERIOD)
    noise = concealer.conceal(loud(0), PERIOD)

    assert abs(gap[0]) > 5_000
    assert np.abs(gap[300:]).max() < 50
    assert 0 < float(np.sqrt(np.mean(noise * noise))) < 5


def test_after_digital_silence_the_noise_is_barely_there() -> None:
    concealer = Concealer()
    concealer.played(np.zeros(PERIOD, np.float32))
    concealer.played(np.zeros(0, np.float32))

    noise = concealer.conceal(loud(0), PERIOD)

    assert np.abs(noise).max() < 10
