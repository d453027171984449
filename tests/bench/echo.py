"""
How much of his own voice the agent hears back, and what is left of the customer.

The product's own microphone and playout threads in a simulated room: the
loudspeaker plays a voice that came as AAC, the room bends it and lets it ring,
the microphone hears it late; both devices run on clocks of their own.  The
customer then speaks over the agent, and after that the same words alone: what
the canceller does to a lone voice (band limits, gain) is no fault of the echo.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from typing_extensions import override

from kiosk.codec.aac import AacEncoder
from kiosk.codec.beep import Pcm
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.echo_duck import DuckingEchoCanceller
from kiosk.devices.echo_livekit import LivekitEchoCanceller
from kiosk.devices.echo_speex import SpeexEchoCanceller
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.media.echo import Cancellers, Choice
from kiosk.ports import SAMPLE_RATE, EchoCanceller, Micros, Period
from kiosk.rtmp import flv
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import Bar, Number, Result, Table, percentile
from tests.fakes.echo_room import EchoRoom, in_time, level_db, likeness
from tests.fakes.sound_path import SoundPath, sound_path
from tests.fakes.voices import Sound, voice


LONE_VOICE = (
    "livekit's high-pass and band split turn the phases: its waveform of a lone voice "
    "is as unlike as the last column says, and with an echo it cannot do better"
)

ERLE_DB, KEPT_DB, LIKENESS = 30.0, -6.0, 0.8
TRIES = 3
AT_ONCE = 2  # rooms side by side: one takes a fifth of a core

# seconds of the microphone's own time
BEGIN, LATE = (1, 3), (8, 13)
OVER_S, ALONE_S, WORDS_S, END_S = 13, 18, 4, 22
AGENT_S = 17.3  # then the agent is silent, and the room has rung out by ALONE_S


@dataclass(frozen=True, slots=True)
class Case:
    """One canceller in one room."""

    canceller: str
    delay_ms: int
    ppm: int = 0


CASES = (
    Case("livekit", 0),
    Case("livekit", 120),
    Case("livekit", 300),
    Case("livekit", 120, 100),
    Case("speex", 120),
    Case("speex", 300),
    Case("speex", 120, 100),
    Case("duck", 120, 100),
)
MAKE: dict[str, Callable[[], EchoCanceller]] = {
    "livekit": lambda: LivekitEchoCanceller(noise_suppression=True),
    "speex": lambda: SpeexEchoCanceller(noise_suppression=True),
    "duck": DuckingEchoCanceller,
}


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What came of a case.

    Attributes:
        begin_db, late_db: Echo return loss enhancement, 1-3 s and 8-13 s into
            the agent's talk.
        kept_db: What is left of the customer's words while the agent talks;
            of their energy, for phases are not heard.
        alone_like: How like they are to what the canceller makes of them alone.
        like, lone: How like both are to the words themselves.
        echo_db: The echo beside the words, before.
        cost_us: Processor time a block of 10 ms, median and p99.
        dry, lost: How often the loudspeaker ran dry, and the microphone lost
            sound, in the last try: this machine's doing, not the room's.

    """

    case: Case
    begin_db: float
    late_db: float
    kept_db: float
    like: float
    alone_like: float
    lone: float
    echo_db: float
    cost_us: tuple[float | None, float | None]
    dry: int = 0
    lost: int = 0


def run(*, full: bool) -> Result:
    cases = CASES if full else [case for case in CASES if case.delay_ms]
    heard = asyncio.run(_all(cases))
    return Result(
        "echo",
        [_table(heard), _costs()],
        [bar for one in heard for bar in _bars(one)],
        [LONE_VOICE],
        {"cases": [_numbers(one) for one in heard]},
    )


async def _all(cases: Sequence[Case]) -> list[Heard]:
    heard: list[Heard] = []
    for at in range(0, len(cases), AT_ONCE):
        heard += await asyncio.gather(*map(_hear, cases[at : at + AT_ONCE]))
    return heard


