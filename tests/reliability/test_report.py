"""The dashboard: what was not measured is said, what misses its bound is too."""

from __future__ import annotations

import pytest

from tests.reliability.report import (
    PROMISES,
    README,
    dashboard,
    renewed,
    rows,
    short_form,
)
from tests.reliability.results import SECTIONS, read


RESUMPTION = {"n": 3, "back": 3, "p50_s": 2.1, "p95_s": 3.2, "bound_s": 5.0}
FAULTS = {
    "survived": 107,
    "tested": 107,
    "catalogued": 115,
    "by_class": {"A": {"p95_s": 0.2, "bound_s": 0.3}},
    "resumption": RESUMPTION,
    "canary_calls": 3,
    "canary_calls_ok": 3,
    "violations": {"I1": 0, "I2": 0},
    "untested": ["D34: a board"],
    "failed": [],
}


def told(sections: dict[str, dict[str, object]], what: str) -> tuple[str, ...]:
    return next(row for row in rows(sections) if what in row[0])


def test_nothing_measured_is_said_for_every_promise() -> None:
    assert {row[1] for row in rows({})} == {"not measured"}
    assert len(rows({})) == len(PROMISES)


def test_every_promise_is_of_a_section_there_can_be() -> None:
    assert {promise.section for promise in PROMISES} <= set(SECTIONS)


def test_what_was_survived_is_told_with_what_was_not_tested() -> None:
    assert told({"faults": FAULTS}, "survived")[1:4] == (
        "107 / 107 / 115",
        "equal, >= 107 tested",
        "kept",
    )
    assert "Not tested: D34: a board." in short_form({"faults": FAULTS})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"survived": 106}, "survived"),
        ({"tested": 100, "survived": 100}, "survived"),
        ({"by_class": {"A": {"p95_s": 0.31, "bound_s": 0.3}}}, "recovery"),
        ({"resumption": {"n": 3, "back": 0, "bound_s": 5.0}}, "same call"),
        (
            {"resumption": {**RESUMPTION, "back": 2}},
            "same call",
        ),
        ({"resumption": {**RESUMPTION, "p95_s": 5.1}}, "same call"),
        ({"canary_calls_ok": 2}, "canary"),
        ({"violations": {"I1": 0, "I6": 1}}, "violations of the nine"),
    ],
)
def test_a_figure_that_misses_its_bound_is_told_so(
    change: dict[str, object], what: str
) -> None:
    assert told({"faults": {**FAULTS, **change}}, what)[3] == "missed"


def test_a_number_is_held_against_its_bound() -> None:
    assert told({"soak": {"calls": 1000}}, "soak")[3] == "kept"
    assert told({"soak": {"calls": 999}}, "soak")[3] == "missed"
    assert told({"fuzz": {"findings": 1}}, "findings")[3] == "missed"


def test_the_slowest_stop_is_held_against_its_bound() -> None:
    states = ("idle", "reserving", "waiting", "answered", "in_call", "ended")
    stops: dict[str, object] = {f"stop_in_{state}_s": 1.0 for state in states}

    assert told({"systemd": stops}, "slowest")[1:4] == ("1.0", "<= 5 s", "kept")
    slow = {**stops, "stop_in_ended_s": 5.1}
    assert told({"systemd": slow}, "slowest")[3] == "missed"
    assert told({"systemd": {"stop_in_idle_s": 1.0}}, "slowest")[1] == "not measured"


def test_a_figure_that_could_not_be_had_is_missed() -> None:
    assert told({"soak": {"growth_kb_a_call": None}}, "memory a call")[3] == "missed"


def test_the_readme_says_what_the_runners_found_and_nothing_else() -> None:
    page = README.read_text("utf-8")

    assert renewed(page, read()) == page, "make reliability-report"


def test_all_of_every_section_is_in_the_dashboard() -> None:
    tables = dashboard({"faults": FAULTS}).tables

    assert {row[0] for row in tables[1].rows} == set(FAULTS)
