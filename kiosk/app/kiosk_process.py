"""
Builds a kiosk from its configuration and runs it until it is told to stop.

The order is what the customer notices: display and first screen, then the
heavy imports (codecs), then room service, buttons and control socket.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from kiosk import ports
from kiosk.app import devices
from kiosk.app.call_archive import archive_of
from kiosk.app.chime import ring
from kiosk.app.devices import Remembered
from kiosk.app.fleet_facts import FleetFacts, serial_of
from kiosk.app.leaves import leaves_of
from kiosk.app.log_setup import set_up_log
from kiosk.app.memory import keep_memory_small
from kiosk.app.television import make_television
from kiosk.app.told import notices_in, still_words_in
from kiosk.app.trust import client_context, usable
from kiosk.call.events import Timer
from kiosk.call.states import Role, State
from kiosk.codec.presets import PRESETS
from kiosk.config.hours import is_open
from kiosk.config.schema import KioskConfig
from kiosk.config.values import parse_reply
from kiosk.control.server import ControlServer
from kiosk.daemon.call_facts import facts_of
from kiosk.daemon.devices_open import DevicesOpen
from kiosk.daemon.loop import Daemon
from kiosk.daemon.outside import Outside
from kiosk.daemon.replies import Reply
from kiosk.daemon.reporter import Reporter
from kiosk.daemon.settings import DaemonSettings
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.headless import HeadlessDisplay
from kiosk.errors import ConfigError, KioskError
from kiosk.ports import ScreenFacts, ScreenName
from kiosk.room.conversation import Identity
from kiosk.room.messages import Dialect, RoomType
from kiosk.room.session import Wanted
from kiosk.room.still_requests import ANSWER_S
from kiosk.roomclient.service import HttpRoomService, new_room_service
from kiosk.ui.layout import pip_rect
from kiosk.ui.presenter import PillowScreens, ScreenPresenter
from kiosk.ui.screens import Branding


log = logging.getLogger(__name__)


def run_kiosk(
    config: KioskConfig,
    problem: ConfigError | None,
    make_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> int:
    """
    Run until SIGTERM or SIGINT and return the exit status.

    Args:
        config: What the kiosk is told.
        problem: What is wrong with it: the kiosk then says so and calls nobody.
        make_loop: Makes the event loop, instead of asyncio.

    """
    set_up_log(config.log.level, config.log.format)
    keep_memory_small()
    config, problem = usable(config, problem)
    try:
        with asyncio.Runner(loop_factory=make_loop) as runner:
            runner.run(_run(config, problem))
    except* KioskError as group:
        for exc in leaves_of(group):
            log.error("kiosk stopped", extra={"code": exc.code, "reason": str(exc)})  # noqa: TRY400 -- the reason is the whole story
        return_code = os.EX_UNAVAILABLE
    except* Exception:
        # Whatever it was: a new process is the cure, and systemd starts one.
        log.exception("kiosk failed", extra={"code": "K003"})
        return_code = os.EX_TEMPFAIL
    else:
        return_code = os.EX_OK
    return return_code


async def _run(config: KioskConfig, problem: ConfigError | None) -> None:
    clock = MonotonicClock()
    display = open_display(config, clock)
    try:
        presenter = ScreenPresenter(
            display,
            clock,
            language=config.kiosk.language,
            branding=Branding(config.kiosk.branch or "", config.kiosk.name),
            self_view=_camera_shape(config) if config.display.self_view else None,
        )
        with PillowScreens(presenter) as screens:
            first = ScreenName.UNCONFIGURED if problem else ScreenName.STARTING
            facts = ScreenFacts(reason=_words(problem), since=clock.now())
            screens.show(first, facts)
            async with make_room_service(config, clock) as room:
                daemon = _daemon(
                    config,
                    clock,
                    pictures=presenter,
                    screens=screens,
                    room=room,
                    problem=problem,
                )
                reporter = _reporter(config, clock, daemon, room)
                await _serve(config, daemon, None if problem else reporter)
    finally:
        display.close()


async def _serve(
    config: KioskConfig, daemon: Daemon, reporter: Reporter | None
) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, daemon.stop)
    crash: asyncio.Future[None] = loop.create_future()
    loop.set_exception_handler(partial(_crashed, crash))
    control = ControlServer(config.control.socket, daemon)
    control.open()
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(control.serve())
        beside = [group.create_task(_until(crash))]
        if reporter is not None:
            beside.append(group.create_task(reporter.run()))
        try:
            await daemon.run()
        finally:
            for task in beside:
                task.cancel()
            control.close()
            await asyncio.wait({serving}, timeout=1.0)


def _crashed(
    crash: asyncio.Future[None], _: asyncio.AbstractEventLoop, context: dict[str, Any]
) -> None:
    """Let an error that nobody waits for, of a media thread say, end the process."""
    error = context.get("exception") or RuntimeError(context["message"])
    if not crash.done():
        crash.set_exception(error)


async def _until(crash: asyncio.Future[None]) -> None:
    await crash


def _daemon(
    config: KioskConfig,
    clock: ports.Clock,
    *,
    pictures: ScreenPresenter,
    screens: ports.Screens,
    room: HttpRoomService,
    problem: ConfigError | None,
) -> Daemon:
    camera = Remembered(partial(devices.make_camera, config, clock))
    microphone = Remembered(partial(devices.make_microphone, config, clock))
    speaker = Remembered(partial(devices.make_speaker, config, clock))
    media = make_media(
        config,
        clock,
        pictures.pictures,
        make_camera=camera,
        make_microphone=microphone,
        make_speaker=speaker,
    )

    television, plays = make_television(
        config,
        clock,
        room,
        make_media=make_media,
        display=pictures.television,
        make_speaker=speaker,
    )

    def observe() -> DevicesOpen:
        return DevicesOpen(
            camera=camera.last is not None and camera.last.is_open,
            microphone=microphone.last is not None and microphone.last.is_open,
            speaker=speaker.last is not None and speaker.last.is_open,
        )

    outside = Outside(
        clock=clock,
        room=room,
        media=media,
        screens=screens,
        display=pictures.pictures,
        buttons=devices.make_buttons(config, clock),
        indicators=devices.make_indicators(config, clock),
        init=devices.make_init(os.environ.get("NOTIFY_SOCKET")),
        observe=observe,
        progressed=_Progress(lambda: {**media.progress(), **plays()}),
        is_open_now=partial(_is_open_now, config, clock),
        calls=archive_of(config.calls, os.environ),
        chime=partial(ring, speaker),
        television=television,
    )
    start = State.UNCONFIGURED if problem else State.OUT_OF_SERVICE
    settings = replace(settings_of(config), problem=_words(problem))
    return Daemon(settings, outside, start)


def _words(problem: ConfigError | None) -> str:
    return f"C001 {problem.mistakes[0]}" if problem else ""


def make_media(
    config: KioskConfig, clock: ports.Clock, display: ports.Display, **make: Any
) -> Any:
    """
    Make the media of a kiosk; the devices come from ``make_camera`` and so on.

    ``hears_itself`` says that the sound to measure is our own, from an echo.
    """
    session = import_module("kiosk.media.session")
    bounds = import_module("kiosk.media.jitter").DelayBounds(
        start_us=config.media.target_ms * 1_000,
        least_us=config.media.min_ms * 1_000,
        most_us=config.media.max_ms * 1_000,
    )
    preset = PRESETS[config.camera.preset]
    bitrate = (config.camera.bitrate_kbps or 0) * 1_000 or preset.bitrate
    own, theirs = devices.beep_hz(config)
    meter_hz = own if make.pop("hears_itself", False) else theirs
    return session.MediaSession(
        clock,
        display=display,
        settings=session.MediaSettings(
            bitrate=bitrate,
            ceiling=max(bitrate, preset.ceiling),
            picture_rate=float(config.camera.picture_rate),
            opus=config.audio.codec == "auto",
            self_view=pip_rect if config.display.self_view else None,
            link=import_module("kiosk.media.dialling").LinkLimits(
                plain_anywhere=config.network.insecure
            ),
            delay=bounds,
            tls=client_context(config.network),
        ),
        cancellers=_cancellers(config),
        sound_meter=import_module("kiosk.codec.beep").BeepMeter(meter_hz),
        **make,
    )


def _cancellers(config: KioskConfig) -> Any:
    echo = import_module("kiosk.media.echo")
    usable = devices.echo_cancellers(config)
    return echo.Cancellers(
        [echo.Choice(name, make) for name, make in usable],
        gain_control=config.audio.gain_control,
    )


class _Progress:
    """Whether every running thread moved since it was asked last."""

    def __init__(self, counters: Callable[[], Mapping[str, int]]) -> None:
        self._counters = counters
        self._last: Mapping[str, int] = {}

    def __call__(self) -> bool:
        now = dict(self._counters())
        moved = all(now[name] != self._last.get(name) for name in now)
        self._last = now
        return moved


def settings_of(config: KioskConfig) -> DaemonSettings:
    """Return the daemon's share of the configuration."""
    call = config.call
    role = Role(call.role)
    return DaemonSettings(
        role=role,
        durations_s={
            Timer.RESERVE: call.reserve_s,
            Timer.PUBLISH: call.publish_s,
            # An agent's kiosk waits for customers, as long as it takes.
            Timer.ANSWER: call.answer_s if role is Role.KIOSK else None,
            Timer.PICTURE: call.picture_s,
            Timer.RECONNECT: call.reconnect_s,
            Timer.GRACE: call.grace_s,
            Timer.CHIME: call.chime_s,
            Timer.STILL: ANSWER_S,
            Timer.ENDED: call.ended_s,
        },
        insecure=config.network.insecure,
        notices=notices_in(config.kiosk.language) if call.notices else {},
        replies=tuple(map(_reply, call.replies)),
        broadcasts=config.room.type == RoomType.LIVE.value,
        still_words=still_words_in(config.kiosk.language),
    )


