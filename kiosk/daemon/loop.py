"""
The daemon: take an event, ask the machine, carry out each command.

What takes time becomes a task whose end posts an event; nothing here waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import Any

from kiosk import ports
from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES, Role, State
from kiosk.daemon import still_orders
from kiosk.daemon.call_facts import facts_of
from kiosk.daemon.face import Face, Subscription
from kiosk.daemon.new_scope import new_scope
from kiosk.daemon.outside import Outside
from kiosk.daemon.redialling import redial_later
from kiosk.daemon.replies import REPLY, numbered
from kiosk.daemon.scope import CallScope, nobody_reads
from kiosk.daemon.service_watch import ServiceWatch
from kiosk.daemon.settings import DaemonSettings
from kiosk.daemon.stall import StallMeter
from kiosk.daemon.status import describe
from kiosk.daemon.timers import Timers
from kiosk.daemon.work import Work
from kiosk.errors import DeviceError, RoomError
from kiosk.ports import Button, ScreenName
from kiosk.ports.call_record import CallRecord


log = logging.getLogger(__name__)

_QUEUE_LIMIT = 1_000
_GOODBYE_S = 4.0
_TICK_S = 1.0

_PRESSES: dict[Button, ev.Event] = {
    Button.CALL: ev.CallPressed(),
    Button.HANGUP: ev.HangupPressed(),
    Button.MUTE: ev.MutePressed(),
}


class Daemon:
    """
    Runs one kiosk until :meth:`stop`.

    Args:
        settings: Its share of the configuration.
        outside: The ports; every device of a call is left to the call.
        start: ``UNCONFIGURED`` for a kiosk that is not set up.

    Attributes:
        last_call: The record of the last call that ended; None before.
        calls: Returns the records of the last calls, the newest first.

    """

    def __init__(
        self,
        settings: DaemonSettings,
        outside: Outside,
        start: State = State.OUT_OF_SERVICE,
    ) -> None:
        self._settings = settings
        self._outside = outside
        self._machine = CallMachine(settings.role, start)
        self._events: asyncio.Queue[ev.Event] = asyncio.Queue(_QUEUE_LIMIT)
        self._timers = Timers(settings.durations_s, self.post)
        self._stall = StallMeter(outside.clock)
        self._face = Face(self._machine, outside, settings)
        self._watch = ServiceWatch(
            outside.room,
            state=lambda: self._machine.state,
            post=self.post,
            check_s=settings.check_s,
            retry_s=settings.retry_s,
            silent_s=settings.silent_s,
        )
        self._tasks = asyncio.TaskGroup()
        self._work = Work(self._tasks)
        self._scope: CallScope | None = None
        self._pressed_at = self._calls_ended = 0
        self.last_call: CallRecord | None = None
        self.calls = outside.calls.newest
        self._stopping = asyncio.Event()

    # -- life ------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until :meth:`stop`; then end the call and close everything."""
        loop = asyncio.get_running_loop()

        def on_press(button: Button, _: ports.Micros) -> None:
            loop.call_soon_threadsafe(self.press, button.value)

        configured = self._machine.state is not State.UNCONFIGURED
        first = ScreenName.STARTING if configured else ScreenName.UNCONFIGURED
        self._face.show(first, self._settings.problem)
        self._outside.buttons.start(on_press)
        try:
            async with self._tasks:
                running = [
                    self._tasks.create_task(self._serve()),
                    self._tasks.create_task(self._stall.run()),
                    self._tasks.create_task(self._tick()),
                ]
                if configured:
                    preload = asyncio.to_thread(self._outside.media.preload)
                    running.append(self._tasks.create_task(self._watch.run()))
                    running.append(self._tasks.create_task(preload))
                if self._outside.television is not None:
                    play = self._outside.television.run(self._face.show_television)
                    running.append(self._tasks.create_task(play))
                self._outside.init.ready()
                await self._stopping.wait()
                self._outside.init.stopping()
                await self._say_goodbye()
                for task in running:
                    task.cancel()
        finally:
            self._outside.buttons.close()
            self._outside.indicators.close()

    def stop(self) -> None:
        """Ask :meth:`run` to end; any state, returns at once."""
        self._stopping.set()

    async def _say_goodbye(self) -> None:
        if self._scope is not None:
            self._scope.keeper.end_by("kiosk_stopped")
        for command in self._machine.handle(ev.HangupPressed()):
            self._carry_out(command)
        if not await self._work.closed(_GOODBYE_S):
            log.error("call not closed in time", extra={"code": "K002"})

    # -- events ------------------------------------------------------------------

    def post(self, event: ev.Event) -> None:
        """Queue an event; on the event loop. A full queue is a bug."""
        self._events.put_nowait(event)

    def press(self, button: str) -> None:
        """Press ``call``, ``hangup`` or ``mute``, whoever presses it."""
        if button == Button.CALL.value:
            self._pressed_at = self._outside.clock.now()
        self.post(_PRESSES[Button(button)])

    async def _serve(self) -> None:
        while True:
            event = await self._events.get()
            if isinstance(event, ev.TimerFired) and not self._timers.take(event.timer):
                continue
            before = self._machine.state
            for command in self._machine.handle(event):
                self._carry_out(command)
            state = self._machine.state
            if before is not state:
                states = {"was": before.name, "state": state.name}
                log.info("state changed", extra=states)
                if self._scope is not None:
                    self._scope.keeper.enter(state, event)
                self._face.light()
                if (television := self._outside.television) is not None:
                    television.follow(before, self._machine.state, self._work)

    async def _tick(self) -> None:
        while True:
            open_now = self._outside.is_open_now()
            if open_now == (self._machine.state is State.CLOSED):
                self.post(ev.HoursBegan() if open_now else ev.HoursEnded())
            self._face.tick()
            if self._scope is not None:
                self._scope.look()
            if self._outside.progressed():
                self._outside.init.ping()
            await asyncio.sleep(_TICK_S)

    # -- commands ----------------------------------------------------------------

    def _carry_out(self, command: do.Command) -> None:  # noqa: C901, PLR0912 -- one case a command
        match command:
            case do.FindSeat(call):
                self._work.begin(self._scope_of(call).find_seat)
            case do.WaitForSeat(call):
                self._work.begin(self._scope_of(call).wait_for_seat)
            case do.Publish(call):
                publish = self._scope_of(call).publish
                self._work.begin(partial(publish, muted=self._machine.muted))
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
                pressed_at=self._pressed_at,
                outside=self._outside,
                settings=self._settings,
                face=self._face,
                work=self._work,
                post=self.post,
                on_text=self._read,
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
            self._work.begin(partial(self._scope.tell_muted, muted=muted))
        self._face.refresh()
        self._face.light()

    def _show(self, screen: ScreenName, reason: str, position: int | None) -> None:
        self._face.show(screen, reason, position)
        self._outside.init.status(f"{screen.value} {reason}".rstrip())
        if screen is ScreenName.IDLE and self._settings.role is Role.AGENT:
            redial_later(self._settings, self._machine, self._stopping, self.press)

    async def _leave(self, scope: CallScope) -> None:
        with contextlib.suppress(RoomError):
            await self._outside.room.leave()
        self._calls_ended += 1
        self.last_call = record = scope.keeper.record(scope.room_id)
        log.info("call ended", extra={**facts_of(record), "reason": record.reason})
        self._face.tell({"event": "call_ended", "call": scope.call})
        self._tasks.create_task(asyncio.to_thread(self._outside.calls.keep, record))

    # -- control ------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Return what ``kiosk status`` prints; see :mod:`kiosk.control`."""
        return describe(
            self._machine,
            self._face,
            user_id=self._watch.user_id,
            scope=self._scope,
            outside=self._outside,
            stall=self._stall,
            calls_ended=self._calls_ended,
        )

    async def save_screenshot(self, path: str) -> None:
        """Write what is on the glass as PNG; DeviceError if that cannot be."""
        await asyncio.to_thread(self._outside.display.save_png, path)

    async def send_text(self, text: str, cmd: str = "") -> None:
        """Send a text to the others in the room; RoomError if nobody reads it."""
        if self._machine.state not in CALL_STATES or self._scope is None:
            raise nobody_reads()
        await self._scope.say(text, cmd)

    async def send_reply(self, number: int) -> None:
        """Send a configured reply; ControlError if there is none with this number."""
        await self.send_text(numbered(self._settings.replies, number).text, REPLY)

    async def ask_still(self) -> bytes:
        """Return a still picture the others agreed to; the error says why not."""
        if self._machine.state not in CALL_STATES or self._scope is None:
            raise nobody_reads()
        return await self._scope.stills.ask()

    def subscribe(self) -> Subscription:
        """Yield events as they happen; the newest win when the reader is slow."""
        return self._face.subscribe()


async def _ring(outside: Outside) -> None:
    try:
        await outside.chime()
    except DeviceError as exc:
        log.warning("chime not heard", extra={"code": exc.code, "reason": str(exc)})
