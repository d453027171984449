"""A call of the demonstration, played without processes and in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.demo.children import DemoFailed
from kiosk.demo.report import CallRecord
from kiosk.demo.script import CallScript, Stage
from kiosk.demo.visit import Visit


class VirtualTime:
    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class ScriptedParty:
    """In the states of a list, one a second of virtual time; keeps what it was asked."""

    def __init__(self, time: VirtualTime, states: Callable[[float], str]) -> None:
        self._time = time
        self._states = states
        self._called = float("inf")
        self.asked: list[tuple[str, float]] = []
        self.reason = ""

    def press(self, button: str) -> None:
        if button == "call":
            self._called = self._time.now()
        if button == "hangup":
            self._called = float("inf")
        self._note(button)

    def text(self, text: str) -> None:
        self._note("text")

    def screenshot(self, path: str | Path) -> None:
        self._note("screenshot")

    def status(self) -> dict[str, Any]:
        going_for = self._time.now() - self._called
        state = "IDLE" if going_for < 0 else self._states(going_for)
        shown = 1 if state == "IN_CALL" else None
        timings = {"first_picture_us": shown}
        return {"state": state, "reason": self.reason, "timings": timings}

    def _note(self, what: str) -> None:
        self.asked.append((what, round(self._time.now() - 100.0, 1)))


def stage_of(states: Callable[[float], str]) -> tuple[Stage, ScriptedParty, list[str]]:
    time = VirtualTime()
    kiosk = ScriptedParty(time, states)
    agent = ScriptedParty(time, lambda _: "WAITING")
    agent.press("call")
    said: list[str] = []
    stage = Stage(
        kiosk=kiosk,
        agent=agent,
        server_rss_mb=lambda: 40.0,
        check=lambda: None,
        now=time.now,
        sleep=time.sleep,
        say=said.append,
    )
    return stage, kiosk, said


def test_an_unattended_call_mutes_unmutes_writes_looks_and_hangs_up() -> None:
    stage, kiosk, said = stage_of(lambda s: "WAITING" if s < 1 else "IN_CALL")
    script = CallScript(stage, 10.0, Path("shot.png"))

    script.play()

    assert [what for what, _ in kiosk.asked] == [
        "call",
        "mute",
        "mute",
        "text",
        "screenshot",
        "hangup",
    ]
    assert [at for _, at in kiosk.asked] == pytest.approx([0, 3, 5, 6, 7, 11], abs=0.2)
    assert len(said) == 9
    assert script.record is not None
    assert script.record.seconds == pytest.approx(10, abs=0.1)


def test_without_a_path_no_screenshot_is_taken() -> None:
    stage, kiosk, _ = stage_of(lambda _: "IN_CALL")

    CallScript(stage, 2.0, None).play()

    assert "screenshot" not in [what for what, _ in kiosk.asked]


def test_a_visitor_is_only_watched() -> None:
    stage, kiosk, said = stage_of(lambda s: "IN_CALL" if s < 60 else "IDLE")

    def end_after_a_while() -> None:
        if stage.now() > 200:
            raise KeyboardInterrupt

    records: list[CallRecord] = []
    visit = Visit(replace(stage, check=end_after_a_while), Path("shot.png"), records)
    kiosk.press("call")

    with pytest.raises(KeyboardInterrupt):
        visit.watch()

    assert [what for what, _ in kiosk.asked] == ["call", "screenshot"]
    assert len(said) == pytest.approx(58, abs=2)
    assert records[0].seconds == pytest.approx(60, abs=1)


def test_a_call_without_a_picture_is_given_up_with_the_reason() -> None:
    stage, _, _ = stage_of(lambda _: "QUEUED")

    with pytest.raises(DemoFailed, match=r"no picture within 30 s.*QUEUED \(no reason"):
        CallScript(stage, 10.0, None).play()


def test_a_call_that_ends_too_early_keeps_its_record() -> None:
    stage, _, _ = stage_of(lambda s: "IN_CALL" if s < 5 else "ENDED")
    script = CallScript(stage, 10.0, None)

    with pytest.raises(DemoFailed, match="ended by itself: ENDED"):
        script.play()

    assert script.record is not None
    assert script.record.seconds == pytest.approx(4, abs=1)


def test_a_party_that_does_not_become_ready_is_named() -> None:
    stage, kiosk, _ = stage_of(lambda _: "OUT_OF_SERVICE")
    kiosk.press("call")

    with pytest.raises(DemoFailed, match=r"the kiosk was OUT_OF_SERVICE \(no reason"):
        stage.wait_for(stage.kiosk, "kiosk", "IDLE", 3.0)


def test_a_party_without_its_camera_is_not_waited_for() -> None:
    stage, kiosk, _ = stage_of(lambda _: "ENDED")
    kiosk.reason = "D001 camera at clip.mp4: no such file"
    kiosk.press("call")
    began = stage.now()

    with pytest.raises(DemoFailed, match="cannot be set up so: D001 camera at clip"):
        stage.wait_for(stage.kiosk, "kiosk", "IDLE", 3.0)

    assert stage.now() == began