class _TimedCanceller:
    """Notes the processor time of every block."""

    def __init__(self, inner: EchoCanceller) -> None:
        self.cost_us: list[float] = []
        self._inner = inner
        self.delay_us = inner.delay_us

    def cancel(self, near: bytes, far: bytes) -> bytes:
        began = time.thread_time_ns()
        cleaned = self._inner.cancel(near, far)
        self.cost_us.append((time.thread_time_ns() - began) / 1_000)
        return cleaned

    def close(self) -> None:
        self._inner.close()


class _RoomSpeaker(SyntheticSpeaker):
    """A loudspeaker that stands in the room."""

    def __init__(self, room: EchoRoom, drift_ppm: float) -> None:
        super().__init__(MonotonicClock(), drift_ppm=drift_ppm)
        self._room = room

    @override
    def write(self, pcm: bytes) -> Micros:
        heard_at = super().write(pcm)
        self._room.play(Period(pcm, heard_at))
        return heard_at


class _RoomSource:
    """What a microphone in the room hears."""

    def __init__(self, room: EchoRoom) -> None:
        self._room = room

    def fill(self, period_start: Micros, n_samples: int) -> Pcm:
        return self._room.hear(period_start, n_samples)


async def _hear(case: Case) -> Heard:
    """Try up to three times for a run in which this machine lost no sound."""
    heard = await _hear_once(case)
    for _ in range(TRIES - 1):
        if heard.lost == 0:
            break
        heard = await _hear_once(case)
    return heard


async def _hear_once(case: Case) -> Heard:
    room = EchoRoom(
        _customer(),
        delay_ms=case.delay_ms,
        speaker_ppm=case.ppm / 2,
        microphone_ppm=-case.ppm / 2,
    )
    clock = MonotonicClock()
    microphone = SyntheticMicrophone(clock, _RoomSource(room), drift_ppm=-case.ppm / 2)
    timed: list[_TimedCanceller] = []

    def make() -> EchoCanceller:
        timed.append(_TimedCanceller(MAKE[case.canceller]()))
        return timed[-1]

    usable = Cancellers([Choice(case.canceller, make)])
    speaker = _RoomSpeaker(room, case.ppm / 2)
    async with sound_path(clock, microphone, speaker, usable) as path:
        await _talk(path, room)
    heard = _judged(case, room, path.sent(), timed[0].cost_us)
    return replace(heard, dry=speaker.underruns, lost=microphone.xruns)


def _customer() -> Sound:
    words = voice(WORDS_S, seed=2, pitch_hz=205.0)
    near = np.zeros(END_S * SAMPLE_RATE)
    for begin_s in (OVER_S, ALONE_S):
        near[_span(begin_s, begin_s + WORDS_S)] = words
    return near


async def _talk(path: SoundPath, room: EchoRoom) -> None:
    """Let the agent talk, in blocks of 20 ms as they come from a microphone."""
    encoder, clock = AacEncoder(), MonotonicClock()
    config = flv.AacConfig(2, SAMPLE_RATE, 1, encoder.config)
    path.incoming.put_audio(0, config, clock.now())
    agent = voice(AGENT_S, seed=1, pitch_hz=115.0)
    pcm = np.rint(32767 * np.append(agent, np.zeros(10 * SAMPLE_RATE))).astype("<i2")
    began, said = clock.now(), 0
    while not room.places or room.places[-1] < END_S * SAMPLE_RATE:
        while said * 1e6 / SAMPLE_RATE < clock.now() - began:
            at = Micros(round(began + said * 1e6 / SAMPLE_RATE))
            for unit in encoder.encode(pcm[said : said + 960].tobytes(), at):
                age_ms = round((unit.captured_at - began) / 1_000) + 100
                path.incoming.put_audio(age_ms, flv.AacUnit(unit.data), clock.now())
            said += 960
        await asyncio.sleep(0.005)


