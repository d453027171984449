"""What the doctor finds: one line each. Pure: what, evidence, what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kiosk.journal.redaction import redact


class Verdict(Enum):
    """How it stands with one thing; the value is what people read."""

    GOOD = "ok"
    SKIPPED = "skipped"
    """Not looked at; the evidence says why."""
    WARNING = "warning"
    FAILURE = "FAILURE"


@dataclass(frozen=True, slots=True)
class Check:
    """
    One thing that was looked at.

    Attributes:
        evidence: What was found, with its figures.
        cure: What a technician does about it; empty where nothing is to be done.

    """

    what: str
    verdict: Verdict
    evidence: str
    cure: str = ""


_STATUS: Final = {Verdict.FAILURE: 2, Verdict.WARNING: 1}


def good(what: str, evidence: str) -> Check:
    """Return that something is well."""
    return Check(what, Verdict.GOOD, evidence)


def skipped(what: str, reason: str) -> Check:
    """Return that something was not looked at."""
    return Check(what, Verdict.SKIPPED, reason)


def warning(what: str, evidence: str, cure: str) -> Check:
    """Return that something should be seen to."""
    return Check(what, Verdict.WARNING, evidence, cure)


def failure(what: str, evidence: str, cure: str) -> Check:
    """Return that something keeps the kiosk from its work."""
    return Check(what, Verdict.FAILURE, evidence, cure)


def exit_status(checks: Iterable[Check]) -> int:
    """Return 0: all good, 1: warnings, 2: failures."""
    return max((_STATUS.get(each.verdict, os.EX_OK) for each in checks), default=0)


def line_of(check: Check) -> str:
    """Return a check as a line; no secret is in it."""
    cure = f"  -> {check.cure}" if check.cure else ""
    text = f"{check.verdict.value:<8} {check.what:<16} {check.evidence}{cure}"
    return redact(" ".join(text.splitlines()))


def object_of(check: Check) -> dict[str, str]:
    """Return a check for ``--json``; no secret is in it."""
    return {
        "what": check.what,
        "verdict": check.verdict.value.lower(),
        "evidence": redact(check.evidence),
        "cure": redact(check.cure),
    }
