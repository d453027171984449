"""Kiosk or agent are killed in a call and started again: it is still that call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.branch import Branch, room_members, wait_for_new_pictures, wait_until
from tests.fakes.programs import Party


pytestmark = pytest.mark.e2e


@pytest.fixture
def branch() -> Iterator[Branch]:
    with Branch() as branch:
        yield branch


def called(branch: Branch) -> tuple[Party, Party]:
    branch.start_server()
    agent = branch.start_agent()
    kiosk = branch.start_kiosk()
    agent.wait_for("WAITING", 15.0)
    kiosk.wait_for("IDLE", 15.0)
    kiosk.press("call")
    for party in (agent, kiosk):
        party.wait_for("IN_CALL", 15.0)
        wait_for_new_pictures(party)
    return agent, kiosk


def test_a_kiosk_that_is_killed_is_back_in_its_call_and_still_muted(
    branch: Branch,
) -> None:
    agent, kiosk = called(branch)
    kiosk.press("mute")
    kiosk.wait_until(lambda now: now["muted"], "muted")
    members = sorted(room_members(branch.server_url))

    kiosk.kill()
    agent.wait_until(lambda now: now["state"] != "IN_CALL", "told")
    again = branch.start_kiosk()

    again.wait_for("IN_CALL")
    agent.wait_for("IN_CALL")
    for party in (agent, again):
        wait_for_new_pictures(party)
    assert again.status()["muted"]
    assert "'state': 'IDLE'" not in again.log
    assert sorted(room_members(branch.server_url)) == members
    again.press("hangup")
    again.wait_for("IDLE")
    agent.wait_for("WAITING")


def test_an_agents_kiosk_that_is_killed_is_back_in_the_room_it_made(
    branch: Branch,
) -> None:
    agent, kiosk = called(branch)
    members = sorted(room_members(branch.server_url))

    agent.kill()
    kiosk.wait_for("GRACE")
    again = branch.start_agent()

    again.wait_for("IN_CALL")
    kiosk.wait_for("IN_CALL")
    for party in (kiosk, again):
        wait_for_new_pictures(party)
    assert sorted(room_members(branch.server_url)) == members


def test_a_kiosk_whose_room_was_closed_meanwhile_says_so_and_is_idle_again(
    branch: Branch,
) -> None:
    agent, kiosk = called(branch)

    kiosk.kill()
    agent.stop()
    wait_until(lambda: not room_members(branch.server_url), "the room is gone")
    again = branch.start_kiosk(call={"ended_s": 3.0})

    again.wait_for("ENDED")
    again.wait_for("IDLE")
