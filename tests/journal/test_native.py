"""Lines in systemd's journal: each fact a field, no secret in any, nobody waits."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.journal.native import Journal, datagram_of, is_ours
from tests.fakes.real_journal import needs_journald, real_journal


ROOT = Path(__file__).parents[2]
A_CALL = """
import logging, os
from kiosk.journal.set_up import set_up_log
there = os.fstat(2)
set_up_log("info", "text", environ={"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}"})
log = logging.getLogger("kiosk.daemon.loop")
log.info("call began", extra={"call": 1, "reference": "7K2-M4Q"})
log.warning("fault", extra={"fault": "camera", "reason": "D001 camera at 0: absent"})
log.info("anything", extra={"user": "a", "token": "CANARY"})
log.info("call ended", extra={"room": "service", "reason": "", "reference": "7K2-M4Q"})
log.info("long after")
try:
    int("rtmp://h/live/CANARY?txSecret=CANARY")
except ValueError:
    log.exception("kiosk failed", extra={"code": "K003"})
"""


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "journal"))
        listening.settimeout(5)
        yield listening


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal("kiosk", tmp_path / "journal")
    yield journal
    journal.close()


def line(text: str, **facts: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "kiosk.x", "msg": text, "levelno": 20, "levelname": "INFO", **facts}
    )


def fields_of(datagram: bytes) -> dict[str, str]:
    """Return the fields of one line, by the words of the protocol."""
    fields: dict[str, str] = {}
    while datagram:
        first, _, rest = datagram.partition(b"\n")
        name, equals, value = first.partition(b"=")
        if not equals:
            size = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + size], rest[9 + size :]
        fields[name.decode()] = value.decode()
        datagram = rest
    return fields


@needs_journald
def test_journalctl_finds_a_call_by_its_name_with_each_event_and_no_secret() -> None:
    with real_journal() as journal:
        told = journal.run([sys.executable, "-c", A_CALL], PYTHONPATH=str(ROOT))
        assert told.returncode == 0, told.stderr
        of_call = journal.entries("KIOSK_CALL_ID=7K2-M4Q")
        failure = journal.entries("KIOSK_EVENT=kiosk-failed")
        everything = journal.entries("SYSLOG_IDENTIFIER=kiosk")

    began, camera, anything, ended = of_call
    assert began["KIOSK_EVENT"] == "call-began"
    assert camera["KIOSK_EVENT"] == "camera-lost"
    assert camera["KIOSK_CODE"] == "D001"
    assert camera["PRIORITY"] == "4"
    assert {entry["SYSLOG_IDENTIFIER"] for entry in of_call} == {"kiosk"}
    assert ended["MESSAGE_ID"] == "0a3ff26ea0d54d02a119e8b3bfc95b17"
    assert ended["KIOSK_ROOM"] != "service"
    assert "service" not in ended["MESSAGE"]
    assert anything["KIOSK_TOKEN"] == "…"
    assert "Traceback" in failure[0]["MESSAGE"]
    sent = [v for e in everything for k, v in e.items() if not k.startswith("_")]
    assert len(everything) == 6
    assert "CANARY" not in str(sent)


def test_a_text_of_several_lines_forges_no_field(
    listener: socket.socket, journal: Journal
) -> None:
    forged = "hi\nMESSAGE=forged\nPRIORITY=0\n"
    journal.emit(line("said %s", args=(forged,), who=forged))

    fields = fields_of(listener.recv(1 << 16))
    assert fields["PRIORITY"] == "6"
    assert fields["MESSAGE"].startswith("INFO kiosk.x: said hi")
    assert "\n" not in fields["MESSAGE"] + fields["KIOSK_WHO"]


def test_a_line_of_no_event_has_no_number(
    listener: socket.socket, journal: Journal
) -> None:
    journal.emit(line("nothing in particular"))

    assert "MESSAGE_ID" not in fields_of(listener.recv(1 << 16))


def test_a_busy_journal_costs_lines_and_their_number_is_told(
    listener: socket.socket, journal: Journal
) -> None:
    sent = 2_000
    for number in range(sent):
        journal.emit(line("x" * 1_000, number=number))
    listener.setblocking(False)
    heard = 0
    try:
        while listener.recv(1 << 16):
            heard += 1
    except BlockingIOError:
        pass
    listener.settimeout(5)
    journal.emit(line("heard again"))

    lost = fields_of(listener.recv(1 << 16))
    assert 0 < heard < sent
    assert lost["KIOSK_EVENT"] == "lines-lost"
    assert int(lost["KIOSK_LINES"]) == sent - heard
    assert fields_of(listener.recv(1 << 16))["MESSAGE"].endswith("heard again")


def test_a_journal_that_is_away_is_no_error_and_hears_the_next_line(
    tmp_path: Path, journal: Journal
) -> None:
    journal.emit(line("nobody there"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "journal"))
        listening.settimeout(5)
        journal.emit(line("somebody there"))

        assert fields_of(listening.recv(1 << 16))["KIOSK_LINES"] == "1"
        assert "somebody there" in fields_of(listening.recv(1 << 16))["MESSAGE"]


def test_half_a_character_of_a_stranger_does_not_keep_a_line_from_being_written() -> (
    None
):
    assert datagram_of({"KIOSK_WHO": "\ud800"}) == b"KIOSK_WHO=\\ud800\n"


def test_standard_error_is_the_journal_only_where_systemd_says_so() -> None:
    with Path(os.devnull).open("w") as elsewhere:
        there = os.fstat(elsewhere.fileno())

    assert not is_ours({})
    assert not is_ours({"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino + 1}"})
