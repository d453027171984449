"""What is said where no voice is due: sample by sample, and into the mix of a call."""

from __future__ import annotations

import asyncio

import numpy as np

from kiosk.media.announcement import PATIENCE_PERIODS, QUIET_PERIODS, Announcement
from kiosk.media.playout import PERIOD
from kiosk.media.stretch import FADE, Pcm
from kiosk.ports import SAMPLE_RATE, Peer
from tests.fakes.hearing import samples_of, tones_in
from tests.fakes.media_kit import MediaKit, until


LEVEL = 1_000
PERIODS = 30
TONE_HZ = 500


def steady(level: int = LEVEL, periods: int = PERIODS) -> bytes:
    return np.full(periods * PERIOD, level, "<i2").tobytes()


def heard(said: Announcement, periods: int, *, voice: bool = False) -> Pcm:
    parts = [said.next_period(PERIOD, voice_is_due=voice) for _ in range(periods)]
    silence = np.zeros(PERIOD, np.float32)
    return np.concatenate([silence if part is None else part for part in parts])


def quiet_mix() -> Announcement:
    """Return that of a mix in which nobody has been heard for a while."""
    said = Announcement()
    assert not heard(said, QUIET_PERIODS).any()
    return said


def test_it_is_said_whole_and_once_where_nobody_is_heard() -> None:
    said = quiet_mix()
    said.say(steady())

    pcm = heard(said, PERIODS + 5)

    assert np.all(pcm[FADE : PERIODS * PERIOD] == LEVEL)
    assert not pcm[PERIODS * PERIOD :].any()


def test_it_begins_and_ends_without_a_click() -> None:
    said = quiet_mix()
    said.say(steady())
    begin = heard(said, 10)
    said.say(b"")
    end = heard(said, 2)

    steps = np.abs(np.diff(np.concatenate((np.zeros(1, np.float32), begin, end))))
    assert float(steps.max()) <= LEVEL / FADE * 1.01
    assert not end[FADE:].any()


def test_a_voice_ends_it_for_good() -> None:
    said = quiet_mix()
    said.say(steady())
    heard(said, 10)

    over_voice = heard(said, 1, voice=True)

    assert not over_voice[FADE:].any()
    assert not heard(said, 5, voice=True).any()
    assert not heard(said, 2 * PERIODS).any()


def test_what_is_still_held_of_a_broken_stream_is_heard_first() -> None:
    said = Announcement()
    said.say(steady())

    assert not heard(said, 12, voice=True).any()
    assert not heard(said, QUIET_PERIODS - 1).any()
    assert heard(said, 2).any()


def test_a_gap_in_a_voice_is_no_place_for_it() -> None:
    said = Announcement()
    said.say(steady())
    for _ in range(5):
        assert not heard(said, QUIET_PERIODS - 1).any()
        assert not heard(said, 1, voice=True).any()


def test_a_voice_that_goes_on_makes_it_stale() -> None:
    said = Announcement()
    said.say(steady())
    heard(said, PATIENCE_PERIODS, voice=True)

    assert not heard(said, 3 * QUIET_PERIODS).any()


def test_the_newest_takes_the_place_of_an_older_one() -> None:
    said = quiet_mix()
    said.say(steady())
    heard(said, 5)
    said.say(steady(-LEVEL, periods=3))

    pcm = heard(said, 10)

    assert np.all(pcm[FADE : 3 * PERIOD] == -LEVEL)
    assert not pcm[3 * PERIOD :].any()


def test_an_end_within_a_period_is_silence() -> None:
    said = quiet_mix()
    said.say(steady(periods=2)[: 3 * PERIOD])

    pcm = heard(said, 3)

    assert np.all(pcm[FADE : PERIOD * 3 // 2] == LEVEL)
    assert not pcm[PERIOD * 3 // 2 :].any()


def tone(seconds: float) -> bytes:
    turn = 2 * np.pi * TONE_HZ / SAMPLE_RATE
    wave = 8_000 * np.sin(turn * np.arange(round(seconds * SAMPLE_RATE)))
    return bytes(wave.astype("<i2").tobytes())


def is_in(pcm: bytes) -> bool:
    return TONE_HZ in tones_in(samples_of(pcm), [TONE_HZ])


def told(kit: MediaKit) -> bytes:
    """Return what the echo canceller would be given of the last quarter second."""
    reference, length = kit.session._reference, SAMPLE_RATE // 4
    place = reference.place_of(kit.clock.now())
    return b"" if place is None else reference.read(place - length, length, 1.0)


async def test_a_player_without_a_voice_plays_it_and_the_canceller_is_told() -> None:
    kit = MediaKit()
    player = kit.session.new_player(kit.facts.append)
    # nobody listens there: the way to the peer is down, as it is in a call that broke
    await player.play(Peer("agent", "Agent", "rtmp://127.0.0.1:9/live/gone"))
    player.announce(tone(8.0))

    try:
        await until(lambda: is_in(kit.speaker.played()))
        await until(lambda: is_in(told(kit)))
        player.announce(b"")
        await until(lambda: kit.speaker.level_dbfs < -100)
    finally:
        async with asyncio.timeout(5):
            await player.close()
