"""The playout of one stream: damage, gaps and cuts, heard sample by sample."""

from __future__ import annotations

import numpy as np

from kiosk.codec.aac import AacEncoder, AacUnit
from kiosk.codec.beep import ToneSource
from kiosk.media.incoming import IncomingStream, PlayCounters
from kiosk.media.jitter import DelayBounds
from kiosk.media.playout import PERIOD, IncomingSound
from kiosk.media.stretch import Pcm
from kiosk.ports import Layer, Micros
from kiosk.rtmp import flv


UNIT_US = 21_333


class Listener:
    """Feeds a stream with a tone and hears what comes out."""

    def __init__(self) -> None:
        self.stream = IncomingStream(
            "a",
            Layer.BASE,
            PlayCounters(),
            bounds=DelayBounds(),
            on_picture=lambda: None,
        )
        self.sound = IncomingSound(self.stream)
        self.now = 1_000_000
        self._encoder = AacEncoder()
        self._tone = ToneSource(500)
        self._taken = 0
        self._due_us = 0
        config = self._encoder.config
        self.stream.put_audio(0, flv.AacConfig(2, 48_000, 1, config), self._now())

    def _now(self) -> Micros:
        return Micros(self.now)

    def units(self, n_units: int, *, pause: bool = False) -> list[AacUnit]:
        made: list[AacUnit] = []
        while len(made) < n_units:
            at = Micros(round(self._taken * 1_000_000 / 48_000))
            pcm = self._tone.fill(at, 1024).astype("<i2").tobytes()
            pcm = bytes(len(pcm)) if pause else pcm
            made += self._encoder.encode(pcm, at)
            self._taken += 1024
        return made

    def receive(
        self, n_units: int, *, damaged: bool = False, pause: bool = False
    ) -> None:
        for unit in self.units(n_units, pause=pause):
            raw = b"\xff\x00" * 20 if damaged else unit.data
            at_ms = round(unit.captured_at / 1000) + 100
            self.stream.put_audio(at_ms, flv.AacUnit(raw), self._now())

    def keep_up(self, n_periods: int, *, pause: bool) -> None:
        """Hear while as much is received."""
        for _ in range(n_periods):
            self._due_us += 10_000
            if self._due_us >= UNIT_US:
                self._due_us -= UNIT_US
                self.receive(1, pause=pause)
            self.hear()

    def hear(self, n_periods: int = 1) -> list[Pcm | None]:
        heard: list[Pcm | None] = []
        for _ in range(n_periods):
            heard.append(self.sound.next_period(self._now())[0])
            self.now += 10_000
        return heard

    @property
    def concealed_us(self) -> int:
        return self.stream.counters.concealed_us


def loudness(pcm: Pcm | None) -> float:
    return 0.0 if pcm is None else float(np.abs(pcm).max())


def test_before_the_first_sound_there_is_nothing_not_even_noise() -> None:
    listener = Listener()

    assert listener.hear(5) == [None] * 5
    assert listener.concealed_us == 0


def test_a_tone_is_heard_without_a_click() -> None:
    listener = Listener()
    listener.receive(10)
    heard = [pcm for pcm in listener.hear(15) if pcm is not None]
    samples = np.concatenate(heard[6:])

    assert loudness(samples) > 5_000
    assert np.abs(np.diff(samples)).max() < 8_192 * 2 * np.pi * 500 / 48_000 * 1.5


def test_a_gap_is_concealed_for_half_a_second_and_then_silent() -> None:
    listener = Listener()
    listener.receive(4)
    listener.hear(7)
    gap = listener.hear(60)

    assert all(pcm is not None for pcm in gap[5:40])
    assert loudness(gap[20]) < 300
    assert gap[-1] is None
    assert 400_000 <= listener.concealed_us <= 500_000


def test_damaged_sound_is_as_long_a_silence() -> None:
    listener = Listener()
    listener.receive(3)
    heard = listener.hear(2)
    listener.receive(1, damaged=True)
    listener.receive(4)
    heard += listener.hear(10)

    assert all(pcm is not None for pcm in heard)
    assert listener.stream.jitter.counts.underruns == 0
    assert listener.concealed_us == 21_333


def test_damaged_sound_is_a_gap_of_quiet_noise_and_no_click() -> None:
    listener = Listener()
    listener.receive(4)
    heard = listener.hear(5)
    listener.receive(2)
    listener.receive(2, damaged=True)
    listener.receive(6)
    heard += listener.hear(20)
    samples = np.concatenate([pcm for pcm in heard if pcm is not None])
    quiet = np.convolve(np.abs(samples[1_500:]), np.ones(480) / 480, "valid").min()

    assert listener.concealed_us == 42_666
    assert 0 < quiet < 100
    assert np.abs(np.diff(samples[1_500:])).max() < 2_000


def test_a_broken_config_is_silence_and_no_end() -> None:
    listener = Listener()
    listener.stream.put_audio(0, flv.AacConfig(2, 48_000, 1, b""), Micros(1_000_000))
    listener.receive(3)
    listener.stream.put_audio(
        0, flv.AacConfig(2, 48_000, 1, b"\0\0"), Micros(1_000_000)
    )
    listener.receive(4)

    assert all(loudness(pcm) == 0 for pcm in listener.hear(5))


def test_a_backlog_is_cut_and_heard_without_a_click() -> None:
    listener = Listener()
    listener.receive(6)
    for _ in range(4):
        listener.hear(2)
        listener.receive(1)
    listener.receive(40)
    heard = []
    for _ in range(75):
        heard += listener.hear(2)
        listener.receive(1)
    samples = np.concatenate([pcm for pcm in heard if pcm is not None])

    assert listener.stream.jitter.counts.cut_us > 300_000
    assert np.abs(np.diff(samples)).max() < 2_000
    assert all(pcm is not None and pcm.size == PERIOD for pcm in heard)


def ms_until_given_back(*, pause: bool) -> int:
    """Return how long it takes until 130 ms too much are 15 ms."""
    listener = Listener()
    listener.receive(6, pause=pause)
    listener.keep_up(150, pause=pause)
    held = listener.stream.jitter
    listener.receive(6, pause=pause)
    for periods in range(1_000):
        if held.buffered_us < held.target_us:
            return periods * 10
        listener.keep_up(1, pause=pause)
    raise AssertionError(f"still {held.buffered_us} us")


def test_an_excess_is_given_back_sooner_in_a_pause_than_in_speech() -> None:
    in_pause, in_speech = (ms_until_given_back(pause=p) for p in (True, False))

    # The first second shows that it is not needed.
    assert 1_000 < in_pause < 1_500
    assert 2_500 < in_speech < 5_000
