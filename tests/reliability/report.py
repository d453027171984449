"""
The dashboard: ``python -m tests.reliability.report`` prints what ``reliability.json`` has.

Every number the programme promises is a row, also one that nobody measured: then it
says so.  The README's short form and the plot of recovery times are made by the same
command, from the same file and from the runs in ``faults-out/runs.jsonl``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench.report import Number, Result, Table, show
from tests.reliability.plot import draw, read_runs
from tests.reliability.results import ROOT, STAMP, read


README = ROOT / "README.md"
RUNS = ROOT / "faults-out" / "runs.jsonl"
PLOT = ROOT / "config" / "pictures" / "recovery.svg"
MARKS = ("<!-- reliability -->", "<!-- end of reliability -->")

Section = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Promise:
    """
    One number with its bound.

    Attributes:
        what: In words, as it is printed.
        found: The number of a section, a ``KeyError`` where it has none.
        is_kept: Whether it is as good as was promised; told the section.
        good: The bound in words.

    """

    section: str
    what: str
    found: Callable[[Section], Number | str]
    is_kept: Callable[[Section], bool]
    good: str


def _number(
    section: str,
    what: str,
    key: str,
    *,
    least: float | None = None,
    most: float | None = None,
    unit: str = "",
) -> Promise:
    def is_kept(found: Section) -> bool:
        value = found[key]
        if value is None:
            return False
        return (least is None or value >= least) and (most is None or value <= most)

    bounds = [f">= {least:,}"] if least is not None else []
    bounds += [f"<= {most:,}" if most else "0"] if most is not None else []
    good = " ".join([*bounds, unit]).strip()
    return Promise(section, what, lambda found: found[key], is_kept, good)


def _all_of(section: str, what: str, part: str, whole: str) -> Promise:
    return Promise(
        section,
        what,
        lambda found: f"{found[part]:,} of {found[whole]:,}",
        lambda found: found[part] == found[whole] > 0,
        "all",
    )


def _in_class(found: Section) -> list[str]:
    return [
        f"{kind} {of['p95_s']:g}/{of['bound_s']:g}"
        for kind, of in found["by_class"].items()
    ]


def _way_back(found: Section) -> Number | str:
    of = found["resumption"]
    if not of["back"]:
        return f"0 of {of['n']}"
    return f"{of['p50_s']:g} / {of['p95_s']:g}, {of['back']} of {of['n']}"


def _is_back(found: Section) -> bool:
    of = found["resumption"]
    return bool(of["back"] == of["n"] > 0 and of["p95_s"] <= of["bound_s"])


def _stops(found: Section) -> list[float]:
    states = ("idle", "reserving", "waiting", "answered", "in_call", "ended")
    return [found[f"stop_in_{state}_s"] for state in states]


PROMISES = (
    Promise(
        "faults",
        "faults survived / tested / catalogued",
        lambda found: (
            f"{found['survived']} / {found['tested']} / {found['catalogued']}"
        ),
        lambda found: found["survived"] == found["tested"] >= 107,
        "equal, >= 107 tested",
    ),
    Promise(
        "faults",
        "recovery p95 by class, of its bound, s",
        lambda found: ", ".join(_in_class(found)),
        lambda found: all(
            of["p95_s"] <= of["bound_s"] for of in found["by_class"].values()
        ),
        "within",
    ),
    Promise(
        "faults",
        "killed, out of memory, hung: back in the same call, p50 / p95, s",
        _way_back,
        _is_back,
        "all, <= 5",
    ),
    _all_of("faults", "canary calls after a fault", "canary_calls_ok", "canary_calls"),
    Promise(
        "faults",
        "violations of the nine invariants",
        lambda found: sum(found["violations"].values()),
        lambda found: not any(found["violations"].values()),
        "0",
    ),
    _number(
        "simulation",
        "simulated calls, a fault in each",
        "calls_with_faults",
        least=200_000,
    ),
    _number("simulation", "broken invariants in them", "broken_invariants", most=0),
    _all_of("simulation", "rows of the call's tables taken", "rows_taken", "rows"),
    _number("soak", "soak: real calls with random faults", "calls", least=1000),
    _number("soak", "memory a call", "growth_kb_a_call", most=2, unit="kB"),
    Promise(
        "soak",
        "threads and descriptors before and after",
        lambda found: f"{found['threads']}, {found['descriptors']}",
        lambda found: all(
            before == after
            for name in ("threads", "descriptors")
            for before, after in found[name]
        ),
        "equal",
    ),
    _number("fuzz", "fuzz executions", "executions", least=10_000_000),
    _number("fuzz", "findings among them", "findings", most=0),
    _number(
        "chaos", "room server under chaos: operations", "operations", least=100_000
    ),
    _number("chaos", "violations of its promises", "violations", most=0),
    _number("chaos", "oldest ghost", "ghost_age_max_s", most=26, unit="s"),
    _number("chaos", "events lost", "events_lost", most=0),
    _number("power_loss", "power cuts of a real ext4", "cuts", least=300),
    Promise(
        "power_loss",
        "torn files, acknowledged writes lost, wrong after a kill",
        lambda found: (
            f"{found['states_torn']}, {found['acknowledged_lost']}, "
            f"{found['kills_wrong']} of {found['kills']:,}"
        ),
        lambda found: (
            not (
                found["states_torn"]
                or found["acknowledged_lost"]
                or found["kills_wrong"]
            )
        ),
        "0",
    ),
    _all_of(
        "network", "kinds of link within 800 ms and 1 % of gaps", "passed", "judged"
    ),
    _number(
        "mutation",
        "mutants of the pure parts killed",
        "score_percent",
        least=80,
        unit="%",
    ),
    _number(
        "mutation",
        "the same of a sample that no test was written for",
        "second_score_percent",
        least=80,
        unit="%",
    ),
    _all_of(
        "mutation",
        "mutations of the call's table killed",
        "table_killed",
        "table_total",
    ),
    Promise(
        "mutation",
        "of these by what a call does, without the agreed table or its rules",
        lambda found: (
            f"{found['table_killed_by_behaviour']:,} of {found['table_total']:,}, "
            f"{found['table_equal_in_effect']:,} change nothing"
        ),
        lambda found: (
            found["table_killed_by_behaviour"] + found["table_equal_in_effect"]
            == found["table_total"]
        ),
        "all that change anything",
    ),
    _number(
        "systemd",
        "a hang with the GIL held: idle again",
        "hang_in_idle_back_s",
        most=15,
        unit="s",
    ),
    _number(
        "systemd",
        "the same in a call: in that call again",
        "hang_in_in_call_back_s",
        most=15,
        unit="s",
    ),
    Promise(
        "systemd",
        "systemctl stop, the slowest of six states, s",
        lambda found: max(_stops(found)),
        lambda found: max(_stops(found)) <= 5,
        "<= 5 s",
    ),
    _all_of("tls", "bad TLS servers refused", "refused", "bad_servers"),
    _all_of("authorisation", "authorisation cells as promised", "right", "cells"),
    _number("secrets", "secrets found in output", "found", most=0),
    _all_of(
        "baselines",
        "applicable provisions of baselines with a test",
        "with_a_test",
        "applicable",
    ),
)


def rows(sections: Mapping[str, Section]) -> list[tuple[str, ...]]:
    """Return a row for each promise: number, bound, verdict, commit."""
    return [_row(promise, sections.get(promise.section, {})) for promise in PROMISES]


def _row(promise: Promise, found: Section) -> tuple[str, ...]:
    try:
        value = promise.found(found)
        verdict = "kept" if promise.is_kept(found) else "missed"
    except KeyError:
        return (promise.what, "not measured", promise.good, "-", "")
    told = f"{value:,}" if isinstance(value, int | float) else str(value)
    return (promise.what, told, promise.good, verdict, str(found.get("commit", "")))


def short_form(sections: Mapping[str, Section]) -> str:
    """Return the README's table, and what was not tested, by name."""
    lines = ["| promise | measured | bound | |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {what} | {value} | {good} | {verdict} |"
        for what, value, good, verdict, _ in rows(sections)
    ]
    faults = sections.get("faults", {})
    for title, key in (
        ("Failed", "failed"),
        ("Failed at first and were run again", "failed_at_first"),
        ("Not tested", "untested"),
    ):
        if faults.get(key):
            lines += ["", f"{title}: {'; '.join(faults[key])}."]
    return "\n".join(lines)


