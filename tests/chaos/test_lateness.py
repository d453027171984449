"""What the machine kept from whom is measured, added up once, and excuses no more."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import pytest

from tests.chaos.history import Fault, History, Terms
from tests.chaos.lateness import lateness_noted
from tests.chaos.promises import judged
from tests.chaos.spans import Spans
from tests.chaos.test_checkers_bite import Story
from tests.fakes.media_kit import until


def test_stretches_that_overlap_count_once() -> None:
    spans = Spans([(5.0, 6.0), (1.0, 3.0), (2.0, 4.0), (2.5, 3.0)])

    assert spans.total_s == 4.0
    assert spans.within(0.0, 10.0) == 4.0
    assert spans.within(2.0, 5.5) == 2.5
    assert spans.within(4.0, 5.0) == 0.0
    assert spans.within(5.25, 5.75) == 0.5
    assert Spans([]).within(0.0, 9.0) == 0.0


def ghost_beside(target: str, waited_s: float) -> Story:
    """Return a history with a ghost of 27 s; somebody was kept waiting meanwhile."""
    story = Story()
    story.op("create", "ann")
    story.fault("starved", waited_s, target)
    story.now += 27.0 - waited_s
    story.read("ann")
    return story


@pytest.mark.parametrize("target", ["server0", "machine"])
def test_a_ghost_is_excused_by_what_its_server_waited_and_by_no_more(
    target: str,
) -> None:
    assert "P3" not in ghost_beside(target, 1.5).broken
    assert "P3" in ghost_beside(target, 0.5).broken

    verdict = judged(ghost_beside(target, 1.5).history)
    assert verdict.ghost_age_max_s == pytest.approx(25.5)
    assert verdict.ghost_by_clock_max_s == pytest.approx(27.0)


@pytest.mark.parametrize("target", ["clients", "server1"])
def test_who_only_looks_on_or_serves_elsewhere_excuses_no_ghost(target: str) -> None:
    assert "P3" in ghost_beside(target, 5.0).broken


@pytest.mark.parametrize("target", ["clients", "server0", "machine"])
def test_a_stream_cut_late_is_excused_by_what_was_measured_meanwhile(
    target: str,
) -> None:
    for waited_s, is_broken in ((0.4, True), (1.0, False)):
        story = Story()
        began = story.now
        story.history.faults.append(Fault("starved", target, began, began + waited_s))
        story.stream("destroyed", cut_s=1.8)

        assert ("P7" in story.broken) is is_broken


@contextmanager
def started(*commands: Sequence[str]) -> Generator[list[subprocess.Popen[bytes]]]:
    processes = [subprocess.Popen(command) for command in commands]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


async def test_a_process_that_waits_for_a_processor_is_seen_waiting() -> None:
    history = History(Terms(20.0, 5.0))
    busy = sys.executable, "-c", "while True: pass"
    with started(busy, busy) as (favoured, starved):
        for process in favoured, starved:
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        os.sched_setscheduler(starved.pid, os.SCHED_IDLE, os.sched_param(0))
        async with lateness_noted(history, lambda: {"server0": starved.pid}):
            await until(lambda: bool(_waits(history)), 60.0)

    for wait in _waits(history):
        assert wait.kind == "starved"
        assert wait.end > wait.begin


async def test_a_process_that_was_stopped_did_not_wait_for_the_machine() -> None:
    history = History(Terms(20.0, 5.0))
    with started(("sleep", "60")) as (asleep,):
        async with lateness_noted(history, lambda: {"server0": asleep.pid}):
            asleep.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.5)
            asleep.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.2)

    assert sum(wait.end - wait.begin for wait in _waits(history)) < 0.5


def _waits(history: History) -> list[Fault]:
    return [fault for fault in history.faults if fault.target == "server0"]
