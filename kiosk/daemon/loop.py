"""
The daemon: take an event, ask the machine, carry out each command.

What takes time becomes a task whose end posts an event; nothing here waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from kiosk import ports
from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES, Role, State
from kiosk.daemon import still_orders
from kiosk.daemon.announcer import Announcer
from kiosk.daemon.call_facts import log_facts
from kiosk.daemon.ending import Ending, at_once
from kiosk.daemon.face import Face
from kiosk.daemon.health import Health
from kiosk.daemon.new_scope import new_scope
from kiosk.daemon.notices import Notice
from kiosk.daemon.outside import Outside
from kiosk.daemon.panel import Panel
from kiosk.daemon.redialling import redial_later
from kiosk.daemon.replies import REPLY, numbered
from kiosk.daemon.resumption import Resumption
from kiosk.daemon.scope import CallScope, nobody_reads
from kiosk.daemon.service_watch import ServiceWatch
from kiosk.daemon.settings import DaemonSettings
from kiosk.daemon.stall import StallMeter
from kiosk.daemon.status import describe
from kiosk.daemon.timers import Timers
from kiosk.daemon.work import Work
from kiosk.errors import DeviceError, RoomError
from kiosk.ports import Fault, ScreenName
from kiosk.ports.call_record import CallRecord


log = logging.getLogger(__name__)

_QUEUE_LIMIT = 1_000
_GOODBYE_S = 2.5
"""With what the room client takes then, a kiosk ends within 5 s."""
_TICK_S = 1.0


class Daemon:
    """
    Runs one kiosk until :meth:`stop`.

    Args:
        settings: Its share of the configuration.
        outside: The ports; every device of a call is left to the call.
        start: ``UNCONFIGURED`` for a kiosk that is not set up.

    Attributes:
        press: Presses a button, by its name, for so many seconds.
        last_call: The record of the last call that ended; None before.
        calls: Returns the records of the last calls, the newest first.
        inspect: Finds out what a technician wants to know, within some seconds.
        subscribe: Returns events as they happen; the newest win for a slow reader.
        stand_down: Lets no call begin for so many seconds; see the service watch.
        stop: Asks :meth:`run` to end; any state, returns at once.
        give_way: As stop, for a successor in this process: the supervisor hears nothing.
        is_at_rest: Says whether there is no call, and no press unheard.
        note_configuration: Notes why a newer one was refused, with a code.
        look_at_display: Looks at once whether there is one; on the event loop.
        look_at_service: Asks the room service in the place of after a pause.

    """

    def __init__(
        self,
        settings: DaemonSettings,
        outside: Outside,
        start: State = State.OUT_OF_SERVICE,
    ) -> None:
        self._settings = settings
        self._outside = outside
        machine = CallMachine(settings.role, start, consent=settings.consent)
        self._machine, post = machine, self.post
        self._events: asyncio.Queue[ev.Event] = asyncio.Queue(_QUEUE_LIMIT)
        self._timers = Timers(settings.durations_s, post)
        self._stall = StallMeter(outside.clock)
        self._face = face = Face(machine, outside, settings)
        self._tasks = asyncio.TaskGroup()
        self._resumption = Resumption(outside, machine, settings)
        self._watch = ServiceWatch(
            outside,
            state=lambda: machine.state,
            post=post,
            settings=settings,
            refusal=lambda: self._health.refusal,
            hindrance=lambda: self._health.hindrance,
            waits=lambda: self._health.is_waiting,
            behind=self._resumption.left_behind,
            resume=self._resumption.take,
        )
        look, self.stand_down = self._watch.look_again, self._watch.stand_down
        self._health = Health(outside, settings, machine, face, look, tell=self._tell)
        begin, faults = self._tasks.create_task, self._health.faults
        self._panel = Panel(
            settings, machine, face, outside, faults, post=post, begin=begin
        )
        self.press = self._panel.press
        self.inspect = self._panel.inspect
        self.subscribe = face.subscribe
        self.look_at_display = self._health.display.look
        self.look_at_service = look
        self._work = Work(self._tasks)
        self._announcer = Announcer(machine, face, self._work, outside.announce)
        self._scope: CallScope | None = None
        self._calls_ended = 0
        self.last_call: CallRecord | None = None
        self.calls = outside.calls.newest
        self._ending = Ending(machine, settings, self._events)
        self.stop = self._ending.wanted.set
        self.give_way = self._ending.give_way
        self.is_at_rest = self._ending.is_at_rest
        self.note_configuration = partial(faults.note, Fault.CONFIGURATION)

    async def run(self, prepared: Callable[[], Awaitable[None]] = at_once) -> None:
        """Serve until :meth:`stop`, ready once ``prepared`` returns; then close all."""
        configured = self._machine.state is not State.UNCONFIGURED
        first = ScreenName.STARTING if configured else ScreenName.UNCONFIGURED
        self._face.show(first, self._settings.problem)
        try:
            async with self._tasks:
                jobs = [self._serve(), self._stall.run(), self._tick()]
                jobs += self._health.jobs(self._panel)
                jobs += [self._watch.run()] if configured else []
                running = [self._tasks.create_task(job) for job in jobs]
                await self._health.tell_ready(prepared())
                later = _beside(self._outside, self._face) if configured else []
                running += [self._tasks.create_task(job) for job in later]
                await self._ending.come(self._outside.init)
                running[0].cancel()  # a call that begins now would have no end
                await self._say_goodbye()
                for task in running:
                    task.cancel()
        finally:
            self._health.close()

    async def _say_goodbye(self) -> None:
        self._panel.close()
        if self._scope is not None:
            self._scope.keeper.end_by("kiosk_stopped")
        for command in self._machine.handle(ev.HangupPressed()):
            self._carry_out(command)
        self._resumption.note(self._scope, self._watch.user_id)
        if not await self._work.closed(_GOODBYE_S):
            log.error("call not closed in time", extra={"code": "K002"})

    def post(self, event: ev.Event) -> None:
        """Queue an event; on the event loop. A full queue is a bug."""
        if isinstance(event, ev.HangupPressed):
            self._resumption.give_up()
        self._events.put_nowait(event)

    async def _serve(self) -> None:
        while True:
            event = await self._events.get()
            if isinstance(event, ev.TimerFired) and not self._timers.take(event.timer):
                continue
            was = self._machine.state
            commands = self._machine.handle(event)
            self._announcer.make_way(commands)
            for command in commands:
                self._carry_out(command)
            state = self._machine.state
            if was is not state:
                _log_step(was, state)
                if self._scope is not None:
                    self._scope.keeper.enter(state, event)
                self._health.follow_call()
                if (television := self._outside.television) is not None:
                    television.follow(was, state, self._work)
            self._announcer.follow()
            self._resumption.note(self._scope, self._watch.user_id)

    def _tell(self, notice: Notice) -> None:
        if self._scope is not None and self._machine.state in CALL_STATES:
            self._work.begin(partial(self._scope.tell, notice))

    async def _tick(self) -> None:
        while True:
            if event := _turn_of_hours(self._outside, self._machine.state):
                self.post(event)
            self._health.look()
            self._face.tick()
            if self._scope is not None:
                self._scope.look()
            self._resumption.note(self._scope, self._watch.user_id)
            if self._outside.progressed():
                self._outside.init.ping()
            await asyncio.sleep(_TICK_S)

    def _carry_out(self, command: do.Command) -> None:  # noqa: C901, PLR0912 -- one case a command
        match command:
            case do.FindSeat(call, room_id):
                self._work.begin(partial(self._scope_of(call).find_seat, room_id))
            case do.WaitForSeat(call):
                self._work.begin(self._scope_of(call).wait_for_seat)
            case do.Publish(call):
                self._work.begin(partial(_publish, self._scope_of(call), self._machine))
            case do.TakeSeat(call):
                self._work.begin(self._scope_of(call).take_seat)
            case do.MoveStream(call):
                self._work.cancel("move")
                self._work.begin(self._scope_of(call).move_stream, "move")
            case do.Play(user_id):
                self._work.begin(partial(self._current.play, user_id))
            case do.StopPlaying(user_id):
                self._work.begin(partial(self._current.stop_playing, user_id))
            case do.StopMedia():
                self._work.cancel()
                self._work.close(self._current.close_media)
            case do.LeaveRoom():
                self._work.cancel()
                self._work.close(partial(self._leave, self._current))
            case do.SetMuted(muted):
                self._mute(muted=muted)
            case do.Chime():
                self._work.begin(partial(_ring, self._outside))
            case (
                do.AskCustomer() | do.TakeStill() | do.RefuseStill() | do.EndQuestion()
            ):
                still_orders.carry_out(command, self._current, self._face, self._work)
            case do.Show(screen, reason, position):
                self._show(ScreenName(screen.value), reason, position)
            case do.SetTimer(timer):
                self._timers.set(timer)
            case do.ClearTimer(timer):
                self._timers.clear(timer)

    @property
    def _current(self) -> CallScope:
        assert self._scope is not None, "a call's command outside a call"
        return self._scope

    def _scope_of(self, call: int) -> CallScope:
        if self._scope is None or self._scope.call != call:
            self._stall.reset()
            self._scope = new_scope(
                call,
                pressed_at=self._panel.pressed_at or self._outside.clock.now(),
                outside=self._outside,
                settings=self._settings,
                face=self._face,
                work=self._work,
                post=self.post,
                on_text=self._read,
                on_device=self._health.note_device,
            )
            self._face.begin_call(self._scope)
        return self._scope

    def _read(self, message: ports.TextReceived) -> None:
        if not self._current.stills.hear(message):
            self._face.read(message)
            self._work.begin(partial(self._current.answer_text, message))

    def _mute(self, *, muted: bool) -> None:
        if self._scope is not None and self._scope.pusher is not None:
            self._scope.pusher.set_muted(muted=muted)
            self._tell(Notice.MUTED if muted else Notice.UNMUTED)
        self._face.refresh()
        self._health.lamps.light()

    def _show(self, screen: ScreenName, reason: str, position: int | None) -> None:
        self._face.show(screen, reason, position)
        self._health.follow_screen(screen, reason)
        self._outside.init.status(f"{screen.value} {reason}".rstrip())
        if screen is ScreenName.IDLE and self._settings.role is Role.AGENT:
            dial = self._panel.dial
            redial_later(self._settings, self._machine, self._ending.wanted, dial)

    async def _leave(self, scope: CallScope) -> None:
        await _give_back(self._outside, self._ending)
        self._calls_ended += 1
        self.last_call = record = scope.keeper.record(scope.room_id)
        log.info("call ended", extra=log_facts(record))
        self._face.tell({"event": "call_ended", "call": scope.call})
        await _keep(self._outside, self._tasks, record)

    def status(self) -> dict[str, Any]:
        """Return what ``kiosk status`` prints; see :mod:`kiosk.control`."""
        return describe(
            self._machine,
            self._face,
            watch=self._watch,
            scope=self._scope,
            outside=self._outside,
            health=self._health,
            door_open=self._panel.door.is_open,
            stall=self._stall,
            calls_ended=self._calls_ended,
            synthetic=self._settings.synthetic,
        )

    async def save_screenshot(self, path: str) -> None:
        """Write what is on the glass as PNG; DeviceError if that cannot be."""
        await asyncio.to_thread(self._outside.display.save_png, path)

    async def send_text(self, text: str, cmd: str = "") -> None:
        """Send a text to the others in the room; RoomError if nobody reads it."""
        await self._call_now().say(text, cmd)

    async def send_reply(self, number: int) -> None:
        """Send a configured reply; ControlError if there is none with this number."""
        await self.send_text(numbered(self._settings.replies, number).text, REPLY)

    async def ask_still(self) -> bytes:
        """Return a still picture the others agreed to; the error says why not."""
        return await self._call_now().stills.ask()

    def _call_now(self) -> CallScope:
        if self._machine.state not in CALL_STATES or self._scope is None:
            raise nobody_reads()
        return self._scope


async def _publish(scope: CallScope, machine: CallMachine) -> None:
    # asked here: between the order and its turn somebody may press mute
    await scope.publish(muted=machine.muted)


async def _give_back(outside: Outside, ending: Ending) -> None:
    """Give the seat back; cancelled at the end, it goes on to the call's record."""
    try:
        await outside.room.leave()
    except RoomError:
        pass
    except asyncio.CancelledError:
        if not ending.wanted.is_set():
            raise


