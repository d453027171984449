"""What a kiosk holds after many calls: what it held before."""

from __future__ import annotations

import time
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


def lasting(kiosk: Party) -> dict[str, int]:
    """
    Return how many threads and descriptors were there at each of three looks.

    A thread that gives memory back, ten seconds after the start, is there for one.
    """
    looks: list[dict[str, Any]] = []
    for _ in range(3):
        looks.append(at_rest(kiosk))
        time.sleep(1.0)
    return {
        "threads": min(look["threads"] for look in looks),
        "descriptors": min(look["fds"] for look in looks),
    }


@pytest.mark.timeout(240)
def test_twelve_calls_leave_no_thread_and_no_descriptor_behind() -> None:
    with Branch() as branch:
        branch.start_server()
        agent, kiosk = branch.start_agent(), branch.start_kiosk(fleet={"report_s": 0})
        kiosk.wait_for("IDLE")
        # The first call opens what stays open: worker threads.
        call_and_hang_up(kiosk, agent)
        before = lasting(kiosk)

        for _ in range(N_CALLS - 1):
            call_and_hang_up(kiosk, agent)
        kiosk.wait_until(lambda now: now["calls_ended"] == N_CALLS, "all calls ended")
        after = lasting(kiosk)

        assert after == before, descriptors(kiosk.pid)
