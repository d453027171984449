"""
A kiosk behind a mobile link that is away for some seconds: the call goes on.

Room server and agent at the far end of the lab, the kiosk at the near end;
all are the programs themselves, and their panels are watched from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.branch import Branch, wait_for_new_pictures
from tests.fakes.camera_watch import devices_watched
from tests.fakes.panels import Watch, panel_of
from tests.fakes.programs import Party
from tests.lab.network import Network, needs_network, network
from tests.lab.shuttle import NETWORK
from tests.lab.trace import mobile, set_out, travel


pytestmark = [pytest.mark.e2e, needs_network]

OUTAGE_S = 4.2
"""TCP alone would begin again up to four seconds after the end."""
TOLD_WITHIN_S, BACK_WITHIN_S = 2.0, 3.0
FROZEN_MS = 2_000.0
"""Twice of what the screen promises: the machine of a test may be busy."""


@dataclass(frozen=True)
class World:
    lab: Network
    kiosk: Party
    agent: Party
    folder: Path


@pytest.fixture
def world() -> Iterator[World]:
    with network() as lab, Branch() as branch:
        set_out(lab)
        branch.place = lab.far
        plain = {"insecure": True}
        branch.start_server({"network": plain, "compat": {"originals": [NETWORK]}})
        agent = branch.start_agent(network=plain, display=panel_of(branch, "agent"))
        agent.wait_for("WAITING")
        branch.place = lab.near
        kiosk = branch.start_kiosk(network=plain, display=panel_of(branch, "kiosk"))
        kiosk.wait_for("IDLE")
        kiosk.press("call")
        kiosk.wait_for("IN_CALL")
        agent.wait_for("IN_CALL")
        with devices_watched(kiosk, agent):
            yield World(lab, kiosk, agent, branch.folder)


def test_a_call_survives_an_outage_and_both_sides_see_each_other_soon_after(
    world: World,
) -> None:
    calls = [party.status()["call"] for party in (world.kiosk, world.agent)]
    with (
        Watch(world.folder / "kiosk.fb") as at_kiosk,
        Watch(world.folder / "agent.fb") as at_agent,
    ):
        (outage,) = travel(world.lab, mobile((0.0,), OUTAGE_S, OUTAGE_S))
        for party in (world.kiosk, world.agent):
            party.wait_for("IN_CALL", BACK_WITHIN_S + 5.0)
            wait_for_new_pictures(party)

    for seen in (at_kiosk.painted, at_agent.painted):
        back = next(at for at, age in seen if at - age / 1000 > outage.ended)
        assert back - outage.ended < BACK_WITHIN_S
        assert max(age for _, age in seen) < FROZEN_MS
    assert [party.status()["call"] for party in (world.kiosk, world.agent)] == calls


def test_both_screens_say_within_moments_that_nothing_comes_any_more(
    world: World,
) -> None:
    world.lab.change(loss_percent=100)

    world.agent.wait_until(
        lambda now: now["screen"] == "peer_away", "told", TOLD_WITHIN_S
    )
    world.kiosk.wait_until(
        lambda now: now["screen"] == "reconnecting", "told", TOLD_WITHIN_S
    )
    world.lab.change(loss_percent=0)
    world.kiosk.wait_for("IN_CALL", BACK_WITHIN_S + 5.0)
