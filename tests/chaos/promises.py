"""The table of promises (``reliability.md`` 5.2), judged over a whole history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from tests.chaos.history import History, Op, Outcome, Violation
from tests.chaos.one_order import OneOrder, TooMany
from tests.chaos.silence import Ghost, ghosts
from tests.chaos.spans import Spans
from tests.chaos.told_events import events_judged, folds_judged


DELAY_S = 0.1
_LONG_WAIT_S = 0.3
_FEW = 100
"""So few answers say nothing about a delay, on a machine with others on it."""


@dataclass
class Verdict:
    """What was found."""

    violations: list[Violation] = field(default_factory=list[Violation])
    ghost_age_max_s: float = 0.0
    ghost_by_clock_max_s: float = 0.0
    """The same with what the machine kept from servers, which is not in an age."""
    undecided: int = 0
    """Rooms in which the search was given up."""

    def count(self, promise: str) -> int:
        """Return how often one promise was broken."""
        return sum(promise in one.promise.split() for one in self.violations)


def judged(history: History) -> Verdict:
    """Judge every promise."""
    verdict = Verdict()
    for room, ops in history.by_room().items():
        try:
            found = OneOrder(history, room, ops).judge()
        except TooMany:
            verdict.undecided += 1
            continue
        if found is not None:
            verdict.violations.append(found)
    for ghost in ghosts(history):
        by_clock_s = ghost.age_s + ghost.waited_s
        verdict.ghost_age_max_s = max(verdict.ghost_age_max_s, ghost.age_s)
        verdict.ghost_by_clock_max_s = max(verdict.ghost_by_clock_max_s, by_clock_s)
    for judge in _JUDGES:
        verdict.violations += judge(history)
    return verdict


def crowded(history: History) -> Iterator[Violation]:
    """P1: nobody sees more than the capacity, or anybody twice."""
    for op in history.ops:
        members = op.told.get("members", ())
        most = history.terms.seats_in(op.room)
        if len(members) > most or len(set(members)) < len(members):
            yield Violation("P1", op.room, f"{op.user} read {members}")


def haunted(history: History) -> Iterator[Violation]:
    """P3: nobody sees a silent member for longer than is promised."""
    worst: dict[tuple[str, str], Ghost] = {}
    for ghost in ghosts(history):
        place = ghost.seen.room, ghost.user
        least = worst[place].age_s if place in worst else history.terms.ghost_s
        if ghost.age_s > least:
            worst[place] = ghost
    for (room, user), ghost in worst.items():
        why = (
            f"{ghost.seen.user} saw {user}, silent for {ghost.age_s:.1f} s, and "
            f"{ghost.waited_s:.1f} s in which the machine gave no time"
        )
        yield Violation("P3", room, why)


def uncut(history: History) -> Iterator[Violation]:
    """P3, P7: a stream whose seat was given up ends at once; its key opens nothing."""
    waits = Spans((one.begin, one.end) for one in history.of_kind("starved"))
    for op in history.ops:
        if op.name != "stream" or _disturbed(history, op):
            continue
        began, after = op.told["given_up"], op.told["cut_s"]
        late, silence = history.terms.slack_s, op.told["since_asked_s"]
        late += history.terms.ghost_s if op.told["way"] == "silent" else 0.0
        promise = "P3" if op.told["way"] == "silent" else "P7"
        waited = waits.within(began, began + after) if after is not None else 0.0
        if after is None or after - waited > late:
            why = (
                f"the stream went on for {after} s after its seat was "
                f"{op.told['way']}; the machine gave no time for {waited:.1f} s"
            )
            yield Violation(promise, op.room, why)
        elif op.told["way"] == "silent" and silence < history.terms.late_s:
            yield Violation("P4", op.room, f"cut after {silence:.1f} s of silence")
        if op.told["refused"] is False:
            yield Violation("P7", op.room, "a key of a seat given up opened a stream")


def _disturbed(history: History, op: Op) -> bool:
    some = history.of_kind("kill", "stop", "disk full", "store stop")
    return any(one.begin - 1.0 < op.returned and one.end >= op.invoke for one in some)


def forgotten(history: History) -> Iterator[Violation]:
    """P8, P9: answers tell whether a server that came back remembers."""
    seen: dict[str, int] = {}
    boots = [(op.returned, op.told["boot"]) for op in history.ops if "boot" in op.told]
    for _, boot in sorted(boots):
        era, _, count = boot.partition(".")
        seen[era] = max(seen.get(era, 0), int(count))
    kills = len(history.of_kind("kill"))
    most = 1 + kills if history.terms.forgets else 1
    if len(seen) > most:
        why = f"{len(seen)} memories, and {kills} kills of a server on a store"
        yield Violation("P8", "", why)
    if history.terms.forgets and any(count > 1 for count in seen.values()):
        yield Violation("P9", "", "a server that forgot says that it remembers")


def repeated(history: History) -> Iterator[Violation]:
    """P12: a request that came twice at once was answered alike."""
    for op in history.ops:
        if op.name == "twice" and op.told["first"] != op.told["second"]:
            yield Violation("P12", op.room, f"{op.told['first']} {op.told['second']}")


def held_up(history: History) -> Iterator[Violation]:
    """P11: while one client reads nothing the others are answered as before."""
    quiet, stalled = latencies(history)
    if min(len(stalled), len(quiet)) < _FEW:
        return
    added = median(stalled) - median(quiet)
    if added > DELAY_S:
        yield Violation("P11", "", f"{added * 1e3:.0f} ms more for everybody")


def latencies(history: History) -> tuple[list[float], list[float]]:
    """Return how long the onlooker waited: undisturbed, and beside a stalled reader."""
    others = history.of_kind("kill", "stop", "disk full", "store stop")
    waits = history.of_kind("starved")
    others += [one for one in waits if one.end - one.begin > _LONG_WAIT_S]
    troubled = Spans((one.begin - 1.0, one.end + 3.0) for one in others)
    stalls = history.of_kind("stalled reader")
    quiet: list[float] = []
    stalled: list[float] = []
    for op in history.ops:
        if op.process != "onlooker" or op.outcome is Outcome.UNKNOWN:
            continue
        if troubled.within(op.invoke, op.returned):
            continue
        beside = any(one.begin < op.invoke < one.end for one in stalls)
        (stalled if beside else quiet).append(op.returned - op.invoke)
    return quiet, stalled


_JUDGES: tuple[Callable[[History], Iterator[Violation]], ...] = (
    crowded,
    haunted,
    uncut,
    forgotten,
    repeated,
    held_up,
    events_judged,
    folds_judged,
)


def figures(history: History, verdict: Verdict) -> Mapping[str, object]:
    """Return what a run is summed up in."""
    ends = {one.value: 0 for one in Outcome}
    for op in history.ops:
        ends[op.outcome.value] += 1
    faults: dict[str, int] = {}
    waits: dict[str, list[tuple[float, float]]] = {}
    for fault in history.faults:
        if fault.kind == "starved":
            waits.setdefault(fault.target, []).append((fault.begin, fault.end))
        else:
            faults[fault.kind] = faults.get(fault.kind, 0) + 1
    return {
        "operations": history.acts,
        "looked": sum(op.process == "onlooker" for op in history.ops),
        **ends,
        "faults": faults,
        "violations": len(verdict.violations),
        "undecided_rooms": verdict.undecided,
        "ghost_age_max_s": round(verdict.ghost_age_max_s, 1),
        "ghost_by_clock_max_s": round(verdict.ghost_by_clock_max_s, 1),
        "waited_s": {
            name: round(Spans(some).total_s, 1) for name, some in sorted(waits.items())
        },
        "events_lost": verdict.count("P5"),
    }
