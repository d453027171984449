"""
All runs of a campaign: shares stages between them, runs some side by side, counts.

A stage is kept for the next run of its plan where the oracle found it clean; where it
did not, its folder's logs are kept in ``faults-out`` and everything begins anew.  What
failed is repeated once at the end, one at a time, and said to be so.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from tests.faults import figures
from tests.faults.catalogue import Fault, load
from tests.faults.kept_runs import OUT, KeptRuns, Key, read_runs
from tests.faults.nodes import COVERED, groups, run_nodes
from tests.faults.running import Result, run
from tests.faults.stage import Stage
from tests.reliability.results import commit


_EASY = frozenset({"T0", "T1"})
_ALONE = 1


@dataclass(frozen=True, slots=True)
class Task:
    """A run that is to be."""

    fault: Fault
    state: str
    seed: int = 0

    @property
    def key(self) -> Key:
        is_full = self.state == COVERED or self.fault.plan.full_scale
        return self.fault.id, self.state, is_full, self.seed


@dataclass(frozen=True, slots=True)
class How:
    """
    How a campaign runs.

    Attributes:
        seed: Of the random draws, for the first of them.
        times: So often each, with seeds that follow one another.
        stages: So many runs at a time.
        patience: Stretches the bounds of time; figures are of one alone.
        goes_on: What survived on this commit is not run again, and what fails is
            repeated once.
        is_anew: Nothing that ran before counts.

    """

    seed: int = 1
    times: int = 1
    stages: int = 2
    patience: float = 1.0
    goes_on: bool = False
    is_anew: bool = False


class Campaign:
    """
    Args:
        ids: Rows or families; none: all.
        state: Only this one.
        every_tier: Also what needs root, a systemd or the appliance.
        how: How it runs.

    """

    def __init__(
        self,
        ids: Sequence[str] = (),
        state: str = "",
        *,
        every_tier: bool = False,
        how: How | None = None,
    ) -> None:
        self._how = how = how or How()
        self._catalogue = load()
        tiers = None if every_tier or ids else _EASY
        chosen = [
            fault
            for fault in self._catalogue.values()
            if _is_chosen(fault, ids) and (not tiers or fault.tier in tiers)
        ]
        self._kept = KeptRuns(commit(), is_anew=how.is_anew or not how.goes_on)
        all_tasks = list(_tasks(chosen, state, range(how.seed, how.seed + how.times)))
        tasks = [task for task in all_tasks if not self._kept.is_done(task.key)]
        again = [task for task in tasks if self._kept.failed_at_first(task.key)]
        self._again = again if how.goes_on else []
        self._tasks = sorted(
            (task for task in tasks if task not in self._again),
            key=lambda task: task.fault.plan.key,
        )
        self._count, self._done = len(all_tasks), len(all_tasks) - len(tasks)
        self._turn = threading.Lock()
        self._failed: dict[Key, str] = {}
        self._began = self._told = time.monotonic()
        self._to_run = len(tasks)

    def run(self) -> int:
        """Run all of it; return how many did not survive."""
        if self._done:
            _say(f"{self._done} of {self._count} ran on this commit and are kept")
        self._run_all(self._how.stages)
        again, self._again = self._again, []
        if again:
            _say(f"{len(again)} failed at first and are run once more, one at a time")
            self._tasks, self._to_run = again, self._to_run + len(again)
            self._run_all(_ALONE)
        took = time.monotonic() - self._began
        for key, why in sorted(self._failed.items()):
            _say(f"RED {key[0]} {key[1]}: {why}")
        _say(f"{len(self._failed)} did not survive; {took:.0f} s in all")
        return len(self._failed)

    def report(self) -> None:
        """Write the figures of the newest line of each run."""
        figures.write_figures(self._catalogue, list(read_runs().values()), commit())

    def _run_all(self, stages: int) -> None:
        covered = [one.fault for one in self._tasks if one.state == COVERED]
        self._tasks = [one for one in self._tasks if one.state != COVERED]
        workers = [
            threading.Thread(target=self._work, name=f"stage {number}")
            for number in range(min(stages, len(self._tasks)))
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        for group in groups(covered):
            for result in run_nodes(group, OUT):
                self._note(result, Task(self._catalogue[result.id], COVERED))

    def _work(self) -> None:
        held = ExitStack()
        with closing_quietly(held):
            stage: Stage | None = None
            while (task := self._next(stage)) is not None:
                if stage is None or stage.plan.key != task.fault.plan.key:
                    _close(held)
                    stage = None
                try:
                    stage = stage or held.enter_context(Stage(task.fault.plan))
                    patience = self._how.patience
                    result = run(stage, task.fault, task.state, task.seed, patience)
                except Exception as error:  # noqa: BLE001 -- a run's end: told in its line
                    result = _broken(task, error)
                self._note(result, task)
                if result.verdict != "survived":
                    if stage is not None:
                        _keep_logs(stage, task)
                    _close(held)
                    stage = None

    def _next(self, stage: Stage | None) -> Task | None:
        """Return a run that the stage at hand can be used for, or any."""
        with self._turn:
            for task in self._tasks:
                if stage is not None and task.fault.plan.key == stage.plan.key:
                    self._tasks.remove(task)
                    return task
            return self._tasks.pop(0) if self._tasks else None

    def _note(self, result: Result, task: Task) -> None:
        with self._turn:
            self._kept.note(result, self._stamp())
            told = "; ".join([*result.why, *result.breaches])
            if result.verdict == "survived":
                self._failed.pop(task.key, None)
            else:
                if self._how.goes_on and task.key not in self._failed:
                    self._again.append(task)
                self._failed[task.key] = told
            self._done += 1
            _say(
                f"{self._progress()} {result.id} {result.state:12} {result.verdict:8} "
                f"{result.kind:1} {result.recovered_ms or 0:6} ms "
                f"{result.seconds:5.1f} s {told}"
            )

    def _stamp(self) -> dict[str, float]:
        load = round(os.getloadavg()[0], 1)
        now = time.monotonic()
        wall_s, self._told = round(now - self._told, 1), now
        when = int(time.clock_gettime(time.CLOCK_REALTIME))
        return {
            "when": when,
            "load": load,
            "patience": self._how.patience,
            "wall_s": wall_s,
        }

    def _progress(self) -> str:
        ran = self._done - (self._count - self._to_run)
        spent = time.monotonic() - self._began
        left = max(0, self._to_run - ran)
        return f"[{ran}/{self._to_run}, {spent / 60:.1f} min, {spent / max(1, ran) * left / 60:.1f} left]"


def _tasks(chosen: Sequence[Fault], state: str, seeds: Sequence[int]) -> Iterator[Task]:
    for fault in chosen:
        if fault.covered_by and not state:
            yield Task(fault, COVERED)
        at_full = replace(fault, plan=replace(fault.plan, full_scale=True))
        scales = [fault, at_full] if fault.also_full else [fault]
        for one in fault.states:
            if fault.injector and state in ("", one):
                yield from (Task(at, one, seed) for at in scales for seed in seeds)


@contextmanager
def closing_quietly(held: ExitStack) -> Iterator[None]:
    """Close a worker's last stage at its end."""
    try:
        yield
    finally:
        _close(held)


def _close(held: ExitStack) -> None:
    """Close a stage; a process of it that ends late was judged in its run, if at all."""
    try:
        held.close()
    except AssertionError as error:
        _say(f"a stage closed late: {str(error).splitlines()[0]}")


def _is_chosen(fault: Fault, ids: Sequence[str]) -> bool:
    return not ids or any(fault.id == one or fault.id[0] == one for one in ids)


def _broken(task: Task, error: Exception) -> Result:
    fault = task.fault
    return Result(
        fault.id,
        task.state,
        task.seed,
        fault.tier,
        fault.plan.full_scale,
        "".join(fault.begun_in(task.state).classes),
        why=[f"{type(error).__name__}: {str(error)[:300]}"],
    )


def _keep_logs(stage: Stage, task: Task) -> None:
    kept = OUT / f"{task.fault.id}-{task.state}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for file in stage.logs.values():
        shutil.copy(file, kept)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


__all__ = ["Campaign", "How"]
