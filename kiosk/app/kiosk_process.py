"""
Builds a kiosk from its configuration and runs it until it is told to stop.

The order is what the customer notices: display and first screen, then the
heavy imports (codecs), then room service, buttons and control socket.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

from kiosk import ports
from kiosk.app import devices
from kiosk.app.announcements import announcements_of
from kiosk.app.appearance import (
    attract_of,
    branding_of,
    look_of,
    place_of_self_view,
    texts_in,
)
from kiosk.app.call_archive import archive_of
from kiosk.app.call_devices import CallDevices, call_devices
from kiosk.app.call_memory import memory_of
from kiosk.app.chime import ring
from kiosk.app.daemon_settings import settings_of
from kiosk.app.display import open_display
from kiosk.app.display_care import DisplayCare
from kiosk.app.first_display import FirstDisplay
from kiosk.app.fleet_facts import installed_version, reporter_of, serial_of
from kiosk.app.footing import Footing
from kiosk.app.inspection import inspect, probes_of
from kiosk.app.instance import instance_of
from kiosk.app.lasting import Lasting
from kiosk.app.late_devices import late_lamps
from kiosk.app.leaves import leaves_of
from kiosk.app.local_time import live_in
from kiosk.app.machine_facts import machine_facts
from kiosk.app.memory import give_back_after_calls, keep_memory_small
from kiosk.app.metrics import metrics_of
from kiosk.app.network_news import tell_network_changes
from kiosk.app.progress import Progress
from kiosk.app.reload import Configured, Reload
from kiosk.app.room_service import asked_url, make_room_service
from kiosk.app.serving import Beside, serve
from kiosk.app.short_work import steady_threads
from kiosk.app.simulation import Simulation, simulation_of
from kiosk.app.television import make_television
from kiosk.app.trust import client_context, usable
from kiosk.call.states import State
from kiosk.codec.presets import PRESETS
from kiosk.config.hours import is_open
from kiosk.config.load import Loaded
from kiosk.config.schema import KioskConfig
from kiosk.daemon.loop import Daemon
from kiosk.daemon.outside import Outside
from kiosk.daemon.volume import Volume
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.first_pictures import FirstPicture, first_page
from kiosk.errors import ConfigError, KioskError
from kiosk.journal.set_up import set_up_log
from kiosk.ports import ScreenFacts, ScreenName
from kiosk.ports.held_call import CallMemory
from kiosk.roomclient.service import HttpRoomService
from kiosk.ui.fault import Nameplate
from kiosk.ui.presenter import PillowScreens, ScreenPresenter


Examined = tuple[Loaded[KioskConfig], ConfigError | None]

log = logging.getLogger(__name__)


def run_kiosk(
    config: KioskConfig,
    problem: ConfigError | None,
    make_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    *,
    on_page: Callable[[str], None] = lambda _: None,
    first: FirstDisplay | None = None,
    read: Callable[[], Examined] | None = None,
) -> int:
    """
    Run until SIGTERM or SIGINT and return the exit status.

    Args:
        config: What the kiosk is told.
        problem: What is wrong with it: the kiosk then says so and calls nobody.
        make_loop: Makes the event loop, instead of asyncio.
        on_page: Gets the address of the simulator page, where there is one.
        first: The display, where it was lit before.
        read: Reads the configuration anew; without it nobody can have that done.

    """
    set_up_log(config.log.level, config.log.format)
    log.info("kiosk started", extra={"version": installed_version()})
    keep_memory_small()
    now = Configured.read(*usable(config, problem))
    try:
        with asyncio.Runner(loop_factory=make_loop) as runner:
            runner.run(_run(now, on_page, first, read and partial(_read, read)))
    except* KioskError as group:
        for exc in leaves_of(group):
            log.error("kiosk stopped", extra={"code": exc.code, "reason": str(exc)})  # noqa: TRY400 -- the reason is the whole story
        return_code = os.EX_UNAVAILABLE
    except* Exception:
        # Whatever it was: a new process is the cure, and systemd starts one.
        log.exception("kiosk failed", extra={"code": "K003"})
        return_code = os.EX_TEMPFAIL
    else:
        log.info("kiosk ended")
        return_code = os.EX_OK
    return return_code


def _read(read: Callable[[], Examined]) -> Configured:
    loaded, problem = read()
    for notice in loaded.notices:
        log.warning("configuration", extra={"reason": notice})
    return Configured.read(*usable(loaded.config, problem))


async def _run(
    configured: Configured,
    on_page: Callable[[str], None],
    first: FirstDisplay | None,
    read: Callable[[], Configured] | None,
) -> None:
    """Run one daemon after the other, a new one whenever the configuration is."""
    lasting = Lasting(first)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(steady_threads())
    lasting.orders.follow(loop)
    now: Configured | None = configured
    try:
        while now is not None and not lasting.orders.is_over:
            now = await _run_with(now, on_page, lasting, read)
    except Exception:
        lasting.give_up()
        raise
    else:
        if lasting.first is not None:
            lasting.first.terminal.give_back()
    finally:
        lasting.close()


async def _run_with(
    now: Configured,
    on_page: Callable[[str], None],
    lasting: Lasting,
    read: Callable[[], Configured] | None,
) -> Configured | None:
    """Run a daemon; return what its successor is configured with, if it has one."""
    config, problem = now.config, now.problem
    set_up_log(config.log.level, config.log.format)
    live_in(config.kiosk.time_zone)
    simulation = simulation_of(config)
    clock = simulation.clock(MonotonicClock())
    first = lasting.light(config, is_wrong=problem is not None)
    display = (
        first.display
        if first is not None
        else open_display(config, clock, simulation.display)
    )
    try:
        presenter = _presenter(config, display, clock)
        made = call_devices(config, clock, simulation)
        with PillowScreens(presenter) as screens, made.level:
            screen = ScreenName.UNCONFIGURED if problem else ScreenName.STARTING
            facts = ScreenFacts(reason=_words(problem), since=clock.now())
            screens.show(screen, facts)
            transport = simulation.room_transport(config, clock)
            memory = memory_of(os.environ)
            held = memory.recall()
            who = held.user_id if held else "", instance_of(os.environ)
            async with make_room_service(config, clock, transport, *who) as room:
                care = None if first is None else DisplayCare(first, lasting.init)
                buttons = lasting.buttons(config, clock, simulation)
                outside = _outside(
                    config,
                    clock,
                    made=made,
                    pictures=presenter,
                    screens=screens,
                    room=room,
                    memory=memory,
                    simulation=simulation,
                    init=lasting.init,
                    buttons=buttons,
                    care=care,
                )
                daemon = _daemon(now, outside)
                daemon.press = partial(buttons.press, clock.now)  # kept, too
                reload = Reload(read, lasting.orders, lasting.init, clock)
                beside: list[Beside] = [
                    partial(simulation.serve, config, clock, daemon, on_page),
                    partial(reload.run, daemon, buttons, now),
                ]
                reporter = None if problem else reporter_of(config, clock, daemon, room)
                if reporter is not None:
                    beside.append(reporter.run)
                beside += metrics_of(config, daemon)
                if care is not None:
                    beside.append(partial(care.run, daemon.look_at_display))
                beside.append(partial(tell_network_changes, daemon.look_at_service))
                beside.append(partial(give_back_after_calls, daemon.subscribe()))
                lasting.orders.obey(daemon.stop)
                await serve(lasting.listener(config), daemon, beside, care)
                return reload.successor
    finally:
        if first is None:
            display.close()
        simulation.close()


def _presenter(
    config: KioskConfig, display: ports.Display, clock: ports.Clock
) -> ScreenPresenter:
    return ScreenPresenter(
        display,
        clock,
        texts=[texts_in(config, language) for language in config.kiosk.spoken],
        branding=branding_of(config),
        look=look_of(config),
        attract=attract_of(config),
        week=config.hours.week,
        nameplate=Nameplate(installed_version(), config.fleet.serial or serial_of()),
        spare_page=partial(first_page, FirstPicture.OUT_OF_SERVICE),
    )


def _daemon(now: Configured, outside: Outside) -> Daemon:
    start = State.UNCONFIGURED if now.problem else State.OUT_OF_SERVICE
    settings = replace(settings_of(now.config), problem=_words(now.problem))
    return Daemon(settings, outside, start)


def _outside(
    config: KioskConfig,
    clock: ports.Clock,
    *,
    made: CallDevices,
    pictures: ScreenPresenter,
    screens: ports.Screens,
    room: HttpRoomService,
    memory: CallMemory,
    simulation: Simulation,
    init: ports.Init,
    buttons: ports.Buttons,
    care: DisplayCare | None,
) -> Outside:
    make_cabled = partial(make_media, resolver=simulation.resolver())
    media = make_cabled(
        config,
        clock,
        pictures.pictures,
        make_camera=made.camera,
        make_microphone=made.microphone,
        make_speaker=made.speaker,
    )
    television, plays = make_television(
        config,
        clock,
        room,
        make_media=make_cabled,
        display=pictures.television,
        make_speaker=made.speaker,
    )
    lamps = simulation.lamps(late_lamps(config, clock))
    display = pictures.pictures
    probes = probes_of(made.probes, buttons.probe, display.probe, lamps.probe)
    volume = Volume(config.speaker.volume_db)
    footing = Footing(asked_url(config), clock, config.network.way)
    return Outside(
        clock=clock,
        room=room,
        media=media,
        screens=screens,
        display=display,
        buttons=buttons,
        indicators=lamps,
        init=init,
        observe=made.observe,
        look_at_devices=made.look,
        look_at_display=simulation.look_at_display if care is None else care.facts,
        look_at_clock=footing.right_time.look,
        look_at_machine=machine_facts,
        explain_silence=footing.explain,
        progressed=Progress(lambda: {**media.progress(), **plays()}),
        is_open_now=partial(_is_open_now, config, clock, footing),
        calls=archive_of(config.calls, os.environ),
        memory=memory,
        inspect=partial(inspect, config, room, probes, footing),
        chime=partial(ring, made.speaker, volume),
        announce=announcements_of(config, made.speaker, volume),
        volume=volume,
        television=television,
    )


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
        lossy_us=config.media.lossy_ms * 1_000,
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
            has_opus=import_module("kiosk.codec.libopus").is_there(),
            volume_db=config.speaker.volume_db,
            self_view=place_of_self_view(config),
            link=import_module("kiosk.media.dialling").LinkLimits(
                plain_anywhere=config.network.insecure
            ),
            capture=import_module("kiosk.media.capture_deadlines").CaptureDeadlines(
                deaf_s=devices.deaf_after_s(config)
            ),
            delay=bounds,
            tls=client_context(config.network),
            proxy=config.network.way,
        ),
        cancellers=_cancellers(config),
        sound_meter=import_module("kiosk.codec.beep").UnhurriedMeter(meter_hz),
        **make,
    )


def _cancellers(config: KioskConfig) -> Any:
    echo = import_module("kiosk.media.echo")
    usable = devices.echo_cancellers(config)
    return echo.Cancellers(
        [echo.Choice(name, make) for name, make in usable],
        gain_control=config.audio.gain_control,
    )


def _is_open_now(config: KioskConfig, clock: ports.Clock, footing: Footing) -> bool:
    if footing.right_time.facts.wrong:
        return True  # nobody knows; that it is out of service says more than "closed"
    local = time.localtime(clock.wall_s())
    return is_open(config.hours.week, local.tm_wday, local.tm_hour * 60 + local.tm_min)
