"""One kiosk goes on air, another shows it while nobody calls, and gives way to a call."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.fakes.branch import Branch
from tests.fakes.programs import Party
from tests.fakes.waiting import wait_until


pytestmark = pytest.mark.e2e

STUDIO = {"type": "live_room", "create": True, "target": ["Branch TV"]}
WATCHES = {"room": "Branch TV"}


def shown(kiosk: Party) -> int:
    streams: list[dict[str, Any]] = kiosk.status()["television"] or []
    return sum(int(one["pictures_shown"]) for one in streams)


def watches(kiosk: Party) -> bool:
    before = shown(kiosk)
    time.sleep(0.5)
    return shown(kiosk) > before + 3


def test_the_idle_screen_shows_who_is_on_air_and_gives_way_to_a_call() -> None:
    with Branch() as branch:
        branch.start_server()
        studio = branch.start_kiosk("studio", room=STUDIO)
        agent = branch.start_agent()
        kiosk = branch.start_kiosk(television=WATCHES)
        studio.wait_for("IDLE")
        kiosk.wait_for("IDLE")
        agent.wait_for("WAITING")
        assert shown(kiosk) == 0
        assert not studio.status()["devices"]["camera_open"]

        studio.press("call")
        studio.wait_for("BROADCASTING")
        assert studio.status()["devices"]["camera_open"]
        assert wait_until(lambda: watches(kiosk), 20.0)
        latency = kiosk.status()["television"][0]["video_latency_ms"]
        assert latency["p50"] < 800
        assert kiosk.status()["devices"] == {
            "camera_open": False,
            "microphone_open": False,
            "speaker_open": False,
        }

        kiosk.press("call")
        status = kiosk.wait_for("IN_CALL")
        assert not status["television"]
        assert studio.state == "BROADCASTING"
        kiosk.press("hangup")
        kiosk.wait_for("IDLE")
        assert wait_until(lambda: watches(kiosk), 20.0)

        studio.press("hangup")
        studio.wait_for("IDLE")
        assert wait_until(lambda: not watches(kiosk), 10.0)
        assert not studio.status()["devices"]["camera_open"]
        assert kiosk.state == "IDLE"
        studio.press("call")
        studio.wait_for("BROADCASTING")
        assert wait_until(lambda: watches(kiosk), 20.0)
