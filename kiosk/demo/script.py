"""
One call from the press of the button to the farewell, as a visitor makes it.

Knows the parties by their control sockets only; time and sleep are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from kiosk.demo.children import DemoFailed
from kiosk.demo.report import CallRecord, Snapshot, Status, live_line
from kiosk.errors import DeviceError


READY_S = 30.0
"""Longest wait for a party to be ready, or to be ready again."""

GOING_ON = frozenset({"IN_CALL", "RECONNECTING", "GRACE"})
"""States of a call that has, or had, a picture."""

_POLL_S = 0.05
_SECOND = 1.0


class Party(Protocol):
    """A kiosk or an agent, as its control socket shows it."""

    def press(self, button: str) -> None:
        """Press a button."""
        ...

    def status(self) -> dict[str, Any]:
        """Return the status."""
        ...

    def text(self, text: str) -> None:
        """Send a text message."""
        ...

    def screenshot(self, path: str | Path) -> None:
        """Write the display as PNG."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """
    What a call is played with.

    Attributes:
        kiosk, agent: The parties.
        server_rss_mb: Reads the server's memory.
        check: Raises ``DemoFailed`` when a process is gone.
        now: The monotonic clock in seconds.
        sleep: Waits so many seconds.
        say: Prints a line.
        picture_s: Longest wait for the first picture after the press.

    """

    kiosk: Party
    agent: Party
    server_rss_mb: Callable[[], float]
    check: Callable[[], None]
    now: Callable[[], float]
    sleep: Callable[[float], None]
    say: Callable[[str], None]
    picture_s: float = 30.0

    def snapshot(self) -> Snapshot:
        """Look at everybody, the two parties as close together as possible."""
        self.check()
        at_s = self.now()
        kiosk, agent = self.kiosk.status(), self.agent.status()
        return Snapshot(at_s, kiosk, agent, self.server_rss_mb())

    def wait_for(self, party: Party, name: str, state: str, within_s: float) -> None:
        """
        Wait until a party is in a state.

        Raises:
            DemoFailed: It is not in time.

        """
        deadline = self.now() + within_s
        while (status := party.status())["state"] != state:
            self.check()
            reason = status.get("reason") or "no reason given"
            if status["state"] == "UNCONFIGURED" or _lacks_a_device(status):
                raise DemoFailed(f"the {name} cannot be set up so: {reason}")
            if self.now() > deadline:
                raise DemoFailed(
                    f"the {name} was {status['state']} ({reason}) instead of {state} "
                    f"for {within_s:g} s"
                )
            self.sleep(_POLL_S)


def _lacks_a_device(status: dict[str, Any]) -> bool:
    # Such a call is tried again and fails again, however long one waits.
    code = str(status.get("reason"))[: len(DeviceError.code)]
    return status["state"] == "ENDED" and code == DeviceError.code


@dataclass(frozen=True, slots=True)
class _Step:
    """Something to do so many seconds after the first picture."""

    at_s: float
    act: Callable[[], None]


class CallScript:
    """
    Plays one call and keeps what was seen of it in ``record``.

    Attributes:
        record: From the first picture on, also of a call that is cut short.

    """

    def __init__(self, stage: Stage, call_s: float, screenshot: Path | None) -> None:
        """
        Prepare a call.

        Args:
            stage: What it is played with.
            call_s: Seconds from the first picture to hanging up.
            screenshot: Where the kiosk's screen goes, if anywhere.

        """
        self._stage = stage
        self._call_s = call_s
        self._screenshot = screenshot
        self.record: CallRecord | None = None

    def play(self) -> None:
        """
        Call, watch, hang up, and wait until both are ready again.

        Raises:
            DemoFailed: No picture in time, or the call ended by itself before
                its time.

        """
        stage = self._stage
        stage.kiosk.press("call")
        first = self._first_picture()
        self.record = CallRecord(first, first)
        if not self._watch(first, list(self._steps())):
            status = stage.kiosk.status()
            raise DemoFailed(
                f"the call ended by itself: {status['state']} {status.get('reason')}"
            )
        self.record = CallRecord(first, stage.snapshot())
        stage.kiosk.press("hangup")
        stage.wait_for(stage.kiosk, "kiosk", "IDLE", READY_S)
        stage.wait_for(stage.agent, "agent", "WAITING", READY_S)

    def _first_picture(self) -> Snapshot:
        stage = self._stage
        deadline = stage.now() + stage.picture_s
        while True:
            moment = stage.snapshot()
            timings: Status = moment.kiosk.get("timings") or {}
            if timings.get("first_picture_us") is not None:
                return moment
            if stage.now() > deadline:
                reason = moment.kiosk.get("reason") or "no reason given"
                raise DemoFailed(
                    f"no picture within {stage.picture_s:g} s; "
                    f"the kiosk is {moment.kiosk['state']} ({reason})"
                )
            stage.sleep(_POLL_S)

    def _watch(self, first: Snapshot, steps: list[_Step]) -> bool:
        """Say a line a second; return whether the call still went on at its end."""
        stage = self._stage
        shown = first
        while stage.now() < first.at_s + self._call_s:
            while steps and stage.now() >= first.at_s + steps[0].at_s:
                steps.pop(0).act()
            if stage.now() - shown.at_s >= _SECOND:
                moment = stage.snapshot()
                if moment.kiosk["state"] not in GOING_ON:
                    return False
                stage.say(live_line(shown, moment))
                self.record = CallRecord(first, moment)
                shown = moment
            stage.sleep(_POLL_S)
        return True

    def _steps(self) -> Iterator[_Step]:
        kiosk = self._stage.kiosk
        whole = self._call_s
        yield _Step(0.2 * whole, lambda: kiosk.press("mute"))
        yield _Step(0.4 * whole, lambda: kiosk.press("mute"))
        yield _Step(0.5 * whole, lambda: kiosk.text("Hello from the kiosk"))
        yield _Step(0.6 * whole, self._save_screenshot)

    def _save_screenshot(self) -> None:
        if self._screenshot is not None:
            self._stage.kiosk.screenshot(self._screenshot)
