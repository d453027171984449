"""The doctor's line about provisioning."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk.app.doctor.check import Verdict
from kiosk.app.doctor.provisioning import look_at_provisioning
from kiosk.provision.announcing import SUMMARY


BLANK = {
    "serial": "10000000c0ffee00",
    "source": "the board",
    "bundle": "",
    "since": "",
    "is_on_trial": False,
    "previous": "",
    "last_good": "",
    "given_up": {},
}


def announced(root: Path, **told: object) -> Path:
    (root / SUMMARY).parent.mkdir(parents=True)
    (root / SUMMARY).write_text(json.dumps(BLANK | told))
    return root


def test_a_kiosk_nobody_looked_at_is_not_judged(tmp_path: Path) -> None:
    assert look_at_provisioning(tmp_path).verdict is Verdict.SKIPPED


def test_a_blank_kiosk_tells_its_serial_number(tmp_path: Path) -> None:
    check = look_at_provisioning(announced(tmp_path))

    assert check.verdict is Verdict.SKIPPED
    assert "10000000c0ffee00" in check.evidence


def test_a_file_that_is_none_of_ours_is_not_judged(tmp_path: Path) -> None:
    root = announced(tmp_path)
    (root / SUMMARY).write_text('{"bundle": "spring"}')

    assert look_at_provisioning(root).verdict is Verdict.SKIPPED


def test_what_is_in_force_is_told(tmp_path: Path) -> None:
    root = announced(tmp_path, bundle="spring", since="2026-03-01", is_on_trial=True)

    check = look_at_provisioning(root)

    assert check.verdict is Verdict.GOOD
    assert check.evidence.startswith("being tried: spring, 2026-03-01")


def test_a_bundle_taken_back_is_a_warning_until_another_is_applied(
    tmp_path: Path,
) -> None:
    given_up = {"summer": {"at": "2026-06-01", "reason": "not healthy"}}
    bad = announced(
        tmp_path / "1", bundle="spring", since="2026-03-01", given_up=given_up
    )
    mended = announced(
        tmp_path / "2", bundle="autumn", since="2026-09-01", given_up=given_up
    )

    check = look_at_provisioning(bad)

    assert check.verdict is Verdict.WARNING
    assert "summer was taken back: not healthy" in check.evidence
    assert look_at_provisioning(mended).verdict is Verdict.GOOD
