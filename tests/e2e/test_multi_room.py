"""Three kiosks in one room, who come and go, as each of them sees and hears it."""

from __future__ import annotations

import time

import pytest

from tests.fakes.branch import Branch, wait_until
from tests.fakes.multi_party import Attendee, Seen, attend, gather


pytestmark = pytest.mark.e2e

LOOK_S = 6.0
FRESH_S = 1.0
FROM_ONE_OF_TWO = {"person1": "picture", "person5": "silence"}
MOST = 0.8
"""Of the looks: a crowded machine may hold a picture up now and then."""


def meets(one: Attendee, *others: Attendee) -> None:
    """Wait until one sees and hears exactly the others."""
    who = {other.person for other in others}
    wait_until(lambda: one.tells(len(who)), f"{one.person} shows {who}")
    wait_until(lambda: one.hears() == who, f"{one.person} hears {who}")


def shows(tiles: list[Seen], people: set[int]) -> bool:
    """Whether tiles are of these people, each with a fresh clock of its own."""
    ages = [tile.age_s for tile in tiles if tile.age_s is not None]
    fresh = {age for age in ages if age < FRESH_S}
    return {tile.person for tile in tiles} == people and len(fresh) == len(people)


def test_three_kiosks_see_and_hear_each_other_for_a_while() -> None:
    with Branch() as branch:
        branch.start_server()
        everybody = gather(branch, 1, 3, 5)
        for one in everybody:
            meets(one, *(other for other in everybody if other is not one))

        looked = {one.person: [one.sees(2)] for one in everybody}
        until = time.monotonic() + LOOK_S
        while time.monotonic() < until:
            for one in everybody:
                looked[one.person].append(one.sees(2))

        for one in everybody:
            others = {other.person for other in everybody} - {one.person}
            looks = looked[one.person]
            assert {tile.person for tiles in looks for tile in tiles} <= {0, *others}
            right = [shows(tiles, others) for tiles in looks]
            assert sum(right) >= MOST * len(looks) > MOST
            meets(one, *(other for other in everybody if other is not one))


def test_a_kiosk_that_dies_is_interrupted_for_the_others_who_go_on() -> None:
    with Branch() as branch:
        branch.start_server()
        agent, first, second = gather(branch, 1, 3, 5)
        meets(first, agent, second)

        second.party.kill()

        wait_until(lambda: received(first) == FROM_ONE_OF_TWO, "second is silent")
        wait_until(lambda: {one.person for one in first.sees(2)} == {0, 1}, "no face")
        wait_until(lambda: first.hears() == {1}, "the agent is heard")
        assert first.party.state == "IN_CALL"
        assert first.party.screen == "in_call"


def received(one: Attendee) -> dict[str, str]:
    return {peer["name"]: peer["received"] for peer in one.party.status()["peers"]}


def test_the_call_goes_on_until_the_last_one_hangs_up() -> None:
    with Branch() as branch:
        branch.start_server(creator_leaves="stay")
        second = attend(branch, 5)
        agent, first = gather(branch, 1, 3)
        meets(first, agent)
        second.party.wait_for("IDLE")
        second.party.press("call")
        meets(first, agent, second)
        meets(second, agent, first)

        first.party.press("hangup")
        meets(second, agent)
        meets(agent, second)
        assert second.party.state == agent.party.state == "IN_CALL"

        first.party.wait_for("IDLE")
        first.party.press("call")
        meets(agent, second, first)
        agent.party.press("mute")
        wait_until(lambda: second.hears() == {3}, "the muted agent is not heard")
        wait_until(
            lambda: (
                [p["name"] for p in second.party.status()["peers"] if p["loudest"]]
                == ["person3"]
            ),
            "who talks is marked",
        )

        agent.party.stop()
        meets(first, second)
        meets(second, first)
        second.party.press("hangup")
        first.party.wait_for("IDLE")