def renewed(text: str, sections: Mapping[str, Section]) -> str:
    """Return the README with its short form made anew."""
    begin = text.index(MARKS[0]) + len(MARKS[0])
    return f"{text[:begin]}\n{short_form(sections)}\n{text[text.index(MARKS[1]) :]}"


def dashboard(sections: Mapping[str, Section]) -> Result:
    """Return all there is, as tables."""
    tables = [
        Table("Reliability", ("", "measured", "good", "", "commit"), rows(sections))
    ]
    for name, found in sections.items():
        stamp = ", ".join(f"{key} {found[key]}" for key in STAMP if key in found)
        cells = [
            (key, _short(value)) for key, value in found.items() if key not in STAMP
        ]
        tables.append(Table(f"{name} ({stamp})", ("", ""), cells))
    return Result("reliability", tables, [])


def _short(value: object) -> str:
    told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return told if len(told) <= 100 else f"{told[:97]}..."


if __name__ == "__main__":
    known = read()
    show(dashboard(known))
    if runs := read_runs(RUNS):
        of = known.get("faults", {}).get("by_class", {})
        PLOT.write_text(draw(runs, {kind: of[kind]["bound_s"] for kind in of}), "utf-8")
    README.write_text(renewed(README.read_text("utf-8"), known), "utf-8")
    sys.exit(0)
