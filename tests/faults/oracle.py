"""
The nine invariants that hold after every fault, whatever it was.

Pure: judges what was seen and counted before and after, and looks at nothing itself.
``patience`` stretches the bounds of time for a machine that runs other things as well.
``I1`` camera and microphone are closed within a second of a call, ``I2`` one true
screen, ``I3`` the canary call, ``I4`` the server lists nobody who is not there, ``I5``
nothing is left behind, ``I6`` no secret is told, ``I7`` errors have codes, ``I8``
SIGTERM ends the process in 5 s, ``I9`` the watchdog is fed while there is progress.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kiosk.call.states import DEVICES_OPEN, State
from tests.faults.supervising import WATCHDOG_S, Record, Sample


INVARIANTS: Final = tuple(f"I{number}" for number in range(1, 10))
CLOSED_S: Final = 1.0
TRUE_S: Final = 0.5
"""So long two looks may differ: a screen is drawn after its state is entered."""
FROZEN_S: Final = 2.5
"""Of a picture that is said to be now: two seconds and the looks' own distance."""
LISTED_S: Final = 1.0
"""Beyond the silence after which a member is removed, and a sweep."""
TERM_S: Final = 5.0
SILENT_S: Final = 6.0
"""So long without an answer: no progress, and nothing that a watchdog is fed for."""

SCREENS: Final[Mapping[State, frozenset[str]]] = {
    State.UNCONFIGURED: frozenset({"starting", "unconfigured"}),
    State.OUT_OF_SERVICE: frozenset({"starting", "out_of_service"}),
    State.CLOSED: frozenset({"closed"}),
    State.IDLE: frozenset({"idle"}),
    State.CONSENT: frozenset({"consent"}),
    State.RESERVING: frozenset({"connecting", "reconnecting"}),
    State.QUEUED: frozenset({"queued"}),
    State.PUBLISHING: frozenset({"connecting", "reconnecting"}),
    State.WAITING: frozenset({"waiting"}),
    State.ANSWERED: frozenset({"connecting", "reconnecting"}),
    State.IN_CALL: frozenset({"in_call"}),
    State.RECONNECTING: frozenset({"reconnecting"}),
    State.GRACE: frozenset({"peer_away"}),
    State.BROADCASTING: frozenset({"broadcasting"}),
    State.ENDED: frozenset({"ended", "no_answer"}),
}
"""What may be shown in a state, the technician's page apart."""