def _judged(case: Case, room: EchoRoom, sent: bytes, cost_us: list[float]) -> Heard:
    taken = in_time(room.taken, room.places)
    spoken = in_time(room.spoken, room.places)
    samples = np.frombuffer(sent, "<i2") / 32768
    cleaned = np.split(samples, samples.size // room.taken[0].size)
    left = in_time(cleaned, room.places[: len(cleaned)])
    over, alone = _span(OVER_S, OVER_S + WORDS_S), _span(ALONE_S, ALONE_S + WORDS_S)
    alone_like, alone_db = likeness(left[alone], left[over])
    lone_db = level_db(left[alone]) - level_db(spoken[alone])
    return Heard(
        case,
        begin_db=_erle_db(taken, left, BEGIN),
        late_db=_erle_db(taken, left, LATE),
        kept_db=alone_db + lone_db,
        like=likeness(spoken[over], left[over])[0],
        alone_like=alone_like,
        lone=likeness(spoken[alone], left[alone])[0],
        echo_db=level_db((taken - spoken)[over]) - level_db(spoken[over]),
        cost_us=(percentile(cost_us, 50), percentile(cost_us, 99)),
    )


def _erle_db(taken: Sound, left: Sound, window: tuple[int, int]) -> float:
    span = _span(*window)
    return level_db(taken[span]) - level_db(left[span])


def _span(begin_s: float, end_s: float) -> slice:
    return slice(round(begin_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))


def _table(heard: Sequence[Heard]) -> Table:
    header = (
        *("", "echo late ms", "clocks ppm", "ERLE 1-3 s", "ERLE 8-13 s"),
        *("both talk: kept dB", "like alone", "like the words", "alone like the words"),
        *("echo to words dB", "us a block", "p99", "dry", "lost"),
    )
    rows: list[tuple[str | Number, ...]] = [
        (
            one.case.canceller,
            one.case.delay_ms,
            one.case.ppm,
            one.begin_db,
            one.late_db,
            one.kept_db,
            one.alone_like,
            one.like,
            one.lone,
            one.echo_db,
            *one.cost_us,
            one.dry,
            one.lost,
        )
        for one in heard
    ]
    return Table(
        "Echo, through the microphone's and the playout's threads", header, rows
    )


def _bars(one: Heard) -> list[Bar]:
    case = one.case
    name = f"{case.canceller} {case.delay_ms} ms, {case.ppm} ppm:"
    best = case.canceller == "livekit"
    least = {"at_least": True}
    return [
        Bar(f"{name} ERLE", one.late_db, ERLE_DB, "dB", judged=best, **least),
        Bar(
            f"{name} customer over the agent, kept",
            one.kept_db,
            KEPT_DB,
            "dB",
            judged=best,
            **least,
        ),
        Bar(
            f"{name} correlation with the same words alone",
            one.alone_like,
            LIKENESS,
            "",
            judged=best,
            **least,
        ),
        Bar(
            f"{name} correlation with the words themselves",
            one.like,
            LIKENESS,
            "",
            judged=False,
            **least,
        ),
    ]


def _numbers(one: Heard) -> dict[str, object]:
    return {
        "canceller": one.case.canceller,
        "delay_ms": one.case.delay_ms,
        "ppm": one.case.ppm,
        "erle_begin_db": one.begin_db,
        "erle_db": one.late_db,
        "kept_db": one.kept_db,
        "like_alone": one.alone_like,
        "like": one.like,
    }


def _costs() -> Table:
    """Load each canceller in a process of its own."""
    rows: list[tuple[str | Number, ...]] = []
    for name in MAKE:
        with running(*our_module("echo_cost", name)) as process:
            cost = first_line(process)
        rows.append((name, cost["load_ms"], cost["rss_mb"]))
    header = ("", "to load, ms", "RSS MB more")
    return Table("What loading a canceller costs beside av and numpy", header, rows)
