"""Faults of the sound card: it loses sound, another program has it, it hears nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.fakes.branch import wait_until
from tests.fakes.reading import texts_to
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.ordering import order
from tests.faults.stage import Stage


_SOMEBODY: Final = 4711
"""The number of another process, which a kernel would name."""
_APART_S: Final = 0.3
_READ_S: Final = 30.0
"""Until an agent reads a message; five seconds are the microphone's."""


@injector("D06")
@contextmanager
def hears_nothing(stage: Stage, params: Params) -> Iterator[None]:
    """
    The microphone gives one sample again and again, as one its mixer muted.

    In a call the agent reads of it and talks on; while nobody calls, the kiosk says so
    before the next customer comes, once it listened.
    """
    is_talking = stage.kiosk.state == "IN_CALL"
    with _agent_reads(stage, "microphone failed", is_talking=is_talking):
        order(stage, "sound", is_deaf=True)
    if is_talking:
        assert "the same sample" in _told_of_microphone(stage)
    yield
    if not is_talking:
        assert "the same sample" in str(stage.status()["reason"])
    with _agent_reads(stage, "microphone works", is_talking=is_talking):
        order(stage, "sound", is_deaf=False)
    wait_until(lambda: not _told_of_microphone(stage), "taken back", _READ_S)


@injector("D07")
@contextmanager
def sound_lost(stage: Stage, params: Params) -> Iterator[None]:
    """The card loses sound again and again; the library gives lengths of -32."""
    count = int(params["count"])
    before = _lost(stage)
    order(stage, "xruns", count=count, every_s=_APART_S)
    yield
    now = stage.kiosk.status()
    lost = _lost(stage) - before
    assert now["state"] == "IN_CALL", f"{now['state']} {now['reason']}"
    assert not now["faults"], f"told as a fault: {now['faults']}"
    assert count <= lost <= 2 * count, f"{lost} counted of {count}"


@injector("D09")
@contextmanager
def card_busy(stage: Stage, params: Params) -> Iterator[None]:
    """Another program has the sound card, and ends some seconds later."""
    order(stage, "hold", pid=_SOMEBODY)
    began = time.monotonic()
    yield
    reason = str(stage.status()["reason"])
    assert str(_SOMEBODY) in reason, f"does not say who has it: {reason}"
    assert time.monotonic() - began > 1.0
    order(stage, "let_go")


@contextmanager
def _agent_reads(stage: Stage, words: str, *, is_talking: bool) -> Iterator[None]:
    """What is done in here the agent reads of, where there is a call."""
    if not is_talking:
        yield
        return
    with texts_to(stage.agent, _READ_S) as read:
        yield
        assert words in read.get(timeout=_READ_S)


def _told_of_microphone(stage: Stage) -> str:
    faults = stage.kiosk.status()["faults"]
    told = [one["reason"] for one in faults if one["fault"] == "microphone"]
    return str(told[0]) if told else ""


def _lost(stage: Stage) -> int:
    now = stage.kiosk.status()
    assert now["push"] is not None, f"no call but {now['state']}"
    return int(now["push"]["microphone_xruns"])
