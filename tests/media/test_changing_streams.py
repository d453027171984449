"""A stream that changes while it is played: sizes, codecs, times, connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from kiosk.ports import PlayLost
from kiosk.rtmp import flv
from kiosk.rtmp import messages as m
from tests.fakes.onlooker import Onlooker
from tests.fakes.sent_stream import (
    BEGIN_US,
    LARGE,
    SIZE,
    Sent,
    pictures,
    sound,
)


HOURS_MS = 3 * 3_600_000


def moved(sent: Iterable[Sent], after_s: float, by_ms: int) -> list[Sent]:
    """Return a stream whose time jumps with what was taken from a moment on."""
    jump = BEGIN_US + round(after_s * 1_000_000)
    return [
        one.at_timestamp(one.tag.timestamp_ms + by_ms * (one.taken >= jump))
        for one in sent
    ]


def assert_runs_on(peer: Onlooker, *, gap: float = 0.13, silence: float = 0.1) -> None:
    assert peer.longest_gap(0.3, 5.9) <= gap
    assert peer.longest_silence(0.3, 5.9) <= silence
    assert peer.hidden == []
    lag = peer.path.counters.picture_lag.distribution()
    assert lag is not None
    assert -45 <= lag.p50 <= 40


async def test_another_size_is_shown_with_its_first_picture() -> None:
    peer = await Onlooker.of(pictures(0, 3), pictures(3, 6, LARGE), sound(0, 6))
    sizes = [seen.size for seen in peer.seen]
    changed = sizes.index(LARGE)

    assert_runs_on(peer, gap=0.05, silence=0.02)
    assert set(sizes[:changed]) == {SIZE}
    assert set(sizes[changed:]) == {LARGE}
    assert 2.99 <= peer.seen[changed].taken <= 3.02
    assert peer.concealed_ms == 0


async def test_sound_changes_to_opus_and_back_without_a_gap() -> None:
    parts = [sound(0, 2), sound(2, 4, opus=True), sound(4, 6)]
    peer = await Onlooker.of(pictures(0, 6), *parts)

    assert_runs_on(peer, gap=0.08)
    assert peer.concealed_ms <= 60


async def test_sound_changes_its_rate_and_its_channels_without_a_gap() -> None:
    peer = await Onlooker.of(pictures(0, 6), sound(0, 3), strangers_sound(3, 6))

    assert_runs_on(peer, gap=0.08)
    assert peer.concealed_ms <= 60


@pytest.mark.parametrize("by_ms", [HOURS_MS, -HOURS_MS], ids=["forward", "back"])
async def test_a_jump_of_the_senders_time_costs_a_moment(by_ms: int) -> None:
    sent = [*pictures(0, 6), *sound(0, 6)]
    if by_ms < 0:
        sent = [one.at_timestamp(one.tag.timestamp_ms - 2 * by_ms) for one in sent]
    peer = await Onlooker.of(moved(sent, 3, by_ms))

    assert_runs_on(peer)
    assert peer.concealed_ms <= 50


async def test_a_time_that_passes_32_bits_changes_nothing() -> None:
    sent = [*pictures(0, 6), *sound(0, 6)]
    begin_ms = 2**32 - 3_000
    peer = await Onlooker.of(
        [one.at_timestamp(one.tag.timestamp_ms + begin_ms) for one in sent]
    )

    assert_runs_on(peer, gap=0.05, silence=0.02)
    assert peer.concealed_ms == 0


async def test_a_sender_without_a_clock_is_seen_and_heard() -> None:
    still = [one.at_timestamp(0) for one in pictures(0, 6)]
    peer = await Onlooker.of(still, sound(0, 6))

    assert peer.longest_gap(0.3, 5.9) <= 0.3
    assert peer.longest_silence(0.3, 5.9) <= 0.02


async def test_a_damaged_picture_asks_for_an_idr_and_none_made_of_it_is_shown() -> None:
    sent = pictures(0, 3.5)
    broken = next(i for i, one in enumerate(sent) if one.taken >= BEGIN_US + 1_510_000)
    body = bytearray(sent[broken].tag.body)
    # Noughts are no CAVLC; turned bits often are, and no decoder can tell.
    body[len(body) // 2 : len(body) * 3 // 4] = bytes(
        len(body) * 3 // 4 - len(body) // 2
    )
    sent[broken] = replace(
        sent[broken], tag=replace(sent[broken].tag, body=bytes(body))
    )
    peer = await Onlooker.of(sent, sound(0, 3.5), until_s=3.5)
    missing = [seen for seen in peer.seen if 1.51 < seen.taken < 1.99]

    assert missing == []
    assert peer.path.counters.drops.damaged == 1
    assert peer.path.link is not None
    assert peer.path.link.idrs_wanted == 1
    assert peer.longest_gap(2.3, 3.4) <= 0.05
    assert peer.concealed_ms == 0


async def test_a_backlog_at_the_beginning_is_gone_within_two_seconds() -> None:
    old = [*pictures(0, 6), *sound(0, 6)]
    peer = await Onlooker.of([one.delayed(0, 1.5) for one in old])

    assert max(peer.ages_ms(3.5, 6)) <= 200
    assert max(peer.offsets_ms(3.5, 6)) <= 40
    assert peer.longest_gap(1.6, 5.9) <= 0.13


async def test_another_connection_begins_a_new_time_at_once() -> None:
    first = [*pictures(0, 2), *sound(0, 2)]
    second = moved([*pictures(3, 6), *sound(3, 6)], 0, -3_000)
    peer = Onlooker([*first, *second], 6, broken_off_at=2.5)
    await peer.path.run()

    assert peer.path.links == 2
    assert sum(isinstance(fact, PlayLost) for _, fact in peer.facts) == 1
    assert peer.longest_gap(3.3, 5.9) <= 0.05
    assert peer.longest_silence(3.3, 5.9) <= 0.02
    assert max(peer.ages_ms(3.3, 5.9)) <= 200


def strangers_sound(begin_s: float, end_s: float) -> Sequence[Sent]:
    """Return AAC at 44.1 kHz in stereo, as a stranger's encoder makes it."""
    coder = av.CodecContext.create("aac", "w")
    assert isinstance(coder, AudioCodecContext)
    coder.sample_rate, coder.layout, coder.format = 44_100, "stereo", "fltp"
    coder.bit_rate = 96_000
    coder.open()
    sent = []
    for number in range(round(begin_s * 44_100 / 1024), round(end_s * 44_100 / 1024)):
        at = (number * 1024 + np.arange(1024)) / 44_100
        tone = (0.5 * np.sin(2 * np.pi * 500 * at)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(
            np.stack([tone, tone]), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.time_base = 44_100, Fraction(1, 44_100)
        frame.pts = number * 1024
        for packet in coder.encode(frame):
            assert packet.pts is not None
            taken = BEGIN_US + packet.pts * 1_000_000 // 44_100
            sent.append(Sent.of(m.AUDIO, taken, flv.audio_unit(bytes(packet))))
    config = flv.audio_config(bytes(coder.extradata or b""))
    return [replace(sent[0], tag=replace(sent[0].tag, body=config)), *sent]
