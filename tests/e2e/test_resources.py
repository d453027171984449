"""What a kiosk holds after many calls: what it held before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.branch import Branch, wait_until
from tests.fakes.descriptors import descriptors, is_at_rest
from tests.fakes.programs import Party


pytestmark = pytest.mark.e2e

N_CALLS = 12
REST_S = 60.0


def call_and_hang_up(kiosk: Party, agent: Party) -> None:
    agent.wait_for("WAITING")
    kiosk.press("call")
    kiosk.wait_for("IN_CALL")
    agent.wait_for("IN_CALL")
    kiosk.press("hangup")
    kiosk.wait_for("IDLE")


def settled(kiosk: Party) -> dict[str, Any]:
    """Return the status once the last call has given everything back."""
    return kiosk.wait_until(
        lambda now: not any(now["devices"].values()) and now["push"] is None,
        "settled",
    )


def at_rest(kiosk: Party) -> dict[str, Any]:
    """
    Return the status once nothing of a call or a request is left to close.

    Connections of the call are kept for 10 s.
    """
    while True:
        wait_until(
            lambda: is_at_rest(kiosk.pid), "the call let go of its connections", REST_S
        )
        status = settled(kiosk)
        if is_at_rest(kiosk.pid):
            return status


def lasting(status: dict[str, Any]) -> dict[str, int]:
    return {"threads": status["threads"], "descriptors": status["fds"]}


@pytest.mark.timeout(240)
def test_twelve_calls_leave_no_thread_and_no_descriptor_behind() -> None:
    with Branch() as branch:
        branch.start_server()
        agent, kiosk = branch.start_agent(), branch.start_kiosk(fleet={"report_s": 0})
        kiosk.wait_for("IDLE")
        # The first call opens what stays open: worker threads.
        call_and_hang_up(kiosk, agent)
        before = at_rest(kiosk)

        for _ in range(N_CALLS - 1):
            call_and_hang_up(kiosk, agent)
        kiosk.wait_until(lambda now: now["calls_ended"] == N_CALLS, "all calls ended")
        after = at_rest(kiosk)

        assert lasting(after) == lasting(before), descriptors(kiosk.pid)
