"""How late an echo comes, found from both sides alone."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.codec.echo_delay import EchoDelayFinder
from tests.fakes.voices import Sound, voice


FAR = voice(6.0, seed=1, pitch_hz=115.0)
NEAR = voice(6.0, seed=2, pitch_hz=205.0)


def found(near: Sound, far: Sound) -> list[int]:
    """Return the delays found, in samples."""
    finder = EchoDelayFinder()
    blocks = (
        finder.compare(
            (32767 * near[at : at + 480]).astype(np.float32),
            (32767 * far[at : at + 480]).astype(np.float32),
        )
        for at in range(0, far.size - 480, 480)
    )
    return [delay for delay in blocks if delay is not None]


def late(sound: Sound, samples: int) -> Sound:
    return np.concatenate((np.zeros(samples), sound[: sound.size - samples]))


@pytest.mark.parametrize("delay_ms", [0, 10, 120, 300, 440])
def test_the_delay_is_found_within_three_seconds(delay_ms: int) -> None:
    delays = found(0.4 * late(FAR, delay_ms * 48), FAR)

    assert len(delays) >= 6
    assert all(abs(delay - delay_ms * 48) <= 48 for delay in delays)


def test_it_is_found_while_somebody_talks_in_the_room() -> None:
    delays = found(0.5 * late(FAR, 120 * 48) + 0.5 * NEAR, FAR)

    assert delays
    assert all(abs(delay - 120 * 48) <= 48 for delay in delays)


def test_it_is_found_anew_when_it_changes() -> None:
    half = FAR.size // 2
    near = np.concatenate((late(FAR, 20 * 48)[:half], late(FAR, 200 * 48)[half:]))
    delays = found(0.5 * near, FAR)

    assert abs(delays[0] - 20 * 48) <= 48
    assert abs(delays[-1] - 200 * 48) <= 48


def test_no_delay_is_invented_where_there_is_no_echo() -> None:
    assert not found(0.5 * NEAR, FAR)


def test_nothing_is_compared_while_the_loudspeaker_is_silent() -> None:
    assert not found(0.5 * NEAR, 0.001 * FAR)
