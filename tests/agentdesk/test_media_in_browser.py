"""The media of a desk's page in a real Chromium: seen, heard, published."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from kiosk.codec.beep import ToneSource
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.ports import Layer, Peer, PeerStarted
from tests.agentdesk.test_showing import kiosk_publishing
from tests.fakes.browser import Browser, browser
from tests.fakes.desk_page import PaperCall
from tests.fakes.desk_stage import Stage, desk_stage
from tests.fakes.eventually import eventually
from tests.fakes.media_kit import MediaKit, open_relay
from tests.fakes.narrow import narrow
from tests.fakes.strangers import ffmpeg_pull, output_of, running


pytestmark = pytest.mark.e2e

HERTZ = 700


@dataclass(frozen=True)
class Call:
    """A kiosk that publishes, and an agent's page that does both."""

    kiosk: MediaKit
    stage: Stage
    agent: Browser
    paper: PaperCall

    async def ask(self, script: str) -> Any:
        return await self.agent.page.evaluate(f"() => stage.{script}")

    async def until(self, script: str, seconds: float = 20.0) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := await self.ask(script)):  # noqa: ASYNC110 -- a page
                await asyncio.sleep(0.05)
        return found


@asynccontextmanager
async def call(begin: str = "begin()", query: str = "") -> AsyncIterator[Call]:
    microphone = SyntheticMicrophone(MonotonicClock(), ToneSource(HERTZ))
    kit = MediaKit(microphone=microphone)
    async with open_relay() as (_, host, port):
        place = f"rtmp://{host}:{port}/live"
        paper = PaperCall(f"{place}/kiosk-7", f"{place}/agent")
        async with (
            kiosk_publishing(paper.play, kit),
            desk_stage(paper) as stage,
            browser() as agent,
        ):
            await agent.page.goto(stage.address + query)
            await agent.page.evaluate(f"() => stage.{begin}")
            yield Call(kit, stage, agent, paper)
            assert not agent.complaints.texts


async def test_the_agent_sees_the_kiosk_a_moment_later() -> None:
    async with call() as it:
        await it.until("figures()")
        ages = await it.ask("ages(3)")
        figures = await it.ask('heard("figures")')

    readable = [age for age in ages if age is not None]
    assert len(readable) > 0.95 * len(ages) > 50
    assert 0 < statistics.median(readable) < 800, figures
    # Whoever looks at a picture twice finds it older: each that is younger than the
    # one before is another picture. Ages alone are alike where both are in step.
    assert sum(later < sooner for sooner, later in pairwise(readable)) > 30


async def test_the_agent_hears_the_kiosk() -> None:
    async with call() as it:
        await it.until("hertz()")
        await asyncio.sleep(1)
        hertz = await it.ask("hertz()")
        figures = await it.ask("figures()")

    assert abs(hertz - HERTZ) < 15
    assert figures["sounding"]


@pytest.mark.parametrize("query", ["", "?vp8"])
async def test_the_kiosk_sees_and_hears_the_agent(query: str) -> None:
    async with call(query=query) as it:
        await it.until('heard("published").length')
        player = it.kiosk.session.new_player(it.kiosk.facts.append)
        await player.play(Peer("agent", "Agent", it.paper.push))
        await it.kiosk.fact(PeerStarted("agent"), 20)
        await eventually(lambda: it.kiosk.display.count(Layer.BASE).shown > 30, 20)
        await eventually(lambda: it.kiosk.speaker.level_dbfs > -60, 20)
        await player.close()

    assert it.paper.published_at == [it.paper.push]
    assert (it.stage.counts.pictures_transcoded > 0) == bool(query)


async def test_a_stranger_can_play_what_the_agent_publishes() -> None:
    async with call() as it:
        await it.until('heard("published").length')
        async with running(*ffmpeg_pull(it.paper.push, 20)) as ffmpeg:
            printed = await output_of(ffmpeg, 20)

    assert "h264 (Constrained Baseline)" in printed
    assert "aac" in printed


async def test_nothing_of_a_page_that_was_killed_is_left() -> None:
    async with call() as it:
        await it.until('heard("published").length')
        await it.agent.page.close()
        await eventually(lambda: it.stage.counts.pages == 0, 10)
        own = {task.get_name() for task in asyncio.all_tasks()}

    assert not {name for name in own if name.startswith("desk ")}


async def test_an_agent_without_devices_publishes_silence() -> None:
    async with call("begin({camera: false, microphone: false})") as it:
        await it.until('heard("published").length')
        player = it.kiosk.session.new_player(it.kiosk.facts.append)
        await player.play(Peer("agent", "Agent", it.paper.push))
        await it.kiosk.fact(PeerStarted("agent", with_picture=False), 20)
        level = it.kiosk.speaker.level_dbfs
        await player.close()

    assert level < -90


async def test_a_camera_that_is_unplugged_is_told_and_sound_goes_on() -> None:
    async with call() as it:
        await eventually(lambda: it.stage.counts.units_up > 50, 20)
        await it.ask("unplug('camera')")
        failed = await it.until('heard("failed")[0]')
        up = it.stage.counts.units_up
        await eventually(lambda: it.stage.counts.units_up > up + 50, 20)
        await it.ask("unplug('microphone')")
        await it.until('heard("failed")[1]')
        up = it.stage.counts.units_up
        await eventually(lambda: it.stage.counts.units_up > up + 50, 20)

    assert failed["what"] == "camera"
    assert it.stage.counts.pushes_lost == 0


async def test_a_page_that_is_too_slow_loses_pictures_and_holds_none_back() -> None:
    async with call() as it:
        await it.until("figures()")
        session = await it.agent.page.context.new_cdp_session(it.agent.page)
        await session.send("Debugger.enable")
        await session.send("Debugger.pause")
        sent = it.stage.counts.bytes_down
        await asyncio.sleep(4)
        held = it.stage.counts.bytes_down - sent
        dropped = it.stage.counts.units_dropped_down
        await session.send("Debugger.resume")
        await asyncio.sleep(2)
        age = await it.ask("age()")

    assert dropped > 50
    assert held < 120_000
    assert age is not None
    assert age < 1500


async def test_on_a_narrow_way_pictures_give_way_and_sound_goes_on() -> None:
    async with open_relay() as (_, host, port):
        paper = PaperCall(push_url=f"rtmp://{host}:{port}/live/agent")
        kit = MediaKit()
        async with (
            desk_stage(paper) as stage,
            narrow(stage.port) as way,
            browser() as agent,
        ):
            await agent.page.goto(f"http://localhost:{way.port}/")
            await agent.page.evaluate("() => stage.beginStamped()")
            player = kit.session.new_player(kit.facts.append)
            await player.play(Peer("agent", "Agent", paper.push))
            await kit.fact(PeerStarted("agent"), 20)
            await asyncio.sleep(3)
            before, sounded = player.stats[0], asyncio.get_running_loop().time()
            way.bps = 200_000
            await asyncio.sleep(8)
            figures = await agent.page.evaluate("() => stage.figures()")
            after, now = player.stats[0], asyncio.get_running_loop().time()
            await player.close()

    silent_ms = after.concealed_ms - before.concealed_ms
    assert figures["allowedBps"] < 300_000
    assert after.pictures_shown > before.pictures_shown
    assert silent_ms < 250 * (now - sounded)
    assert stage.counts.pushes_lost == 0
