"""The contract of every echo canceller, and what each is there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from kiosk.devices.echo_duck import DuckingEchoCanceller
from kiosk.devices.echo_livekit import LivekitEchoCanceller
from kiosk.devices.echo_speex import SpeexEchoCanceller
from kiosk.errors import DeviceError
from kiosk.ports import EchoCanceller
from tests.fakes.echo_room import level_db, likeness
from tests.fakes.voices import Sound, voice


BLOCK = 480
SILENT = bytes(2 * BLOCK)


def livekit() -> EchoCanceller:
    return LivekitEchoCanceller(noise_suppression=True)


def speex() -> EchoCanceller:
    return SpeexEchoCanceller(noise_suppression=True)


@pytest.fixture(params=[livekit, speex, DuckingEchoCanceller])
def canceller(request: pytest.FixtureRequest) -> Iterator[EchoCanceller]:
    make: Callable[[], EchoCanceller] = request.param
    made = make()
    yield made
    made.close()


def blocks(sound: Sound) -> list[bytes]:
    pcm = np.rint(32767 * sound).astype("<i2").tobytes()
    return [pcm[at : at + 2 * BLOCK] for at in range(0, len(pcm), 2 * BLOCK)]


def cleaned(canceller: EchoCanceller, near: Sound, far: Sound) -> Sound:
    out = b"".join(
        canceller.cancel(one, other)
        for one, other in zip(blocks(near), blocks(far), strict=True)
    )
    return np.frombuffer(out, "<i2") / 32768


def test_silence_stays_as_long_and_silent(canceller: EchoCanceller) -> None:
    out = b"".join(canceller.cancel(SILENT, SILENT) for _ in range(100))

    assert len(out) == 100 * len(SILENT)
    assert np.abs(np.frombuffer(out, "<i2")).max() <= 1


def test_a_voice_alone_passes_as_loud_and_as_late_as_told(
    canceller: EchoCanceller,
) -> None:
    near = voice(6.0, seed=2, pitch_hz=205.0)
    out = cleaned(canceller, near, np.zeros(near.size))

    late = canceller.delay_us * 48 // 1000
    settled = slice(2 * 48_000, None)
    on_time = out[late:][settled]
    correlation, _ = likeness(near[settled], on_time, most_ms=2)
    assert correlation > 0.7
    assert abs(level_db(on_time) - level_db(near[settled])) < 4


def test_the_other_ones_voice_is_taken_out(canceller: EchoCanceller) -> None:
    far = voice(8.0, seed=1, pitch_hz=115.0)
    near = 0.5 * np.concatenate((np.zeros(960), far[:-960]))
    out = cleaned(canceller, near, far)

    last = slice(6 * 48_000, None)
    assert level_db(near[last]) - level_db(out[last]) > 25


def test_closing_twice_is_allowed(canceller: EchoCanceller) -> None:
    canceller.close()
    canceller.close()


@pytest.mark.parametrize("make", [livekit, speex])
def test_a_closed_canceller_says_so(make: Callable[[], EchoCanceller]) -> None:
    canceller = make()
    canceller.close()

    with pytest.raises(DeviceError, match="closed"):
        canceller.cancel(SILENT, SILENT)


def test_two_cancellers_do_not_disturb_each_other() -> None:
    near, far = blocks(voice(1.0, 2, 205.0)), blocks(voice(1.0, 1, 115.0))
    one, other = speex(), speex()
    alone = [one.cancel(n, f) for n, f in zip(near, far, strict=True)]
    third = speex()
    beside = []
    for n, f in zip(near, far, strict=True):
        other.cancel(f, n)
        beside.append(third.cancel(n, f))

    assert alone == beside
