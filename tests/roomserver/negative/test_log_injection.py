"""What strangers send, in a log line: one line, printable, short (S17)."""

from __future__ import annotations

import json
import logging
import re
from typing import Literal

import pytest

from kiosk.journal.redaction import redact
from kiosk.journal.set_up import set_up_log
from tests.fakes.hostile_text import BAD_IDS, CONTROL_TEXTS, TEXTS


HOSTILE = [
    *BAD_IDS,
    *CONTROL_TEXTS,
    *TEXTS,
    "\nMESSAGE=forged\nPRIORITY=0\n",
    "x" * 1_000_000,
    "\u202e" * 1_000_000,
    "\x1b[2J" * 250_000,
]
LONGEST = {"text": 4_096, "json": 6 * 4_096}
"""JSON writes one character as six, at the worst."""
LINE = re.compile(r"(INFO|ERROR) kiosk\.x: .*")
FORMS: tuple[Literal["text", "json"], ...] = ("text", "json")


def logged(
    capsys: pytest.CaptureFixture[str], form: Literal["text", "json"], text: str
) -> list[str]:
    """Return the lines of a log in which a stranger's text stands everywhere."""
    set_up_log("info", form)
    log = logging.getLogger("kiosk.x")
    log.info("said %s", text, extra={"who": text, "many": [text, {"a": text}]})
    capsys.readouterr()
    log.info("heard", extra={"user": text, "room": text.encode("utf-8", "replace")})
    log.info("told %s", text)
    return capsys.readouterr().err.splitlines(keepends=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:16]))
def test_nothing_a_stranger_says_makes_a_line_of_its_own(
    form: Literal["text", "json"], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = logged(capsys, form, text)

    assert len(lines) == 2
    for line in lines:
        whole = line.rstrip("\n")
        assert whole.isprintable(), ascii(whole[:200])
        assert len(whole) <= LONGEST[form]
        if form == "json":
            assert json.loads(whole)["logger"] == "kiosk.x"
            assert whole.isascii()
        else:
            assert LINE.fullmatch(whole)


@pytest.mark.parametrize("form", FORMS)
def test_a_fact_is_cut_to_256_characters(
    form: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_log("info", form)
    logging.getLogger("kiosk.x").info("heard", extra={"user": "x" * 300})

    assert capsys.readouterr().err.count("x") - 1 <= 256


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer 0123456789abcdef*53724e00*MzY4NjI=",
        "authorization=bearer 0123456789abcdef",
        "{'authorization': 'Basic MDEyMzQ1Njc4OWFiY2RlZg=='}",
        "enrolment_key = 0123456789abcdef",
    ],
)
def test_a_header_that_proves_somebody_is_taken_out(text: str) -> None:
    shown = redact(text)

    assert "0123456789abcdef" not in shown
    assert "MDEyMzQ1Njc4OWFiY2RlZg" not in shown
