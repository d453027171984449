"""Faults of the devices, as they come on a desk: absent, unplugged, hanging."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench.outside_reader import Panel
from tests.fakes.branch import wait_for_new_pictures, wait_until
from tests.fakes.stranger_agent import make_clip
from tests.fakes.web_socket import WebSocketClient
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.injectors.machine import has_exited, hung_thread, statuses_of
from tests.faults.noticing import BOUNDS_S
from tests.faults.stage import Stage


_LOAD_S: Final = 1.0
"""What a crowded machine adds between what is done and what can be seen of it."""
_FLIP_S: Final = 3.5
"""So long a display may show nothing new while it is asked to, and until the next look."""
_GIVEN_UP: Final = "no page flip for 3 s"
_LEFT: Final = (
    "display left"  # the fake card waits two seconds more for its hung thread
)


@injector("D01")
@contextmanager
def camera_absent_at_boot(stage: Stage, params: Params) -> Iterator[None]:
    """The kiosk begins without its camera; that is plugged in later."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-fault-"))
    weakref.finalize(stage, shutil.rmtree, folder, True)
    camera = folder / "camera.mp4"
    kept = make_clip(folder / "kept.mp4", 30)
    usual = stage.plan
    device = {"camera": {"device": f"file:{camera}"}}
    with stage.supervision.resting():
        stage.kiosk.stop()
        stage.plan = replace(usual, kiosk={**usual.kiosk, **device})
        try:
            stage.start_kiosk()
        finally:
            stage.plan = usual
        stage.supervision.record.starts.append(time.monotonic())
        stage.kiosk.wait_for("OUT_OF_SERVICE", 60.0)
    yield
    kept.rename(camera)


@injector("D02")
@contextmanager
def camera_unplugged(stage: Stage, params: Params) -> Iterator[None]:
    """In a call: the agent sees a card in time, and the camera again when it is back."""
    agent = Panel(stage.folder / "agent.fb")
    throw(stage, "camera", on=True)
    gone = time.monotonic()
    wait_until(lambda: agent.look().age_ms is None, "a card", 20.0)
    took = time.monotonic() - gone
    assert took <= BOUNDS_S["B"] + _LOAD_S, f"a card after {took:.1f} s"
    wait_for_new_pictures(stage.agent)
    yield
    assert stage.screen() == "in_call"
    throw(stage, "camera", on=False)
    back = time.monotonic()
    wait_until(lambda: agent.look().age_ms is not None, "the camera", 20.0)
    took = time.monotonic() - back
    assert took <= BOUNDS_S["B"] + _LOAD_S, f"the camera again after {took:.1f} s"


@injector("D03")
@contextmanager
def camera_never_stops(stage: Stage, params: Params) -> Iterator[None]:
    """The camera's thread stays in the kernel; the customer hangs up."""
    pid = stage.kiosk.pid
    with hung_thread(stage, "camera"):
        stage.kiosk.press("hangup")
        wait_until(lambda: has_exited(pid), "an end")
    yield
    assert statuses_of(stage) == [75], f"ended with {statuses_of(stage)}"


@injector("D12")
@contextmanager
def flips_lost(stage: Stage, params: Params) -> Iterator[None]:
    """The display's hardware tells of no flip any more, whatever is asked of it."""
    pid, said = stage.kiosk.pid, len(stage.kiosk.log)
    with hung_thread(stage, "fake-vblank"):
        began = time.monotonic()
        if stage.screen() == "idle":
            stage.kiosk.press("call")  # something has to be shown for it to be noticed
        wait_until(lambda: _LEFT in stage.kiosk.log[said:], "given up", 30.0)
        took = time.monotonic() - began
        wait_until(lambda: has_exited(pid), "an end")
        assert _GIVEN_UP in stage.kiosk.log[said:]
    yield
    bound = (_FLIP_S + _LOAD_S) * stage.patience
    assert took <= bound, f"given up after {took:.1f} s"
    assert statuses_of(stage) == [75], f"ended with {statuses_of(stage)}"


def throw(stage: Stage, switch: str, *, on: bool) -> None:
    """Throw a switch of the simulator's page, as its reader would."""
    address = str(json.loads(stage.kiosk.printed)["simulator"])
    origin, _, path = address.removeprefix("http://").partition("/")

    async def thrown() -> None:
        url = f"http://{origin}"
        async with (
            asyncio.timeout(10.0),
            WebSocketClient(url, f"/{path}socket", {"Origin": url}) as page,
        ):
            await page.send({"switch": switch, "on": on})
            told = f'"{switch}":{json.dumps(on)}'.encode()
            while told not in (await page.next_bytes()).replace(b" ", b""):
                pass  # the kiosk's screen, and facts from before

    asyncio.run(thrown())
