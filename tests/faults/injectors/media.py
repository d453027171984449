"""Faults of the relay and of the way to it: gone, silent, full, half-open, refusing."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.fakes.branch import play_urls, wait_for_new_pictures
from tests.fakes.proxy import Way
from tests.fakes.silent_server import silent_server
from tests.fakes.stranger_agent import Pull
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.injectors.room_service import answering, changing
from tests.faults.injectors.streams import agents_stream
from tests.faults.stage import Stage


_BETWEEN_S: Final = 1.0


@injector("M01")
@contextmanager
def relay_killed(stage: Stage, params: Params) -> Iterator[None]:
    """The relay is killed, its room server with it, and comes back after a second."""
    stage.server.kill()
    time.sleep(_BETWEEN_S)
    stage.restart_server()
    yield


@injector("M02")
@contextmanager
def relay_silent(stage: Stage, params: Params) -> Iterator[None]:
    """Whoever connects to the relay is accepted and told nothing."""
    with silent_server() as port:
        stage.media.lead_to(port)
        stage.media.reset()
        yield
        stage.media.lead_to(stage.server.rtmp_port)
        stage.media.reset()


@injector("M03")
@contextmanager
def stops_reading(stage: Stage, params: Params) -> Iterator[None]:
    """What we send is taken no more; what others sent still comes."""
    stage.media.stall(Way.THERE)
    yield
    stage.media.flow()


@injector("M04")
@contextmanager
def half_open(stage: Stage, params: Params) -> Iterator[None]:
    """The other half of every connection is gone, and nobody said so."""
    stage.media.swallow()
    yield
    stage.media.flow()


@injector("M05")
@contextmanager
def refuses_key(stage: Stage, params: Params) -> Iterator[None]:
    """The relay takes none of the keys that the room service gives; streams are cut."""

    def spoil(wire: dict[str, object]) -> None:
        url = str(wire["pushURL"])
        wire["pushURL"] = url[:-6] + "".join("AB"[one == "A"] for one in url[-6:])

    with answering(stage, changing(spoil, "get_push_url")):
        stage.media.reset()
        yield


@injector("M06")
@contextmanager
def haunts(stage: Stage, params: Params) -> Iterator[None]:
    """Streams of an earlier call of ours stay at the relay, under the names they had."""
    stage.kiosk.press("call")
    stage.kiosk.wait_for("IN_CALL")
    stage.media.leave_ghosts()
    stage.kiosk.press("hangup")
    stage.kiosk.wait_for("IDLE")
    stage.agent.wait_for("WAITING")
    stage.kiosk.press("call")
    stage.kiosk.wait_for("IN_CALL")
    wait_for_new_pictures(stage.kiosk)
    stage.kiosk.press("hangup")
    yield
    stage.media.flow()


@injector("M15")
@contextmanager
def bursts(stage: Stage, params: Params) -> Iterator[None]:
    """For five seconds nothing comes, and then all of it at once."""
    stage.media.stall(Way.BACK)
    yield
    stage.media.flow()


@injector("M18")
@contextmanager
def hangs_up_late(stage: Stage, params: Params) -> Iterator[None]:
    """The customer hangs up while the stream is being opened, and it opens then."""
    stage.kiosk.press("hangup")
    yield
    assert not stage.status()["devices"]["camera_open"], "the camera came on"


@injector("M20")
@contextmanager
def has_slow_viewer(stage: Stage, params: Params) -> Iterator[None]:
    """Somebody else plays the agent's stream, and reads no more."""
    stream = agents_stream(stage)
    urls = [url for url in play_urls(stage.server.url).values() if stream in url]
    with (
        TemporaryDirectory() as folder,
        Pull(Path(folder)).running(urls[0]) as process,
    ):
        time.sleep(_BETWEEN_S)
        process.send_signal(signal.SIGSTOP)
        yield
        process.send_signal(signal.SIGCONT)
