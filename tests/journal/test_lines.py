"""Whatever is logged, no key, token or signed URL gets into the log."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
from typing import Literal

import pytest

from kiosk.journal.redaction import redact
from kiosk.journal.set_up import set_up_log


@pytest.mark.parametrize(
    "secret",
    [
        "rtmp://relay.example/live/8525_abc?bizid=1&txSecret=CANARY&txTime=6B0A261F",
        "https://rooms.example/weapp/double_room/create_room?userID=a&token=CANARY",
        "token=CANARY",
        "txSecret: CANARY",
        '{"userSig": "CANARY"}',
        "password='CANARY'",
    ],
)
def test_secrets_are_taken_out(secret: str) -> None:
    assert "CANARY" not in redact(f"refused {secret} by peer")


def test_the_rest_of_a_line_stays() -> None:
    text = redact("rtmp://relay.example/live/8525_abc?txSecret=x refused")

    assert text == "rtmp://relay.example/live/…?… refused"


@pytest.mark.parametrize("form", ["text", "json"])
def test_of_a_long_reason_the_cause_and_the_cure_stay_and_no_half_secret(
    form: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    reason = f"dlopen failed: {'p' * 300} userSig={'CANARY' * 60}; pip install it"
    set_up_log("info", form)
    logging.getLogger("kiosk.x").warning("missing", extra={"reason": reason})

    line = capsys.readouterr().err
    assert "dlopen failed" in line
    assert "pip install it" in line
    assert "CANARY" not in line


def test_plain_lines_carry_their_facts(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("info", "text")
    logging.getLogger("kiosk.x").info("room entered", extra={"room": "service"})

    assert capsys.readouterr().err == "INFO kiosk.x: room entered room='service'\n"


def test_json_lines_carry_their_facts(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("info", "json")
    facts = {"room": "service", "entered_ms": 31, "late": None}
    logging.getLogger("kiosk.x").info("room entered", extra=facts)

    line = json.loads(capsys.readouterr().err)
    assert line == {
        "level": "info",
        "logger": "kiosk.x",
        "message": "room entered",
        "room": "service",
        "entered_ms": 31,
        "late": None,
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_redacted_too(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_log("info", form)  # type: ignore[arg-type]
    try:
        int("rtmp://h/live/s?txSecret=CANARY")
    except ValueError:
        logging.getLogger("kiosk.x").exception("failed")

    text = capsys.readouterr().err
    assert "ValueError" in text
    assert "CANARY" not in text


def test_control_characters_cannot_forge_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_log("info", "text")
    logging.getLogger("kiosk.x").info("said %s", "hi\nERROR forged\x1b[31m")

    assert capsys.readouterr().err.count("\n") == 1


def test_http_libraries_do_not_log_urls() -> None:
    set_up_log("debug", "text")

    assert logging.getLogger("httpx").level == logging.WARNING


@pytest.mark.parametrize("form", ["text", "json"])
def test_lines_nobody_read_are_counted_in_the_next_one_that_is(form: str) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(reading, "rb", 0) as reader, os.fdopen(writing, "w") as pipe:
        with contextlib.redirect_stderr(pipe):
            set_up_log("info", form)  # type: ignore[arg-type]
        log = logging.getLogger("kiosk.x")
        for number in range(100):
            log.info("x" * 1000, extra={"number": number})
        first = reader.read(1 << 16)
        log.info("heard again")
        rest = reader.read(1 << 16).decode()
        set_up_log("info", "text")

    assert 0 < len(first) <= 4096
    assert rest.splitlines()[1].count("heard again") == 1
    lost = rest.splitlines()[0]
    assert "log lines lost, nobody read them" in lost
    assert "lines" in (json.loads(lost) if form == "json" else lost)
