"""
What a kiosk does while servers accept and say nothing, or stop reading.

Four calls behind two proxies, one before the relay and one before the room
service.  All the time the control socket is asked for the status, and an empty
event loop runs beside in a process of its own: a loop that turns late in both
was held up by the machine.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.bench.processes import EmptyLoop, empty_loop
from tests.bench.report import SPREAD, Bar, Number, Result, Table, spread
from tests.bench.stage import open_stage
from tests.fakes.branch import room_members
from tests.fakes.programs import Party, Server
from tests.fakes.proxy import Proxy, proxy


P999_MS, ABOVE_EMPTY_MS = 50.0, 20.0
CLOSED_MS, PRESS_MS = 1000.0, 500.0
PUBLISH_S, SEND_S, RECONNECT_S = 3.0, 4.0, 10.0
BUFFERS_S = 2.0
"""What the sockets on the way take before anybody can notice: 128 kB."""

SLACK_S = 1.0
HEARTBEAT_TIMEOUT_S = 4.0
ROUNDS, ROUNDS_FULL = 1, 5
_PAUSE_S = 0.03
_SETTLE_S = 2.0
_REPEATS = 2


@dataclass(slots=True)
class Watch:
    """
    Asks a kiosk for its status again and again, and notes how long that took.

    Attributes:
        trips_ms: Round trips of status requests.
        presses_ms: Round trips of presses.

    """

    kiosk: Party
    trips_ms: list[float] = field(default_factory=list)
    presses_ms: list[float] = field(default_factory=list)

    def status(self) -> dict[str, Any]:
        began = time.monotonic()
        status = self.kiosk.status()
        self.trips_ms.append(1000 * (time.monotonic() - began))
        return status

    def press(self, button: str) -> None:
        began = time.monotonic()
        self.kiosk.press(button)
        self.presses_ms.append(1000 * (time.monotonic() - began))

    def until(
        self, is_true: Callable[[dict[str, Any]], bool], seconds: float
    ) -> float | None:
        """Return after how many ms it became true, or None when it did not."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if is_true(self.status()):
                return 1000 * (time.monotonic() - began)
            time.sleep(_PAUSE_S)
        return None

    def rest(self, seconds: float) -> None:
        """Look on for so long."""
        self.until(lambda status: False, seconds)


@dataclass(slots=True)
class Scene:
    """
    One call with something wrong.

    Attributes:
        kiosk, empty: Event loop, late by how much.
        promises: What was timed, with its bound.

    """

    name: str
    watch: Watch
    kiosk: dict[str, float] = field(default_factory=dict)
    empty: dict[str, float] = field(default_factory=dict)
    promises: list[Bar] = field(default_factory=list)

    def promise(
        self, what: str, value: float | None, bound: float, unit: str = "ms"
    ) -> None:
        at_least = unit == "seat"
        self.promises.append(Bar(f"{self.name}: {what}", value, bound, unit, at_least))

    @property
    def above_empty_ms(self) -> float:
        return self.kiosk["max"] - self.empty["max"]


@dataclass(frozen=True, slots=True)
class World:
    server: Server
    media: Proxy
    rooms: Proxy
    agent: Party
    kiosk: Party
    empty: EmptyLoop

    @contextlib.contextmanager
    def scene(self, name: str) -> Generator[Scene]:
        """Everybody ready before; everything works again afterwards."""
        self.kiosk.wait_for("IDLE", 20.0)
        self.agent.wait_for("WAITING", 30.0)
        scene = Scene(name, Watch(self.kiosk))
        self.empty.snapshot()
        try:
            yield scene
            scene.empty = self.empty.snapshot()
            scene.kiosk = self.kiosk.status()["loop_stall_ms"]
        finally:
            self.media.flow()
            self.rooms.flow()
            self.kiosk.press("hangup")

    def call(self, scene: Scene) -> None:
        """Be in a call, and a moment later too."""
        scene.watch.press("call")
        self.kiosk.wait_for("IN_CALL")
        scene.watch.rest(_SETTLE_S)


def run(*, full: bool) -> Result:
    notes: list[str] = []
    with _world() as world:
        scenes = [
            _undisturbed(world, play, notes)
            for _ in range(ROUNDS_FULL if full else ROUNDS)
            for play in PLAYS
        ]
    return Result(
        "silent_server",
        [_loops(scenes), _trips(scenes)],
        list(_bars(scenes)),
        notes,
        numbers={
            "scenes": [
                {"name": s.name, "kiosk": s.kiosk, "empty": s.empty} for s in scenes
            ]
        },
    )


@contextlib.contextmanager
def _world() -> Generator[World]:
    with (
        proxy() as media,
        proxy() as rooms,
        open_stage() as stage,
        empty_loop() as empty,
    ):
        server = stage.start_server(
            public_rtmp=media.address,
            heartbeat_timeout_s=HEARTBEAT_TIMEOUT_S,
            sweep_s=0.5,
        )
        media.lead_to(server.rtmp_port)
        rooms.lead_to(int(server.url.rpartition(":")[2]))
        agent = stage.start_agent()
        stage.branch.server_url = f"http://{rooms.address}"
        kiosk = stage.start_kiosk()
        yield World(server, media, rooms, agent, kiosk, empty)


