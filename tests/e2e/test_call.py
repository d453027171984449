"""Whole calls between real processes, as a visitor and an agent see them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import ControlError
from tests.fakes.branch import Branch, ask, room_members, wait_until
from tests.fakes.hearing import heard, peak_dbfs, tone_dbfs
from tests.fakes.programs import ROOT, Party, Server
from tests.fakes.reading import texts_to


pytestmark = pytest.mark.e2e

KIOSK_HZ, AGENT_HZ = 1000, 700
ALL_CLOSED = {"camera_open": False, "microphone_open": False, "speaker_open": False}


@dataclass(frozen=True)
class Pair:
    branch: Branch
    server: Server
    agent: Party
    kiosk: Party


@pytest.fixture(scope="module")
def pair_of_the_module() -> Iterator[Pair]:
    with Branch() as branch:
        server = branch.start_server()
        yield Pair(branch, server, branch.start_agent(), branch.start_kiosk())


@pytest.fixture
def pair(pair_of_the_module: Pair) -> Iterator[Pair]:
    """An agent who waits and a kiosk that is idle, before and after."""
    pair_of_the_module.kiosk.wait_for("IDLE")
    pair_of_the_module.agent.wait_for("WAITING")
    yield pair_of_the_module
    pair_of_the_module.kiosk.press("hangup")
    pair_of_the_module.kiosk.wait_for("IDLE")


def call(pair: Pair) -> None:
    pair.kiosk.press("call")
    pair.kiosk.wait_for("IN_CALL")
    pair.agent.wait_for("IN_CALL")


def hears(party: Party, hertz: int) -> bool:
    return tone_dbfs(heard(party.speaker, 0.8), hertz) > -30


def test_pressing_call_shows_both_sides_to_each_other(pair: Pair) -> None:
    call(pair)

    for party, tone in ((pair.kiosk, AGENT_HZ), (pair.agent, KIOSK_HZ)):
        status = party.wait_until(
            lambda now: bool(now["play"]) and now["play"][0]["pictures_shown"] > 20,
            "showing pictures",
        )
        assert status["screen"] == "in_call"
        assert status["devices"]["camera_open"]
        assert status["devices"]["microphone_open"]
        wait_until(partial(hears, party, tone), f"{party.name} hears {tone} Hz")
    assert len(room_members(pair.server.url)) == 2


def test_muting_silences_the_kiosk_until_it_is_unmuted(pair: Pair) -> None:
    call(pair)

    def agent_hears_nothing() -> bool:
        return peak_dbfs(heard(pair.agent.speaker, 0.8)) <= -90

    wait_until(partial(hears, pair.agent, KIOSK_HZ), "the agent hears the kiosk")
    pair.kiosk.press("mute")
    wait_until(agent_hears_nothing, "the agent hears nothing")
    assert pair.kiosk.status()["muted"]
    pair.kiosk.press("mute")
    wait_until(partial(hears, pair.agent, KIOSK_HZ), "the agent hears the kiosk again")

    assert not pair.kiosk.status()["muted"]


def test_text_goes_both_ways(pair: Pair) -> None:
    call(pair)

    with texts_to(pair.agent) as read_by_agent, texts_to(pair.kiosk) as read_by_kiosk:
        pair.kiosk.control.text("Grüezi, is anybody there?")
        pair.agent.control.text("Yes, with pleasure.")

    assert read_by_agent.get(timeout=5) == "kiosk: Grüezi, is anybody there?"
    assert read_by_kiosk.get(timeout=5) == "agent: Yes, with pleasure."


def test_text_outside_a_call_is_refused_with_a_reason(pair: Pair) -> None:
    with pytest.raises(ControlError, match="nobody is in the call"):
        pair.kiosk.control.text("hello?")


def test_the_kiosk_hangs_up_and_its_camera_is_closed_within_a_second(
    pair: Pair,
) -> None:
    call(pair)

    pair.kiosk.press("hangup")

    pair.kiosk.wait_until(lambda now: now["devices"] == ALL_CLOSED, "closed", 1.0)
    pair.kiosk.wait_for("IDLE")
    pair.agent.wait_for("WAITING")
    assert pair.kiosk.status()["peers"] == []
    assert room_members(pair.server.url) == [pair.agent.status()["user_id"]]


@pytest.mark.parametrize("time", ["once", "twice", "three times"])
def test_the_agent_hangs_up_and_the_kiosk_says_so_before_it_is_idle(
    pair: Pair, time: str
) -> None:
    call(pair)
    seen: list[tuple[Any, Any]] = []
    events = pair.kiosk.control.events(silence_s=10.0)

    pair.agent.press("hangup")

    for event in events:
        if event["event"] == "state":
            seen.append((event["state"], event["screen"]))
            if event["screen"] == "idle":
                break
    events.close()
    # No "reconnecting" flashes up: the server tells before it cuts.
    assert seen[-2:] == [("ENDED", "ended"), ("IDLE", "idle")]
    assert set(seen[:-2]) <= {("IN_CALL", "in_call"), ("GRACE", "peer_away")}
    assert pair.kiosk.status()["devices"] == ALL_CLOSED


def test_a_second_kiosk_queues_with_its_camera_closed_and_gets_its_turn(
    pair: Pair,
) -> None:
    other = pair.branch.start_kiosk("other")
    call(pair)

    other.wait_for("IDLE")
    other.press("call")
    queued = other.wait_for("QUEUED")
    assert (queued["screen"], queued["reason"]) == ("queued", "full")
    assert queued["devices"] == ALL_CLOSED
    pair.kiosk.press("hangup")
    other.wait_for("IN_CALL", 15.0)
    pair.agent.wait_for("IN_CALL")

    assert other.status()["peers"][0]["name"] == "agent"
    assert other.stop() == os.EX_OK


def test_an_absent_agent_is_waited_for_and_signals_end_the_call_cleanly() -> None:
    with Branch() as branch:
        server = branch.start_server()
        kiosk = branch.start_kiosk()
        kiosk.wait_for("IDLE")

        kiosk.press("call")
        waiting = kiosk.wait_for("QUEUED")
        assert waiting["devices"] == ALL_CLOSED
        assert (waiting["screen"], waiting["reason"]) == ("queued", "absent")
        assert room_members(server.url) == []
        agent = branch.start_agent()
        status = kiosk.wait_for("IN_CALL", 15.0)
        agent.wait_for("IN_CALL")
        statuses = [kiosk.stop(), agent.stop()]

        assert [peer["name"] for peer in status["peers"]] == ["agent"]
        assert statuses == [os.EX_OK, os.EX_OK], kiosk.log + agent.log
        assert room_members(server.url) == []
        assert server.stop() == os.EX_OK
        assert "Traceback" not in kiosk.log + agent.log + server.log


def test_a_kiosk_with_a_wrong_configuration_stays_up_and_says_so() -> None:
    with Branch() as branch:
        branch.server_url = "http://127.0.0.1:9"
        kiosk = branch.start_kiosk(camera={"prest": "360p"})

        kiosk.press("call")
        status = kiosk.status()

        assert (status["state"], status["screen"]) == ("UNCONFIGURED", "unconfigured")
        checked = config_check(kiosk.config)
        line = 1 + kiosk.config.read_text().splitlines().index('prest = "360p"')
        assert checked.returncode == os.EX_CONFIG
        assert f"{kiosk.config}:{line}: [camera] prest: unknown key" in checked.stderr
        assert "did you mean [camera] preset?" in checked.stderr
        assert len(checked.stderr.splitlines()) == 1
        assert kiosk.stop() == os.EX_OK


def config_check(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kiosk", "config", "check", "--config", str(file)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=20,
    )


def test_the_room_calls_of_the_test_itself_are_those_of_the_protocol(
    pair: Pair,
) -> None:
    rooms = ask(pair.server.url, "get_room_list", {"cnt": 20, "index": 0})["rooms"]

    assert len(rooms) == 1
    assert len(rooms[0]["pushers"]) == 1
