"""D22: without memory there is never a state without what belongs to it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk.call.states import CALL_STATES, State
from kiosk.errors import ControlError
from tests.fakes.branch import Branch, wait_for_new_pictures, wait_until
from tests.fakes.programs import ROOT, Party


CLOSED = {"camera_open": False, "microphone_open": False, "speaker_open": False}
START_S = 60.0
LEAST = {"enter": 100, "leave": 40, "parse": 50}
"""Allocations of each, refused alone and from each on: all of them are fewer than 500."""


@pytest.mark.parametrize("what", ["enter", "leave", "parse"])
def test_without_memory_it_is_as_if_nothing_was_tried_or_done(what: str) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tests.faults.no_memory", what],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = json.loads(said.stdout)

    assert found["strange"] == []
    assert found["refused"] >= LEAST[what]


@pytest.mark.e2e
@pytest.mark.timeout(180)
def test_a_kiosk_that_gets_no_memory_ends_or_ends_the_call() -> None:
    with Branch() as branch:
        branch.start_server()
        agent, kiosk = branch.start_agent(), branch.start_kiosk()
        agent.wait_for("WAITING", START_S)
        kiosk.wait_for("IDLE", START_S)
        had = resource.prlimit(kiosk.pid, resource.RLIMIT_AS)

        resource.prlimit(kiosk.pid, resource.RLIMIT_AS, (address_space(kiosk), had[1]))
        press(kiosk)
        wait_until(lambda: is_out_of_it(kiosk), "out of the call, or ended", 60.0)

        with suppress(ProcessLookupError):
            resource.prlimit(kiosk.pid, resource.RLIMIT_AS, had)
        try:
            kiosk.wait_for("IDLE", START_S)
        except ControlError:  # it ended, perhaps after the call did
            wait_until(lambda: not kiosk.is_running, "ended", START_S)
            kiosk = branch.start_kiosk("successor")
            kiosk.wait_for("IDLE", START_S)
        agent.wait_for("WAITING", START_S)
        kiosk.press("call")
        kiosk.wait_for("IN_CALL")
        wait_for_new_pictures(kiosk)


def press(kiosk: Party) -> None:
    """Press the call button of a kiosk that may be ending, and let it try."""
    try:
        kiosk.press("call")
    except ControlError:
        return
    time.sleep(2.0)


def is_out_of_it(kiosk: Party) -> bool:
    if not kiosk.is_running:
        return True
    try:
        now = kiosk.status()
    except ControlError:
        return False
    return State[now["state"]] not in CALL_STATES and now["devices"] == CLOSED


def address_space(party: Party) -> int:
    """Bytes of address space of a process."""
    pages = Path(f"/proc/{party.pid}/statm").read_text("ascii").split()[0]
    return int(pages) * resource.getpagesize()
