"""The table an appliance run ends with is true to what was run."""

from __future__ import annotations

from tests.appliance.table import Counts, Table, counted, failures


REPORT = """<?xml version="1.0"?><testsuites><testsuite tests="4" failures="1" errors="1" skipped="1">
<testcase name="a"/><testcase name="b"><failure message="no">b went wrong</failure></testcase>
<testcase name="c"><error message="broken"/></testcase><testcase name="d"><skipped/></testcase>
</testsuite></testsuites>"""


def test_errors_count_as_failures() -> None:
    assert counted(REPORT) == Counts(passed=1, failed=2, skipped=1)


def test_each_failure_is_told_with_its_reason() -> None:
    assert list(failures(REPORT)) == ["b\nb went wrong", "c\nbroken"]


def test_a_row_has_one_cell_for_each_kind_of_device() -> None:
    table = Table()
    table.add("display", "real driver", Counts(passed=20))
    table.add("display", "real driver", Counts(passed=2, failed=1))
    table.add("buttons", "call", Counts(passed=1))

    assert list(table.lines()) == [
        "interface  synthetic  real driver          call",
        "display    -          22 passed, 1 FAILED  -",
        "buttons    -          -                    1 passed",
    ]
