"""
How old a ghost is: for how long somebody who is still seen has been silent (P3).

Both ends are taken as its friends would have it: heard when the last answer came,
seen when the look began.  What was done to the servers, and what the machine kept
from them, is taken off exactly as it was measured (:mod:`tests.chaos.lateness`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.chaos.history import Fault, History, Op, Outcome
from tests.chaos.spans import Spans


_TURN_S = 1.5
"""So long a server waits for another that does not end its turn (README)."""
_OF_ALL = ("disk full", "store stop")
_SHARED = ("store", "machine")
"""Who, kept waiting, keeps every server waiting."""
_HEARD = ("create", "enter", "beat")


@dataclass(frozen=True, slots=True)
class Ghost:
    """
    Somebody who was seen.

    Attributes:
        age_s: Of silence that nothing excuses.
        waited_s: What was taken off because the machine gave a server, or its store,
            no time.

    """

    seen: Op
    user: str
    age_s: float
    waited_s: float


def ghosts(history: History) -> Iterator[Ghost]:
    """Yield everybody whom anybody saw."""
    servers = [_Server(history, f"server{n}") for n in range(history.terms.servers)]
    for ops in history.by_room().values():
        heard = _heard(history, ops)
        for op in ops:
            if op.name != "read" or op.code or op.outcome is not Outcome.OK:
                continue
            for user in op.told["members"]:
                last = heard[user].before(op.returned) if user in heard else 0.0
                # Any of them may end a ghost: the one that knows best counts.
                ages = [one.silence(last, op.invoke) for one in servers]
                age_s, waited_s = max(ages)
                yield Ghost(op, user, age_s, waited_s)


class _Voice:
    """When somebody in a room was heard."""

    def __init__(self) -> None:
        self._begins: list[float] = []
        self._last: list[float] = []

    def note(self, begin: float, last: float) -> None:
        self._begins.append(begin)
        self._last.append(max(last, self._last[-1] if self._last else 0.0))

    def before(self, at: float) -> float:
        """Return until when at the latest something begun by then was heard."""
        number = bisect_right(self._begins, at)
        return self._last[number - 1] if number else 0.0


def _heard(history: History, ops: Iterable[Op]) -> dict[str, _Voice]:
    voices: dict[str, _Voice] = {}
    for op in ops:
        if op.name in _HEARD and op.code == 0:
            voices.setdefault(op.user, _Voice()).note(op.invoke, history.closes(op))
    return voices


class _Server:
    """What one server is excused for."""

    def __init__(self, history: History, name: str) -> None:
        faults = sorted(history.faults, key=lambda fault: fault.begin)
        shares = history.terms.servers > 1
        # After being away it begins anew with everybody, if others can end ghosts.
        self._returns = [
            fault
            for fault in faults
            if fault.target == name
            and (fault.kind == "kill" or (fault.kind == "stop" and shares))
        ]
        self._others_away = [
            fault
            for fault in faults
            if fault.kind in ("kill", "stop") and fault.target != name
        ]
        done = [one for one in faults if _is_pause(one, name) and not shares]
        done += [one for one in faults if one.kind in _OF_ALL]
        waits = [one for one in faults if _is_wait(one, name, shares=shares)]
        self._done, self._all = _spans(done), _spans([*done, *waits])

    def silence(self, heard: float, at: float) -> tuple[float, float]:
        """Return for how long silence counts here, and what waits took off it."""
        for one in self._returns:
            if one.begin <= at and one.end > heard:
                heard = min(one.end, at)
        away = sum(
            _TURN_S for one in self._others_away if one.begin <= at and one.end > heard
        )
        done = self._done.within(heard, at)
        waited = self._all.within(heard, at) - done
        return at - heard - away - done - waited, waited


def _is_pause(fault: Fault, server: str) -> bool:
    return fault.kind == "stop" and fault.target == server


def _is_wait(fault: Fault, server: str, *, shares: bool) -> bool:
    """Say whether a wait was a server's: another's too, which may have had the turn."""
    whose = fault.target == server or fault.target in _SHARED
    whose = whose or (shares and fault.target.startswith("server"))
    return fault.kind == "starved" and whose


def _spans(faults: Iterable[Fault]) -> Spans:
    return Spans((fault.begin, fault.end) for fault in faults)