def _undisturbed(world: World, play: Play, notes: list[str]) -> Scene:
    """
    Play a scene, again if an empty loop too was late by more than the bound.

    A loop that does nothing and is late was held up by the machine: that
    measures no kiosk.  What the kiosk alone does is never measured again.
    """
    scene = play(world)
    for _ in range(_REPEATS):
        if scene.empty["max"] <= P999_MS:
            break
        notes.append(
            f"{scene.name}: played again, the machine held an empty loop up for "
            f"{scene.empty['max']:.0f} ms (the kiosk: {scene.kiosk['max']:.0f} ms)"
        )
        scene = play(world)
    return scene


def _silent_relay(world: World) -> Scene:
    with world.scene("silent relay") as scene:
        world.media.stall()
        scene.watch.press("call")
        ended = scene.watch.until(
            lambda now: now["state"] == "ENDED", PUBLISH_S + 2 * SLACK_S
        )
        bound = 1000 * (PUBLISH_S + SLACK_S)
        scene.promise("the call ended by its deadline", ended, bound)
    return scene


def _hang_up_on_a_silent_relay(world: World) -> Scene:
    with world.scene("silent relay, hang-up") as scene:
        world.media.stall()
        scene.watch.press("call")
        scene.watch.rest(1.0)
        _hang_up(scene)
    return scene


def _relay_stops_reading(world: World) -> Scene:
    with world.scene("relay stops reading") as scene:
        world.call(scene)
        me = world.kiosk.status()["user_id"]
        stalled = time.monotonic()
        world.media.stall()
        _mute_twice(scene)
        scene.watch.rest(HEARTBEAT_TIMEOUT_S + 2.0)
        seats = float(me in room_members(world.server.url))
        scene.promise("heartbeats kept the seat", seats, 1.0, "seat")
        ended = scene.watch.until(
            lambda now: now["state"] == "ENDED",
            BUFFERS_S + SEND_S + RECONNECT_S + SLACK_S,
        )
        bound = 1000 * (BUFFERS_S + SEND_S + RECONNECT_S + SLACK_S)
        whole = None if ended is None else 1000 * (time.monotonic() - stalled)
        scene.promise("the call ended by its deadline", whole, bound)
    return scene


def _hang_up_on_a_stopped_relay(world: World) -> Scene:
    with world.scene("relay stops reading, hang-up") as scene:
        world.call(scene)
        world.media.stall()
        scene.watch.rest(1.5)
        _mute_twice(scene)
        _hang_up(scene)
    return scene


def _silent_room_service(world: World) -> Scene:
    with world.scene("silent room service") as scene:
        world.call(scene)
        world.rooms.stall()
        scene.watch.rest(2.0)
        _mute_twice(scene)
        _hang_up(scene)
    return scene


Play = Callable[[World], Scene]

PLAYS: tuple[Play, ...] = (
    _silent_relay,
    _hang_up_on_a_silent_relay,
    _relay_stops_reading,
    _hang_up_on_a_stopped_relay,
    _silent_room_service,
)


def _mute_twice(scene: Scene) -> None:
    for wanted in (True, False):
        scene.watch.press("mute")
        took = scene.watch.until(partial(_is_muted, wanted), 2.0)
        scene.promise("mute pressed to told", took, PRESS_MS)


def _is_muted(wanted: bool, status: dict[str, Any]) -> bool:
    return bool(status["muted"]) is wanted


def _hang_up(scene: Scene) -> None:
    scene.watch.press("hangup")
    closed = scene.watch.until(
        lambda now: not any(now["devices"].values()), 2 * CLOSED_MS / 1000
    )
    scene.promise("hang-up to camera closed", closed, CLOSED_MS)


def _loops(scenes: list[Scene]) -> Table:
    header = ("", "n", "p99.9", "max", "n empty", "p99.9 empty", "max empty")
    rows: list[tuple[str | Number, ...]] = [
        (
            scene.name,
            *(scene.kiosk[key] for key in ("n", "p999", "max")),
            *(scene.empty[key] for key in ("n", "p999", "max")),
        )
        for scene in scenes
    ]
    return Table("How late the event loop turns, ms", header, rows)


def _trips(scenes: list[Scene]) -> Table:
    trips = [ms for scene in scenes for ms in scene.watch.trips_ms]
    presses = [ms for scene in scenes for ms in scene.watch.presses_ms]
    rows = [("status", *spread(trips)), ("press", *spread(presses))]
    return Table("Round trips on the control socket, ms", ("", *SPREAD), rows)


def _bars(scenes: list[Scene]) -> Iterator[Bar]:
    """Yield each promise once, as it was kept worst."""
    by_name: dict[str, list[Scene]] = {}
    promises: dict[str, list[Bar]] = {}
    for scene in scenes:
        by_name.setdefault(scene.name, []).append(scene)
        for bar in scene.promises:
            promises.setdefault(bar.what, []).append(bar)
    for name, same in by_name.items():
        p999 = max(scene.kiosk["p999"] for scene in same)
        yield Bar(f"{name}: loop late, p99.9", p999, P999_MS)
        worst = max(same, key=lambda scene: scene.above_empty_ms)
        bound = worst.empty["max"] + ABOVE_EMPTY_MS
        yield Bar(f"{name}: loop late, worst", worst.kiosk["max"], bound)
    for bars in promises.values():
        yield min(bars, key=_kept)


def _kept(bar: Bar) -> float:
    """Return how well a promise was kept, for comparison."""
    if bar.value is None:
        return float("-inf")
    return bar.value if bar.at_least else -bar.value
