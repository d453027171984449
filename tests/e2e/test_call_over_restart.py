"""A call whose server is stopped, or killed, and started again: it is still that call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.branch import Branch, room_members, wait_for_new_pictures
from tests.fakes.programs import Party, Server


pytestmark = pytest.mark.e2e

DOWN_S = 1.5
"""Between the end of the server and its next start."""
PATIENT = {"reconnect_s": 30.0}
"""A server is slow to start on a crowded machine; that is not what is tested."""


@pytest.fixture
def branch() -> Iterator[Branch]:
    with Branch() as branch:
        yield branch


def called(branch: Branch) -> tuple[Party, Party]:
    agent = branch.start_agent(call=PATIENT)
    kiosk = branch.start_kiosk(call=PATIENT)
    agent.wait_for("WAITING", 15.0)
    kiosk.wait_for("IDLE", 15.0)
    kiosk.press("call")
    for party in (agent, kiosk):
        party.wait_for("IN_CALL", 15.0)
        wait_for_new_pictures(party)
    return agent, kiosk


def is_out(now: Mapping[str, Any]) -> bool:
    return now["state"] in {"RECONNECTING", "GRACE"}


@pytest.mark.parametrize("end", [Server.stop, Server.kill], ids=["stopped", "killed"])
def test_a_call_outlives_its_server(
    branch: Branch, end: Callable[[Server], object]
) -> None:
    server = branch.start_server()
    parties = called(branch)
    members = sorted(room_members(server.url))

    end(server)
    for party in parties:
        out = party.wait_until(is_out, "told that the line is interrupted", 5.0)
        assert out["screen"] in {"reconnecting", "peer_away"}
    time.sleep(DOWN_S)
    again = branch.start_again(server)

    for party in parties:
        party.wait_for("IN_CALL")
        wait_for_new_pictures(party)
        assert party.status()["call"] == 1
        assert "ENDED" not in party.log
    assert sorted(room_members(again.url)) == members
    parties[1].press("hangup")
    parties[1].wait_for("IDLE")
    parties[0].wait_for("WAITING")