_SIGNED: Final = re.compile(
    r"txSecret=[0-9a-fA-F]{8}|[?&;]sig=[\w-]{12}|[?&]token=[\w-]{8}"
)


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that did not hold, and what was so instead."""

    invariant: str
    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """
    What a kiosk holds at rest.

    Attributes:
        threads: How many run.
        descriptors: What they are, TCP sockets apart.
        connections: TCP sockets.
        closing: Those of them whose other end is gone (CLOSE-WAIT).
        files: Names in the folder of the stage, logs apart.

    """

    threads: int
    descriptors: Sequence[str]
    connections: int
    closing: int
    files: frozenset[str]


def judge_devices(samples: Sequence[Sample], patience: float = 1.0) -> Iterator[Breach]:
    """I1: closed within a second in every state that is no call."""
    for since, until, last in _spells(samples, _is_open_at_rest):
        if until - since > CLOSED_S * patience:
            devices = (last.status or {})["devices"]
            why = f"{devices} in {last.state} for {until - since:.1f} s"
            yield Breach("I1", why)


def _is_open_at_rest(sample: Sample) -> bool:
    if sample.status is None or State[sample.state] in DEVICES_OPEN:
        return False
    devices = sample.status["devices"]
    return bool(devices["camera_open"] or devices["microphone_open"])


def judge_screens(samples: Sequence[Sample], patience: float = 1.0) -> Iterator[Breach]:
    """I2: one screen, that of the state; and no picture of the past as if it were now."""
    for since, until, last in _spells(samples, _is_untrue):
        if until - since > TRUE_S * patience:
            why = f"{last.screen} in {last.state} for {until - since:.1f} s"
            yield Breach("I2", why)
    frozen = max((_age(one) for one in samples), default=0.0)
    if frozen > FROZEN_S * patience:
        yield Breach("I2", f"a picture of {frozen:.1f} s ago as if it were now")


def _is_untrue(sample: Sample) -> bool:
    if sample.status is None or sample.screen == "technician":
        return False
    return sample.screen not in SCREENS[State[sample.state]]


def _age(sample: Sample) -> float:
    is_shown = sample.screen == "in_call" and sample.painted is not None
    return sample.at - (sample.painted or 0.0) if is_shown else 0.0


def judge_members(
    members: Sequence[str], there: Iterable[str], waited_s: float
) -> Iterator[Breach]:
    """I4: whoever is listed is there, and nobody twice."""
    expected = set(there)
    if ghosts := set(members) - expected:
        yield Breach("I4", f"{sorted(ghosts)} still listed after {waited_s:.1f} s")
    if len(members) != len(set(members)):
        yield Breach("I4", f"somebody is listed twice: {sorted(members)}")


def judge_held(before: Held, after: Held) -> Iterator[Breach]:
    """I5: no thread, descriptor, dead connection or file more than before."""
    if after.threads > before.threads:
        yield Breach("I5", f"{after.threads} threads, {before.threads} before")
    more = list(after.descriptors)
    for one in before.descriptors:
        if one in more:
            more.remove(one)
    if len(after.descriptors) > len(before.descriptors):
        yield Breach("I5", f"descriptors more than before: {more}")
    if after.connections > before.connections + 1:
        yield Breach(
            "I5", f"{after.connections} connections, {before.connections} before"
        )
    if after.closing:
        yield Breach("I5", f"{after.closing} connections in CLOSE-WAIT")
    if left := after.files - before.files:
        yield Breach("I5", f"files left behind: {sorted(left)}")


def judge_words(said: Mapping[str, str], secrets: Iterable[str]) -> Iterator[Breach]:
    """I6: no secret, and no signature of a URL, in anything that was said."""
    for who, text in said.items():
        for secret in secrets:
            if secret in text:
                yield Breach("I6", f"{who} told {secret[:6]}…")
        if found := _SIGNED.search(text):
            yield Breach("I6", f"{who} told {found[0][:12]}…")


def judge_errors(said: Mapping[str, str]) -> Iterator[Breach]:
    """I7: an error has a code; so has whatever tells a traceback."""
    for who, text in said.items():
        for line in text.splitlines():
            if line.startswith("Traceback"):
                yield Breach("I7", f"{who}: a bare traceback")
                continue
            told = _told(line)
            is_error = told.get("level") in {"error", "critical"}
            if (is_error or "traceback" in told) and not told.get("code"):
                yield Breach("I7", f"{who}: {told.get('message')} without a code")


def _told(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def judge_end(seconds: float, status: int, patience: float = 1.0) -> Iterator[Breach]:
    """I8: SIGTERM ends it in time, with nothing to complain of."""
    if seconds > TERM_S * patience:
        yield Breach("I8", f"SIGTERM took {seconds:.1f} s")
    if status != 0:
        yield Breach("I8", f"ended by SIGTERM with status {status}")


def judge_watchdog(record: Record, *, may_restart: bool) -> Iterator[Breach]:
    """I9: fed while there was progress, not fed while there was none."""
    if record.aborted and not may_restart:
        yield Breach("I9", f"not fed for {WATCHDOG_S:g} s")
    for since, until, _ in _spells(record.samples, lambda one: one.status is None):
        fed = [at for at in record.pings if since + TRUE_S < at < until - TRUE_S]
        down = any(since - 1.0 <= at <= until for at, _ in record.ends)
        if until - since > SILENT_S and fed and not down:
            why = f"fed {len(fed)} times in {until - since:.1f} s without an answer"
            yield Breach("I9", why)


def _spells(
    samples: Sequence[Sample], is_so: Callable[[Sample], bool]
) -> Iterator[tuple[float, float, Sample]]:
    """Yield from when to when something was so without a break, and the last of it."""
    since: float | None = None
    last = None
    for sample in samples:
        if not is_so(sample):
            if since is not None and last is not None:
                yield since, last.at, last
            since = None
            continue
        since, last = sample.at if since is None else since, sample
    if since is not None and last is not None:
        yield since, last.at, last
