"""Timestamps, the speaker's lead, percentiles, the self-view's place, facts."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.codec.stream_time import StreamTime
from kiosk.display.headless import HeadlessDisplay
from kiosk.media.facts import FactPost
from kiosk.media.self_view import SelfView
from kiosk.media.speaker_pace import LEAST_US, SpeakerPace
from kiosk.media.stats import Samples
from kiosk.ports import Layer, MediaFact, Micros, PeerSilent, PushLost, Rect
from tests.fakes.frames import grey_frame
from tests.fakes.steady_clock import SteadyClock


def test_sound_and_pictures_share_one_origin() -> None:
    time = StreamTime()
    picture_ms = time.video_ms(Micros(5_000_000))
    sound_ms = time.audio_ms(Micros(4_930_000))

    assert picture_ms - sound_ms == 70


def test_a_timestamp_never_steps_back_nor_below_zero() -> None:
    time = StreamTime()
    time.audio_ms(Micros(5_000_000))

    assert time.video_ms(Micros(1_000_000)) == 0
    assert time.audio_ms(Micros(6_000_000)) == 1200
    assert time.audio_ms(Micros(5_500_000)) == 1200


PERIOD_US = 10_000


def test_a_period_is_written_just_before_it_is_due() -> None:
    pace = SpeakerPace()
    now = Micros(1_000_000)

    assert pace.wait_s(now) == 0.0
    pace.wrote(now, PERIOD_US)
    assert pace.wait_s(now) == 0.0
    pace.wrote(Micros(now + 30_000), PERIOD_US)
    pace.wrote(Micros(now + 40_000), PERIOD_US)
    assert pace.wait_s(now) == (50_000 - pace.lead_us) / 1_000_000


def test_the_lead_grows_when_the_device_ran_dry_and_shrinks_again() -> None:
    pace = SpeakerPace()
    at = 1_000_000
    pace.wrote(Micros(at), PERIOD_US)
    pace.wrote(Micros(at + 15_000), PERIOD_US)
    grown = pace.lead_us
    for number in range(10_000):
        pace.wrote(Micros(at + 25_000 + number * PERIOD_US), PERIOD_US)

    assert grown == LEAST_US + 10_000
    assert pace.underruns == 1
    assert pace.lead_us == LEAST_US


def test_percentiles_of_nothing_are_none() -> None:
    samples = Samples()

    assert samples.distribution() is None
    assert samples.newest is None


def test_percentiles_count_all_and_keep_the_sign_but_for_the_extreme() -> None:
    samples = Samples()
    for value in range(-100, 1):
        samples.add(float(value))
    found = samples.distribution()

    assert found is not None
    assert (found.n, found.max, samples.newest) == (101, 100.0, 0.0)
    assert (found.p50, found.p95, found.p99) == (
        pytest.approx(-50.0, rel=0.01),
        pytest.approx(-5.0, rel=0.01),
        pytest.approx(-1.0, rel=0.01),
    )


def test_percentiles_are_of_the_whole_call_in_memory_that_does_not_grow() -> None:
    samples = Samples()
    for number in range(20_000):
        samples.add(number / 10)
    samples.add(1e9)
    found = samples.distribution()

    assert found is not None
    assert (found.n, found.max) == (20_001, 1e9)
    assert found.p50 == pytest.approx(1_000.0, rel=0.01)
    assert found.p95 == pytest.approx(1_900.0, rel=0.01)
    assert samples.buckets < 600


def test_the_self_view_sits_where_it_is_told_to() -> None:
    display = HeadlessDisplay(SteadyClock(), width=1000, height=600)
    display.open()
    view = SelfView(display, lambda screen, own: Rect(screen[0] - own[0], 0, *own))
    view.show(grey_frame(size=(64, 48)))
    place = display.place(Layer.PIP)
    view.hide()

    assert place == Rect(936, 0, 64, 48)
    assert display.newest(Layer.PIP) is None


async def test_facts_arrive_in_order_on_the_loop_and_not_after_closing() -> None:
    told: list[MediaFact] = []
    post = FactPost(told.append)
    await asyncio.to_thread(post, PushLost("one"))
    await asyncio.to_thread(post, PeerSilent("two"))
    await asyncio.sleep(0)
    post(PushLost("three"))
    post.close()
    await asyncio.sleep(0)

    assert told == [PushLost("one"), PeerSilent("two")]


def test_a_fact_for_a_loop_that_is_gone_is_nobodys() -> None:
    told: list[MediaFact] = []

    async def make() -> FactPost:
        return FactPost(told.append)

    loop = asyncio.new_event_loop()
    post = loop.run_until_complete(make())
    loop.close()
    post(PushLost("late"))

    assert told == []
