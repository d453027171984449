"""
Fuzzes every border for a while: ``python -m tests.fuzz SECONDS [TARGET ...]``.

Each target has its own share of the time, in children that may die.  What a child died of
becomes a file of the target's corpus, ``found-...``: mend the product, keep the file.
Figures go into the section ``fuzz`` of ``reliability.json``; status 1 if there were
findings.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tests.fuzz.campaign import CHILD as DECODER
from tests.fuzz.campaign import Campaign, Death, campaign
from tests.fuzz.target import CORPUS, Target, corpus_of, input_of
from tests.fuzz.targets.all import TARGETS
from tests.reliability.results import write


CHILD = (sys.executable, "-m", "tests.fuzz.parser_child")
NICE = ("nice", "-n", "19")
DECODERS = "decoder"
"""The receive path with its decoders: :mod:`tests.fuzz.child`."""
SLICE_S = 120.0
"""A child begins anew after so long, with another seed."""
DECODER_UNITS = 5_000
"""Of a slice of theirs; they are not told when to end."""
ENDLESS = 1 << 40
STARVED_S = 600.0
"""On a busy machine; a child that hangs ends itself by its processor time."""
GROWN_MOST_MB = 16
_SEEDS = 1 << 20


@dataclass(slots=True)
class Tally:
    """What became of one target."""

    name: str
    contract: str
    executions: int = 0
    seconds: float = 0.0
    refused: int = 0
    grown_mb: float = 0.0
    deaths: list[tuple[int, Death]] = field(default_factory=list)

    @property
    def a_second(self) -> int:
        return round(self.executions / max(self.seconds, 1e-3))

    @property
    def findings(self) -> int:
        return len(self.deaths) + (self.grown_mb > GROWN_MOST_MB)

    def add(self, seed: int, found: Campaign) -> None:
        self.executions += found.kinds.total()
        self.seconds += found.reached["busy_ms"] / 1000 or found.seconds
        self.refused += found.reached["refused"] + found.reached["refused_by_server"]
        self.deaths += [(seed, death) for death in found.deaths]
        if len(found.memory_kb) > 2:
            self.grown_mb = max(self.grown_mb, found.grown_mb)


def fuzzed(name: str, seconds: float, seed: int) -> Tally:
    """Fuzz one target for so long; a second slice has another seed."""
    tally = Tally(name, TARGETS[name].contract if name in TARGETS else "MediaError")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        tally.add(seed, _slice(name, min(SLICE_S, left), seed))
        seed += 1
    return tally


def _slice(name: str, seconds: float, seed: int) -> Campaign:
    if name == DECODERS:
        return campaign(DECODER_UNITS, seed, [*NICE, *DECODER])
    command = [*NICE, *CHILD, name, f"{seconds:.1f}"]
    return campaign(ENDLESS, seed, command, hang_s=STARVED_S)


def kept(target: Target, seed: int, death: Death) -> str:
    """Put what a child died of into the corpus; return the file's name."""
    given = input_of(target, seed, death.number)
    file = CORPUS / target.name / f"found-{hashlib.sha256(given).hexdigest()[:8]}"
    file.write_bytes(given)
    return file.name


HEAD = (
    f"{'target':18}{'executions':>12}{'a second':>10}{'refused':>9}{'findings':>9}"
    "  may raise"
)


def row(one: Tally) -> str:
    share = f"{100 * one.refused / max(1, one.executions):.0f} %"
    return (
        f"{one.name:18}{one.executions:>12,}{one.a_second:>10,}{share:>9}"
        f"{one.findings:>9}  {one.contract}"
    )


def total(tallies: list[Tally]) -> str:
    executions = sum(one.executions for one in tallies)
    findings = sum(one.findings for one in tallies)
    return f"{'altogether':18}{executions:>12,}{'':>19}{findings:>9}"


def keep(tallies: list[Tally], seconds: float) -> None:
    """Write what is known by now: a run that is broken off has its figures."""
    write(
        "fuzz",
        {
            "executions": sum(one.executions for one in tallies),
            "findings": sum(one.findings for one in tallies),
            "seconds": round(seconds),
            "targets": {one.name: one.executions for one in tallies},
            "a_second": {one.name: one.a_second for one in tallies},
            "corpus_files": sum(len(corpus_of(name)) for name in TARGETS),
        },
    )


def described(tally: Tally) -> Iterator[str]:
    """Say what was found, and how to see it again."""
    if tally.grown_mb > GROWN_MOST_MB:
        yield f"{tally.name}: {tally.grown_mb:.0f} MB more at the end of a slice"
    for seed, death in tally.deaths[:5]:
        yield f"{tally.name}: seed {seed}, input {death.number}: status {death.status}"
        if tally.name in TARGETS:
            yield f"    kept as {kept(TARGETS[tally.name], seed, death)}"
        yield "\n".join(f"    {line}" for line in death.words.splitlines()[-6:])


def main(seconds: float, names: list[str]) -> int:
    names = names or [*TARGETS, DECODERS]
    workers = os.cpu_count() or 1
    share = seconds * workers / len(names)
    seed = time.time_ns() % _SEEDS * 1000
    print(f"{len(names)} targets, {share:.0f} s each, {workers} at once, seed {seed}")
    print(HEAD)
    with ThreadPoolExecutor(workers) as pool:
        tallies: list[Tally] = []
        for tally in pool.map(partial(fuzzed, seconds=share, seed=seed), names):
            tallies.append(tally)
            print(row(tally), flush=True)
            keep(tallies, seconds)
    print(total(tallies))
    findings = sum(one.findings for one in tallies)
    for one in tallies:
        for line in described(one):
            print(line)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