def _reply(configured: str) -> Reply:
    pattern, text = parse_reply(configured)
    return Reply(text, pattern)


def _camera_shape(config: KioskConfig) -> tuple[int, int]:
    preset = PRESETS[config.camera.preset]
    return preset.width, preset.height


def open_display(config: KioskConfig, clock: ports.Clock) -> HeadlessDisplay:
    """Open the display; whoever asked for it closes it."""
    width, height = config.display.pixels
    framebuffer = config.display.framebuffer
    display = HeadlessDisplay(
        clock,
        width=width,
        height=height,
        framebuffer=Path(framebuffer) if framebuffer else None,
    )
    display.open()
    return display


def make_room_service(config: KioskConfig, clock: ports.Clock) -> HttpRoomService:
    """Make the way into the configured rooms, not entered yet."""
    room = config.room
    room_type = RoomType(room.type)
    return new_room_service(
        room.server,
        Identity(
            room.user_name or config.kiosk.name,
            room.user_id or "",
            enrolment_key=room.enrolment_key.get_secret_value()
            if room.enrolment_key
            else "",
        ),
        Wanted(room.target, create=room.create, capacity=room_type.usual_capacity),
        clock,
        dialect=Dialect(room.dialect),
        room_type=room_type,
        tls=client_context(config.network),
        im_gateway=config.im.gateway if config.im.provider == "tencent" else "",
    )


def _reporter(
    config: KioskConfig, clock: ports.Clock, daemon: Daemon, room: HttpRoomService
) -> Reporter | None:
    fleet = config.fleet
    if not fleet.report_s:
        return None
    facts = FleetFacts(
        fleet.serial or serial_of(),
        fleet.report_s,
        clock=clock,
        status=daemon.status,
        last_call=lambda: facts_of(daemon.last_call) if daemon.last_call else {},
    )
    return Reporter(room, facts, fleet.report_s, secrets.SystemRandom().random)


def _is_open_now(config: KioskConfig, clock: ports.Clock) -> bool:
    local = time.localtime(clock.wall_s())
    return is_open(config.hours.week, local.tm_wday, local.tm_hour * 60 + local.tm_min)
