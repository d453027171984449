"""Three kiosks and one agent: who calls first is served first."""

from __future__ import annotations

import pytest

from tests.fakes.branch import Branch


pytestmark = pytest.mark.e2e


def test_kiosks_are_served_in_the_order_of_their_calls() -> None:
    with Branch() as branch:
        branch.start_server(sweep_s=0.5)
        agent = branch.start_agent(room={"create": True, "target": ["service-1"]})
        kiosks = [
            branch.start_kiosk(name, room={"target": ["service-*"]})
            for name in ("first", "second", "third")
        ]
        first, second, third = kiosks
        agent.wait_for("WAITING")
        for kiosk in kiosks:
            kiosk.wait_for("IDLE")
        first.press("call")
        first.wait_for("IN_CALL")
        second.press("call")
        second.wait_until(lambda now: now["position"] == 1, "first in line")
        third.press("call")
        third.wait_until(lambda now: now["position"] == 2, "second in line")
        assert not second.status()["devices"]["camera_open"]

        first.press("hangup")
        second.wait_for("IN_CALL")
        third.wait_until(lambda now: now["position"] == 1, "first in line")
        assert third.state == "QUEUED"
        first.wait_for("IDLE")
        first.press("call")
        first.wait_until(lambda now: now["position"] == 2, "behind the third")
        second.press("hangup")
        third.wait_for("IN_CALL")
        assert first.state == "QUEUED"

        first.press("hangup")
        first.wait_for("IDLE")