async def _keep(outside: Outside, tasks: asyncio.TaskGroup, record: CallRecord) -> None:
    """Keep it beside all else; in a daemon that fails no task begins any more."""
    keeping = asyncio.to_thread(outside.calls.keep, record)
    try:
        tasks.create_task(keeping)
    except RuntimeError:
        keeping.close()  # newer Pythons have done so
        await asyncio.to_thread(outside.calls.keep, record)


async def _ring(outside: Outside) -> None:
    try:
        await outside.chime()
    except DeviceError as exc:
        log.warning("chime not heard", extra={"code": exc.code, "reason": str(exc)})


def _log_step(was: State, state: State) -> None:
    log.info("state changed", extra={"was": was.name, "state": state.name})
    if was is State.ANSWERED and state is State.IN_CALL:
        log.info("call connected")


def _turn_of_hours(outside: Outside, state: State) -> ev.Event | None:
    """Return that the opening hours began or ended, unless that is known."""
    if outside.is_open_now() != (state is State.CLOSED):
        return None
    return ev.HoursBegan() if state is State.CLOSED else ev.HoursEnded()


def _beside(outside: Outside, face: Face) -> list[Coroutine[Any, Any, None]]:
    """Return what runs beside the calls."""
    television = outside.television
    jobs: list[Coroutine[Any, Any, None]] = [_preload(outside)]
    return [*jobs, television.run(face.show_television)] if television else jobs


async def _preload(outside: Outside) -> None:
    await asyncio.to_thread(outside.media.preload)
