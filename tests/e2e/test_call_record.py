"""
The record of a call held against what was seen from outside.

A proxy stalls the kiosk's media for a known time, the microphone is off for a
known time, the camera is taken away at a known moment; the framebuffer is
read by another program's code, as an eye before the panel would.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.media.capture_deadlines import CaptureDeadlines
from tests.bench.outside_reader import Panel
from tests.fakes.branch import Branch, wait_for_new_pictures, wait_until
from tests.fakes.programs import Party
from tests.fakes.proxy import Proxy, proxy
from tests.fakes.stranger_agent import make_clip


pytestmark = pytest.mark.e2e

STALL_S = 1.4
MUTED_S = 1.0
GLANCE_S = 0.004
LOAD_S = 0.35
"""What a crowded machine may add between the press and its effect."""


@dataclass
class Eye:
    """
    Looks at the panel as long as it is open.

    Attributes:
        pictures: How many were presented.
        longest_s: The longest time from one picture to the next.

    """

    panel: Panel
    pictures: int = 0
    longest_s: float = 0.0
    closed: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        seen = last_at = None
        while not self.closed.wait(GLANCE_S):
            glance = self.panel.look()
            if not glance.visible:
                seen = None
                continue
            if seen is not None:
                self.pictures += glance.counter - seen
            if glance.counter != seen:
                if last_at is not None:
                    gap_s = (glance.at_us - last_at) / 1e6
                    self.longest_s = max(self.longest_s, gap_s)
                last_at = glance.at_us
            seen = glance.counter


@contextmanager
def eye_on(framebuffer: Path) -> Iterator[Eye]:
    eye = Eye(Panel(framebuffer))
    looking = threading.Thread(target=eye.look)
    looking.start()
    try:
        yield eye
    finally:
        eye.closed.set()
        looking.join()


@dataclass
class Scene:
    branch: Branch
    kiosk: Party
    agent: Party
    relay: Proxy
    framebuffer: Path

    def record_of(self, party: Party) -> dict[str, Any]:
        """Return the record of its only call, once that is left."""
        wait_until(lambda: bool(party.control.calls()), f"{party.name}'s record")
        (record,) = party.control.calls()
        return record


@contextmanager
def scene(camera: str = "synthetic") -> Iterator[Scene]:
    with proxy() as relay, Branch() as branch:
        framebuffer = branch.folder / "panel"
        server = branch.start_server(public_rtmp=relay.address)
        relay.lead_to(server.rtmp_port)
        agent = branch.start_agent()
        agent.wait_for("WAITING")
        kiosk = branch.start_kiosk(
            camera={"device": camera},
            display={"framebuffer": str(framebuffer)},
            calls={"directory": str(branch.folder / "calls")},
        )
        kiosk.wait_for("IDLE")
        yield Scene(branch, kiosk, agent, relay, framebuffer)


def talk(now: Scene) -> None:
    now.kiosk.press("call")
    now.kiosk.wait_for("IN_CALL")
    wait_for_new_pictures(now.kiosk)


def test_the_record_says_what_was_seen_from_outside() -> None:
    with scene() as now, eye_on(now.framebuffer) as eye:
        pressed_at, wall_s = time.monotonic(), MonotonicClock().wall_s()
        talk(now)
        now.kiosk.press("mute")
        time.sleep(MUTED_S)
        now.kiosk.press("mute")
        now.relay.stall()
        time.sleep(STALL_S)
        now.relay.flow()
        wait_for_new_pictures(now.kiosk)
        now.kiosk.wait_for("IN_CALL")
        now.kiosk.press("hangup")
        record = now.record_of(now.kiosk)
        lasted_s = time.monotonic() - pressed_at
        now.agent.press("hangup")  # its call outlives its customers
        theirs = now.record_of(now.agent)
        (file,) = (now.branch.folder / "calls").iterdir()
        on_disk = json.loads(file.read_text())
        log = now.kiosk.log
    (of_agent,) = record["received"]
    (of_kiosk,) = theirs["received"]
    sent, gap = record["sent"], of_agent["picture_gap_ms"]

    assert on_disk == record
    assert "call ended call=1" in log
    assert record["ended_by"] == "hangup_pressed"
    assert abs(record["began_unix_ms"] / 1000 - wall_s) < LOAD_S
    assert lasted_s - 2.5 < record["duration_ms"] / 1000 < lasted_s
    # the picture as the panel had it: as many, but for some between two looks of an eye
    # that gets no turn at the processor, and as long a freeze
    assert 0.9 * of_agent["pictures_shown"] <= eye.pictures + 3
    assert eye.pictures <= of_agent["pictures_shown"] + 3
    assert gap["n"] == of_agent["pictures_shown"] - 1
    assert abs(gap["max"] / 1000 - eye.longest_s) < 0.1
    assert gap["max"] / 1000 > STALL_S - 0.3
    assert of_agent["silences"] == 1
    assert of_agent["underruns"] >= 1
    # silence was sent for as long as the microphone was off
    assert MUTED_S - 0.05 < sent["muted_ms"] / 1000 < MUTED_S + LOAD_S
    # what one side says it sent, the other cannot have had more of
    assert of_kiosk["pictures"] <= sent["pictures"]
    assert sent["pictures"] - of_kiosk["pictures"] < 45
    carried = sum(span["kbps"] * span["for_ms"] for span in sent["rates"]) / 8
    assert abs(carried - sent["size_bytes"]) < 0.02 * sent["size_bytes"]
    steps = list(record["set_up"].values())
    assert steps == sorted(steps)
    assert record["passages"][0]["state"] == "RESERVING"


def test_a_camera_that_goes_away_is_in_the_record_with_its_moment(
    tmp_path: Path,
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 3)
    with scene(f"file:{clip}") as now:
        pressed_at = time.monotonic()
        talk(now)
        lost_s = time.monotonic() - pressed_at
        clip.write_bytes(b"")
        now.kiosk.wait_until(lambda status: bool(status["faults"]), "camera lost")
        wait_for_new_pictures(now.agent)  # of a card
        now.kiosk.press("hangup")
        now.kiosk.wait_until(lambda status: status["calls_ended"] == 1, "call ended")
        record = now.record_of(now.kiosk)
    (loss,) = record["devices_lost"]

    assert record["ended_by"] == "hangup_pressed"
    assert loss["device"] == "camera"
    # six seconds after its last picture, for it may come back; and the clip may have
    # been read ahead
    away_s = CaptureDeadlines().away_s
    assert lost_s < loss["at_ms"] / 1000 < lost_s + 3 + away_s + 2 * LOAD_S
    assert record["duration_ms"] >= loss["at_ms"]
