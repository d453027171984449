"""What the doctor says of the failure ladder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.doctor.check import Verdict
from kiosk.app.doctor.failures import look_at_failures
from kiosk.app.ladder import RECORD, write_record
from kiosk.ladder.record import Record
from kiosk.ladder.rungs import History, Rung


FIVE = History((1.0,) * 5)
SPENT = History((1.0,) * 10, (1.0,) * 3)


@pytest.mark.parametrize(
    ("record", "verdict", "words"),
    [
        (Record(), Verdict.GOOD, "none that is remembered"),
        (Record(History((1.0,)), Rung.RESTART, "K007"), Verdict.WARNING, "K007"),
        (Record(FIVE, Rung.SAFE_SCREEN, "K005"), Verdict.FAILURE, "5 in ten minutes"),
        (Record(SPENT, Rung.STAY), Verdict.FAILURE, "no further reboot"),
    ],
)
def test_the_rung_and_its_reason_are_told(
    tmp_path: Path, record: Record, verdict: Verdict, words: str
) -> None:
    (tmp_path / RECORD).parent.mkdir(parents=True)
    write_record(tmp_path / RECORD, record)

    check = look_at_failures(tmp_path)

    assert check.verdict is verdict
    assert words in check.evidence
    assert (verdict is Verdict.GOOD) == (not check.cure)


def test_without_a_history_all_is_well_and_a_damaged_one_is_said_to_be(
    tmp_path: Path,
) -> None:
    assert look_at_failures(tmp_path).verdict is Verdict.GOOD

    path = tmp_path / RECORD
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0")

    assert look_at_failures(tmp_path).verdict is Verdict.WARNING
