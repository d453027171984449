"""
Calls as somebody makes them, on the kiosk's page, until the demonstration is ended.

It only watches: whoever sits before the page presses the buttons and pulls the plugs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kiosk.demo.report import CallRecord, Snapshot, Status, live_line
from kiosk.demo.script import GOING_ON, Stage


_POLL_S = 0.05
_SECOND = 1.0
_SCREENSHOT_S = 3.0


class AtTheDesk:
    """An agent who is a person before a page: seen by the kiosk alone."""

    def press(self, button: str) -> None:
        """Press nothing: there is nothing to press."""

    def status(self) -> dict[str, Any]:
        """Return that somebody may be there."""
        return {"state": "WAITING", "reason": ""}

    def text(self, text: str) -> None:
        """Send nothing."""

    def screenshot(self, path: str | Path) -> None:
        """Take none."""


class Visit:
    """
    Watches the calls of one visitor.

    Args:
        stage: What is looked at.
        screenshot: Where the picture of the first call goes.
        records: Gets one of every call that had a picture, the one under way included.

    """

    def __init__(
        self, stage: Stage, screenshot: Path, records: list[CallRecord]
    ) -> None:
        self._stage = stage
        self._screenshot: Path | None = screenshot
        self._records = records

    def begins_within(self, seconds: float) -> bool:
        """Wait so long for the button; return whether it was pressed."""
        stage = self._stage
        deadline = stage.now() + seconds
        while stage.snapshot().kiosk["state"] == "IDLE":
            if stage.now() >= deadline:
                return False
            stage.sleep(_POLL_S)
        return True

    def watch(self) -> NoReturn:
        """
        Say a line a second of every call, until interrupted.

        Raises:
            DemoFailed: A process is gone.

        """
        while True:
            self._follow(self._next_call())

    def _next_call(self) -> Snapshot:
        """Return the first look at a call that has a picture."""
        while True:
            moment = self._stage.snapshot()
            timings: Status = moment.kiosk.get("timings") or {}
            if moment.kiosk["state"] in GOING_ON and timings.get("first_picture_us"):
                return moment
            self._stage.sleep(_POLL_S)

    def _follow(self, first: Snapshot) -> None:
        self._records.append(CallRecord(first, first))
        moment = shown = first
        while moment.kiosk["state"] in GOING_ON:
            self._records[-1] = CallRecord(first, moment)
            if moment.at_s - shown.at_s >= _SECOND:
                self._stage.say(live_line(shown, moment))
                shown = moment
            if moment.at_s - first.at_s >= _SCREENSHOT_S:
                self._save_screenshot()
            self._stage.sleep(_POLL_S)
            moment = self._stage.snapshot()
        self._stage.say(f"the call is over; the kiosk is {moment.kiosk['state']}")

    def _save_screenshot(self) -> None:
        path, self._screenshot = self._screenshot, None
        if path is not None:
            self._stage.kiosk.screenshot(path)
