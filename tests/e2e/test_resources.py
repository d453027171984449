"""What a kiosk holds after many calls: what it held before."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.fakes.branch import Branch, Party


pytestmark = pytest.mark.e2e

N_CALLS = 12
LOOKS = 10


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


def lasting(status: dict[str, Any]) -> dict[str, int]:
    return {"threads": status["threads"], "descriptors": status["fds"]}


def none_more(now: dict[str, int], before: dict[str, int]) -> bool:
    return all(now[thing] <= before[thing] for thing in before)


def at_rest(kiosk: Party) -> dict[str, int]:
    """Return what is held once nothing more is let go of for a second."""
    held = lasting(settled(kiosk))
    same_looks = 0
    while same_looks < LOOKS:
        time.sleep(0.1)
        now = lasting(kiosk.status())
        same_looks = same_looks + 1 if now == held else 0
        held = now
    return held


@pytest.mark.timeout(120)
def test_twelve_calls_leave_no_thread_and_no_descriptor_behind() -> None:
    with Branch() as branch:
        branch.start_server()
        agent, kiosk = branch.start_agent(), branch.start_kiosk()
        kiosk.wait_for("IDLE")
        # The first call opens what stays open: worker threads, room connections.
        call_and_hang_up(kiosk, agent)
        before = at_rest(kiosk)

        for _ in range(N_CALLS - 1):
            call_and_hang_up(kiosk, agent)

        # A call counts as ended when the server has heard of it, a moment after
        # the idle screen; a second kept-alive connection goes with the next check
        # of the service.
        after = kiosk.wait_until(
            lambda now: (
                now["calls_ended"] >= N_CALLS and none_more(lasting(now), before)
            ),
            f"{N_CALLS} calls ended and back at {before}",
            seconds=45.0,
        )
        assert after["calls_ended"] == N_CALLS
