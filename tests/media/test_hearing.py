"""Whether a microphone hears: a dead one told apart from a silent room."""

from __future__ import annotations

import pytest

from kiosk.codec.beep import BeepSource
from kiosk.media.hearing import Hearing
from kiosk.ports import SAMPLE_RATE, Micros


PATIENCE_S = 5.0
PERIOD = SAMPLE_RATE // 50


def hearing(judge: Hearing, seconds: float, *samples: int) -> str:
    """Let it hear periods of these samples in turn; what is wrong then."""
    for number in range(round(seconds * 50)):
        sample = samples[number % len(samples)]
        judge.hear(sample.to_bytes(2, "little", signed=True) * PERIOD)
    return judge.wrong


def test_a_silent_room_moves_the_last_bit_now_and_then() -> None:
    judge = Hearing(PATIENCE_S)
    for _ in range(4):
        assert hearing(judge, 4.9, 0) == ""
        judge.hear(bytes(PERIOD * 2 - 2) + b"\x01\x00")
        assert judge.varied

    assert judge.wrong == ""


@pytest.mark.parametrize("sample", [0, 1, -32_768, 32_767])
def test_one_sample_again_and_again_is_told_in_time(sample: int) -> None:
    judge = Hearing(PATIENCE_S)

    assert hearing(judge, 4.9, sample) == ""
    assert hearing(judge, 0.2, sample) == "the same sample for 5 s: dead, or muted"


def test_it_is_taken_back_with_the_first_sample_that_is_another() -> None:
    judge = Hearing(PATIENCE_S)
    hearing(judge, 6.0, 0)

    assert hearing(judge, 0.04, 0, 1) == ""


def test_periods_that_are_constant_and_differ_are_no_silence() -> None:
    assert hearing(Hearing(PATIENCE_S), 12.0, 0, 1) == ""


def test_without_patience_nothing_is_told() -> None:
    assert hearing(Hearing(0.0), 60.0, 0) == ""


def test_the_synthetic_microphones_bursts_are_sound() -> None:
    judge, source = Hearing(PATIENCE_S), BeepSource()
    for number in range(600):
        judge.hear(source.fill(Micros(number * 20_000), PERIOD).tobytes())
        assert judge.wrong == ""
