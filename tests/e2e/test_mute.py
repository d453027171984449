"""
Mute proven from outside: what the relay delivered, decoded by ffmpeg.

The microphone hears a steady tone; the pictures carry the clock of the machine,
which tells when each sample was captured.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.branch import Branch, wait_until
from tests.fakes.hearing import peak_dbfs, tone_dbfs
from tests.fakes.programs import Party
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.stranger_agent import (
    Pull,
    Sound,
    StrangerAgent,
    make_clip,
    push,
    running,
)


pytestmark = pytest.mark.e2e

TONE_HZ = 500
SILENCE = -90.0  # dBFS
MUTED_WITHIN_S = 0.150
NEIGHBOUR_S = 0.05  # an AAC block sounds into the next one


@dataclass(frozen=True)
class Scene:
    kiosk: Party
    agent: StrangerAgent
    relay: Proxy
    """Between the kiosk and the relay; others may go past it."""
    rtmp_port: int

    def past_the_proxy(self, url: str) -> str:
        return url.replace(self.relay.address, f"127.0.0.1:{self.rtmp_port}")

    def play_url(self, other_than: str = "") -> str:
        """Return where the kiosk's stream can be pulled, past the proxy."""
        return self.agent.wait_for_play_url(other_than)


@pytest.fixture(scope="module")
def scene_of_the_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    clip = make_clip(folder / "clip.flv", 5)
    with proxy() as relay, Branch() as branch:
        server = branch.start_server(
            public_rtmp=relay.address, heartbeat_timeout_s=60.0
        )
        relay.lead_to(server.rtmp_port)
        kiosk = branch.start_kiosk(
            room={"dialect": "v1"}, microphone={"device": f"tone:{TONE_HZ}"}
        )
        agent = StrangerAgent(server.url)
        made = Scene(kiosk, agent, relay, server.rtmp_port)
        with running(
            folder / "push.log", *push(clip, made.past_the_proxy(agent.push_url))
        ):
            agent.open_room()
            yield made


@pytest.fixture
def now(scene_of_the_module: Scene) -> Iterator[Scene]:
    """A stranger waits in the room, the kiosk is idle, all its media pass a proxy."""
    scene_of_the_module.kiosk.wait_for("IDLE")
    yield scene_of_the_module
    scene_of_the_module.kiosk.press("hangup")


def hear(pull: Pull, seconds: float) -> None:
    """Wait until so much more sound is decoded."""
    wanted = pull.seconds_heard + seconds
    wait_until(lambda: pull.seconds_heard > wanted, f"{seconds:g} s of sound")


def loud(sound: Sound, from_s: float, until_s: float) -> bool:
    return tone_dbfs(sound.between(from_s, until_s), TONE_HZ) > -30


def test_mute_holds_from_the_first_sample_and_from_each_press(
    now: Scene, tmp_path: Path
) -> None:
    pull = Pull(tmp_path)
    now.kiosk.press("call")
    now.kiosk.press("mute")
    with pull.running(now.past_the_proxy(now.play_url())):
        hear(pull, 1.2)
        assert now.kiosk.wait_for("IN_CALL", 12.0)["muted"]
        unmuted_at = time.monotonic()
        now.kiosk.press("mute")
        hear(pull, 0.8)
        muted_at = time.monotonic()
        now.kiosk.press("mute")
        hear(pull, 1.2)
        spoke_at = time.monotonic()
        now.kiosk.press("mute")
        hear(pull, 0.8)

    sound = pull.sound()
    entering = sound.between(sound.starts_s, unmuted_at - NEIGHBOUR_S)
    muted = sound.between(muted_at + MUTED_WITHIN_S, spoke_at - NEIGHBOUR_S)
    assert entering.size > 24_000
    assert peak_dbfs(entering) <= SILENCE
    assert loud(sound, unmuted_at, muted_at)
    assert muted.size > 24_000
    assert peak_dbfs(muted) <= SILENCE
    assert loud(sound, spoke_at, sound.ends_s)


def test_mute_survives_a_reconnect(now: Scene, tmp_path: Path) -> None:
    before, after = Pull(tmp_path, "before"), Pull(tmp_path, "after")
    now.kiosk.press("call")
    now.kiosk.wait_for("IN_CALL", 12.0)
    url = now.play_url()
    with before.running(now.past_the_proxy(url)):
        hear(before, 0.5)
        muted_at = time.monotonic()
        now.kiosk.press("mute")
        hear(before, 0.5)
        now.relay.reset()
        fresh = now.play_url(other_than=url)
    with after.running(now.past_the_proxy(fresh)):
        hear(after, 1.0)
        status = now.kiosk.wait_for("IN_CALL")
        unmuted_at = time.monotonic()
        now.kiosk.press("mute")
        hear(after, 1.0)

    assert status["muted"]
    assert status["push"]["reconnects"] >= 1
    old, new = before.sound(), after.sound()
    assert loud(old, old.starts_s, muted_at)
    assert peak_dbfs(old.between(muted_at + MUTED_WITHIN_S, old.ends_s)) <= SILENCE
    still = new.between(new.starts_s, unmuted_at - NEIGHBOUR_S)
    assert still.size > 24_000
    assert peak_dbfs(still) <= SILENCE
    assert loud(new, unmuted_at, new.ends_s)
