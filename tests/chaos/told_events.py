"""P5 and P6: every event at least once and in order; the list is their sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

from tests.chaos.history import History, Op, Outcome, Violation


Event: TypeAlias = tuple[str, str, int, str]
"""Kind, user, epoch, text."""
Log: TypeAlias = dict[int, Event]
_SAID = "text"
_GONE = ("left", "expired")


def _place(op: Op) -> tuple[str, str]:
    """Return the memory and the room numbers belong to."""
    return str(op.told["boot"]).partition(".")[0], op.room


def _event(wire: Mapping[str, Any]) -> Event:
    return wire["kind"], wire["userID"], wire["epoch"], wire.get("text", "")


def _logs(history: History) -> tuple[dict[tuple[str, str], Log], list[Violation]]:
    """Return all that anybody was told of each room; contradictions are violations."""
    logs: dict[tuple[str, str], Log] = defaultdict(dict)
    wrong: list[Violation] = []
    for op in _waits(history):
        log = logs[_place(op)]
        for wire in op.told["events"]:
            event = _event(wire)
            known = log.setdefault(wire["seq"], event)
            if known != event:
                why = f"event {wire['seq']} is {known} and {event}"
                wrong.append(Violation("P5", op.room, why))
    return logs, wrong


def _waits(history: History) -> Iterator[Op]:
    return (
        op for op in history.ops if op.name == "events" and op.outcome is Outcome.OK
    )


def events_judged(history: History) -> Iterator[Violation]:
    """P5: numbers rise, none is left out but one's own texts, no text comes twice."""
    logs, wrong = _logs(history)
    yield from wrong
    for (_, room), log in logs.items():
        texts = [event[3] for event in log.values() if event[0] == _SAID]
        for text in {text for text in texts if texts.count(text) > 1}:
            yield Violation("P12", room, f"{text} was said {texts.count(text)} times")
    for op in _waits(history):
        yield from _gaps(op, logs[_place(op)])


def _gaps(op: Op, log: Log) -> Iterator[Violation]:
    numbers = [wire["seq"] for wire in op.told["events"]]
    after, last = op.told["after"], op.told["seq"]
    if numbers != sorted(set(numbers)) or any(one <= after for one in numbers):
        yield Violation("P5", op.room, f"{op.user} after {after} heard {numbers}")
        return
    if op.told["resync"]:
        return
    # Of a room that ended only what is still known comes, up to its end.
    closed = bool(numbers) and log[numbers[-1]][0] == "room_closed"
    first = min(numbers, default=after) if closed else after + 1
    for missing in set(range(first, last + 1)) - set(numbers):
        event = log.get(missing)
        if event is not None and event[:2] != (_SAID, op.user):
            why = f"{op.user} after {after} never heard {missing}: {event}"
            yield Violation("P5", op.room, why)


def folds_judged(history: History) -> Iterator[Violation]:
    """P6: who was seen at one number and who at a later one differ by the events."""
    logs, _ = _logs(history)
    seen: dict[tuple[str, str], dict[int, frozenset[str]]] = defaultdict(dict)
    for op in history.ops:
        if op.name not in ("read", "list") or "seq" not in op.told:
            continue
        members = frozenset(op.told["members"])
        before = seen[_place(op)].setdefault(op.told["seq"], members)
        if before != members:
            why = f"at {op.told['seq']} there are {set(before)} and {set(members)}"
            yield Violation("P6", op.room, why)
    for place, by_number in seen.items():
        yield from _sums(place[1], by_number, logs.get(place, {}))


def _sums(
    room: str, by_number: Mapping[int, frozenset[str]], log: Log
) -> Iterator[Violation]:
    numbers = sorted(by_number)
    for earlier, later in pairwise(numbers):
        between = range(earlier + 1, later + 1)
        events = [log[number] for number in between if number in log]
        if len(events) < len(between):
            continue
        known = set(by_number[earlier])
        for kind, user, _, _ in events:
            if kind == "room_closed":
                known.clear()
            elif kind in _GONE:
                known.discard(user)
            elif kind == "pushers_changed":
                known.add(user)
        if frozenset(known) != by_number[later]:
            why = f"{earlier} to {later} sums up to {known}, not {by_number[later]}"
            yield Violation("P6", room, why)
