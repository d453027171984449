"""Faults of the buttons: jammed, worn, loose, leant on; and fingers that mean nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.fakes.bounce import storm, worn_button
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.noticing import BOUNDS_S
from tests.faults.ordering import order
from tests.faults.stage import Stage


CALL, HANGUP, MUTE, LOUDER = 17, 27, 22, 5
"""As the rows' ``[buttons]`` has them."""
MOST_CPU: Final = 0.05
"""Of a core, for a storm."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SETTLED_S: Final = 0.5

Edge = tuple[int, int, bool]


@injector("D13")
@contextmanager
def jammed(stage: Stage, params: Params) -> Iterator[None]:
    """The call button is held down when the kiosk begins, and comes up later."""
    usual = stage.environment
    with stage.supervision.resting():
        stage.kiosk.stop()
        stage.environment = {**usual, "FAULT_JAMMED": str(CALL)}
        try:
            stage.start_kiosk()
        finally:
            stage.environment = usual
        stage.supervision.record.starts.append(time.monotonic())
        stage.kiosk.wait_until(lambda now: bool(now["faults"]), "told", 60.0)
    yield
    reason = str(stage.status()["reason"])
    assert "button call (GPIO 17)" in reason, f"which button it is: {reason}"
    _turn(stage, (0, CALL, False))
    lifted = time.monotonic()
    stage.kiosk.wait_for("IDLE", BOUNDS_S["E"])
    took = time.monotonic() - lifted
    assert took <= BOUNDS_S["E"], f"of use again after {took:.1f} s"
    _push(stage, CALL, stage.seed)
    stage.kiosk.wait_for("IN_CALL")
    _push(stage, HANGUP, stage.seed)
    stage.kiosk.wait_for("IDLE")


@injector("D14")
@contextmanager
def storming(stage: Stage, params: Params) -> Iterator[None]:
    """Worn contacts bounce at each press; the cable of one comes loose: 1 kHz."""
    in_call = stage.kiosk.state == "IN_CALL"
    for seed in range(stage.seed, stage.seed + 3):
        was = bool(stage.status()["muted"])
        _push(stage, MUTE, seed)
        time.sleep(_SETTLED_S)
        assert bool(stage.status()["muted"]) is (was ^ in_call), "not one reaction"
    edges = storm(0, float(params["storm_s"]), stage.seed)
    loose = [(at, MUTE, closed) for at, closed in edges]
    share = -_cpu_of(stage, loose, is_heard=False)  # what making such a storm takes
    share += _cpu_of(stage, loose, is_heard=True)
    yield
    most = MOST_CPU * stage.patience
    assert in_call or share <= most, f"a storm took {share:.1%} of a core"
    stage.kiosk.wait_until(lambda now: not now["faults"], "well again", 5.0)
    told = _times_told(stage)
    assert told == 1, f"told {told} times"
    assert bool(stage.status()["muted"]) is in_call, "the storm was a press"


@injector("D15")
@contextmanager
def leant_on(stage: Stage, params: Params) -> Iterator[None]:
    """Two keys in the same moment; then somebody leans on the panel for long."""
    in_call = stage.kiosk.state == "IN_CALL"
    keys = (MUTE, CALL, LOUDER) if in_call else (MUTE, CALL, HANGUP)
    state = stage.kiosk.state
    _turn(stage, *((0, key, True) for key in keys[:2]))
    time.sleep(_SETTLED_S)
    _turn(stage, *((0, key, False) for key in keys[:2]))
    _turn(stage, *((40_000 * n, key, True) for n, key in enumerate(keys)))
    time.sleep(float(params["lean_s"]))
    _turn(stage, *((0, key, False) for key in keys))
    yield
    shown = {one.screen for one in stage.supervision.record.samples}
    assert "technician" not in shown, "leaning opened the technician's page"
    stage.kiosk.wait_for(state, 10.0)


def _times_told(stage: Stage) -> int:
    """Return how often something about the buttons began to be wrong."""
    samples = stage.supervision.record.samples
    wrong = [bool(one.status["faults"]) for one in samples if one.status]
    return sum(is_now and not was for was, is_now in pairwise(wrong))


def _push(stage: Stage, key: int, seed: int) -> None:
    """Press and lift a worn button."""
    trace = worn_button(1, seed)
    begin = trace.edges[0][0]
    _turn(stage, *((at - begin, key, closed) for at, closed in trace.edges))


def _turn(stage: Stage, *edges: Edge) -> None:
    order(stage, "turn", edges=list(edges))


def _cpu_of(stage: Stage, edges: Sequence[Edge], *, is_heard: bool) -> float:
    """Return the share of a core that the kiosk takes while contacts move."""
    used, began = _cpu_s(stage.kiosk.pid), time.monotonic()
    order(stage, "turn", edges=list(edges), is_heard=is_heard, within_s=60.0)
    return (_cpu_s(stage.kiosk.pid) - used) / (time.monotonic() - began)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
