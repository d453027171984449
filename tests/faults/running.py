"""
One run: a fault in a state, what was seen of it, and the verdict.

stage ready -> state -> fault begins -> watched -> its cause is gone -> the kiosk serves
again -> canary call -> the nine invariants -> SIGTERM and a fresh kiosk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from kiosk.errors import ControlError
from tests.fakes.descriptors import descriptors
from tests.faults import oracle
from tests.faults.catalogue import Fault
from tests.faults.injecting import injector_of
from tests.faults.noticing import (
    BACK_S,
    BOUNDS_S,
    allows,
    has_to_resume,
    noticed,
    resumed_s,
)
from tests.faults.oracle import Breach, Held
from tests.faults.stage import CANARIES, Stage, status_of
from tests.faults.supervising import Record


FOR_S: Final = 2.5
_SETTLE_S: Final = 4.0
_LOOK_S: Final = 0.05
_FRESH = 5
_NO_FILE = (".log", ".out", ".fb", ".wav", ".toml", ".sock", ".pem", ".key")


@dataclass(slots=True)
class Result:
    """
    One line of ``runs.jsonl``.

    Attributes:
        kind: The class that was seen.
        allowed: Those the row allows.
        verdict: ``survived`` or ``failed``.
        why: It failed.
        canary_ms: How long the canary call took to be seen on both sides; None: failed.
        was_to_resume: Whether the process died in a call that it had to come back to.
        resumed_ms: How long after its end it was there.

    """

    id: str
    state: str
    seed: int
    tier: str
    full_scale: bool
    allowed: str
    kind: str = ""
    recovered_ms: int | None = None
    canary_ms: int | None = None
    was_to_resume: bool = False
    resumed_ms: int | None = None
    verdict: str = "failed"
    why: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def line(self) -> dict[str, Any]:
        """As it is written."""
        told = asdict(self)
        told["class"] = told.pop("kind")
        return told


def run(
    stage: Stage, fault: Fault, state: str, seed: int, patience: float = 1.0
) -> Result:
    """
    Run a fault in a state of the call; the stage is to be closed if it failed.

    Args:
        patience: Stretches the bounds of time: one where they are measured.

    """
    fault = fault.begun_in(state)
    result = Result(
        fault.id,
        state,
        seed,
        fault.tier,
        stage.plan.full_scale,
        "".join(fault.classes),
    )
    began = time.monotonic()
    try:
        breaches = list(_breaches(stage, fault, state, result, patience))
    except (AssertionError, ControlError, OSError) as error:
        breaches = []
        result.why.append(f"{type(error).__name__}: {str(error)[:300]}")
    finally:
        stage.supervision.rest()
        stage.mend()
    result.breaches = [f"{one.invariant} {one.why}" for one in breaches]
    result.seconds = round(time.monotonic() - began, 1)
    if not result.why and not breaches:
        result.verdict = "survived"
    return result


def _breaches(
    stage: Stage, fault: Fault, state: str, result: Result, patience: float
) -> Iterator[Breach]:
    stage.seed, stage.patience = result.seed, patience
    stage.make_ready()
    before = _held(stage)
    lengths = {name: file.stat().st_size for name, file in stage.logs.items()}
    record = stage.supervision.begin()
    began, gone = _inject(stage, fault, state, result)
    well = _wait_well(stage, gone, fault)
    seen = noticed(record, state, began, gone, well, patience=patience)
    result.kind, result.recovered_ms = seen.kind, round(seen.recovered_s * 1000)
    if not allows(fault.classes, seen.kind):
        result.why.append(f"customers noticed {seen.kind}")
    if seen.recovered_s > BOUNDS_S[seen.kind] * patience:
        result.why.append(f"{seen.kind} took {seen.recovered_s:.1f} s")
    if fault.resumes and state == "in_call":
        _judge_resumption(record, result, patience)
    stage.kiosk.press("hangup")
    yield from _canary(stage, result)
    yield from _members(stage)
    yield from _left(stage, before, restarted=bool(record.starts))
    yield from oracle.judge_devices(record.samples, patience)
    yield from oracle.judge_screens(record.samples, patience)
    yield from oracle.judge_watchdog(record, may_restart="F" in fault.classes)
    said = _said(stage.logs, lengths)
    yield from oracle.judge_words(said, CANARIES.values())
    yield from oracle.judge_errors({"kiosk": said.get("kiosk", "")})
    stage.supervision.rest()
    yield from _end(stage, patience)


def _inject(
    stage: Stage, fault: Fault, state: str, result: Result
) -> tuple[float, float]:
    """Let the fault be; return when it began and when its cause was gone."""
    make = injector_of(fault)
    let_go = stage.bring_to(state)
    began = time.monotonic()
    with make(stage, fault.params):
        let_go()
        screen = fault.shows.get(state, "")
        if not _waits(lambda: _shows(stage, screen), fault.within_s):
            result.why.append(f"{screen} not shown within {fault.within_s:g} s")
        left_s = float(fault.params.get("for_s", FOR_S)) - (time.monotonic() - began)
        time.sleep(max(0.0, left_s))
    return began, time.monotonic()


def _shows(stage: Stage, screen: str) -> bool:
    """Whether that screen is shown; behind a blank stands how its reason begins."""
    if not screen:
        return True
    name, _, code = screen.partition(" ")
    now = status_of(stage.kiosk)
    is_shown = now is not None and now["screen"] == name
    return is_shown and str(now["reason"] if now else "").startswith(code)


def _wait_well(stage: Stage, gone: float, fault: Fault) -> float:
    """Return when the kiosk served again; fails after the longest that is allowed."""
    longest = max(BOUNDS_S[one] for one in fault.classes) * stage.patience + 10.0
    shown: dict[str, int] = {}

    def is_well() -> bool:
        now = status_of(stage.kiosk)
        if now is None:
            return False
        if now["state"] in {"IDLE", "ENDED"}:
            return True
        if now["state"] != "IN_CALL" or not now["play"]:
            shown.clear()
            return False
        count = int(now["play"][0]["pictures_shown"])
        return count - shown.setdefault("least", count) >= _FRESH

    left_s = max(1.0, longest - (time.monotonic() - gone))
    if not _waits(is_well, left_s):
        now = status_of(stage.kiosk) or {}
        raise AssertionError(
            f"not well again but {now.get('state')} {now.get('reason')}"
        )
    return time.monotonic()


def _judge_resumption(record: Record, result: Result, patience: float) -> None:
    back_s = resumed_s(record)
    result.was_to_resume = has_to_resume(record, patience)
    if back_s is not None:
        result.resumed_ms = round(back_s * 1000)
        if back_s > BACK_S * patience:
            result.why.append(f"back in its call after {back_s:.1f} s")
    elif result.was_to_resume:
        result.why.append("not back in its call")


def _canary(stage: Stage, result: Result) -> Iterator[Breach]:
    try:
        result.canary_ms = round(stage.canary_call() * 1000)
    except (AssertionError, ControlError) as error:
        yield Breach("I3", str(error).splitlines()[0][:200])


def _members(stage: Stage) -> Iterator[Breach]:
    settings = stage.server.sections[-1]["server"]
    silent_s = float(str(settings.get("heartbeat_timeout_s", 20.0)))
    bound = silent_s + float(str(settings.get("sweep_s", 5.0))) + oracle.LISTED_S
    there = [str(stage.agent.status()["user_id"])]
    listed: list[str] = []

    def is_true() -> bool:
        listed[:] = stage.members()
        return sorted(listed) == sorted(there)

    _waits(is_true, bound)
    yield from oracle.judge_members(listed, there, bound)


def _left(stage: Stage, before: Held, *, restarted: bool) -> Iterator[Breach]:
    """What is held at rest; a fresh process has its own rest, only files count."""
    breaches: list[Breach] = []

    def is_clean() -> bool:
        after = _held(stage)
        if restarted:
            after = Held(
                before.threads, before.descriptors, 0, after.closing, after.files
            )
        breaches[:] = oracle.judge_held(before, after)
        return not breaches

    _waits(is_clean, _SETTLE_S)
    yield from breaches


def _held(stage: Stage) -> Held:
    with stage.supervision.still():
        now = stage.kiosk.status()
        found = [one.partition(": ")[2] for one in descriptors(stage.kiosk.pid)]
    tcp = [one for one in found if " TCP " in one]
    rest = [_kind(one) for one in found if " TCP " not in one]
    closing = sum(one.rsplit(" ", 1)[-1] == "08" for one in tcp)
    files = frozenset(
        str(file.relative_to(stage.folder))
        for file in stage.folder.rglob("*")
        if file.is_file()
        and file.suffix not in _NO_FILE
        and file.parent.suffix != ".credentials"
    )
    return Held(int(now["threads"]), sorted(rest), len(tcp), closing, files)


def _kind(descriptor: str) -> str:
    """Return what a descriptor is without its number."""
    return descriptor.strip().split(":[", 1)[0]


def _said(logs: dict[str, Path], lengths: dict[str, int]) -> dict[str, str]:
    found = {}
    for name, file in logs.items():
        with file.open("rb") as lines:
            lines.seek(lengths.get(name, 0))
            found[name] = lines.read().decode("utf-8", "replace")
    return found


def _end(stage: Stage, patience: float) -> Iterator[Breach]:
    began = time.monotonic()
    status = stage.kiosk.stop(oracle.TERM_S * patience + 5.0)
    yield from oracle.judge_end(time.monotonic() - began, status, patience)


def _waits(is_true: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_S)
    return True
