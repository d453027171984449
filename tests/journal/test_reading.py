"""``kiosk logs``: lines found by field, in systemd's journal or in JSON lines."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

import pytest

from kiosk.cli import main
from kiosk.journal.colours import painted
from kiosk.journal.lines import JsonLines
from kiosk.journal.reading import JournalUnread, call_name, read_journal
from tests.fakes.real_journal import RealJournal, needs_journald, real_journal


ROOT = Path(__file__).parents[2]
TWO_CALLS = """
import logging, os
from kiosk.journal.set_up import set_up_log
there = os.fstat(2)
set_up_log("info", "text", environ={"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}"})
log = logging.getLogger("kiosk.daemon.loop")
for name in ("AAA-AAA", "7K2-M4Q"):
    log.info("call began", extra={"call": 1, "reference": name})
    log.warning("fault", extra={"fault": "camera", "reason": "D001 camera: absent"})
    log.info("call ended", extra={"room": "service", "reference": name})
"""


def kiosk(journal: RealJournal, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "kiosk", "logs", *arguments]
    done = journal.run(command, PYTHONPATH=str(ROOT))
    return done.returncode, done.stdout, done.stderr


def json_lines(path: Path) -> Path:
    form = JsonLines()
    facts = {"name": "kiosk.x", "levelname": "INFO"}
    records: list[dict[str, object]] = [
        {"msg": "call began", "reference": "7K2-M4Q", "call": 1},
        {"msg": "anything"},
        {"msg": "call ended", "reference": "7K2-M4Q"},
        {"msg": "long after"},
    ]
    lines = [form.format(logging.makeLogRecord({**facts, **each})) for each in records]
    path.write_text("\n".join(["not JSON", *lines, '["no object"]']))
    return path


@needs_journald
def test_a_call_is_found_in_the_journal_however_its_name_is_typed() -> None:
    with real_journal() as journal:
        journal.run([sys.executable, "-c", TWO_CALLS], PYTHONPATH=str(ROOT))
        journal.run(["journalctl", "--sync"])
        by_name = kiosk(journal, "--call", "7k2m4q")
        last = kiosk(journal, "--last", "--json")
        everything = kiosk(journal)
        none = kiosk(journal, "--call", "ZZZ-ZZZ")

    status, text, _ = by_name
    events = [line.split()[2] for line in text.splitlines()]
    assert status == 0
    assert events == ["call-began", "camera-lost", "call-ended"]
    objects = [json.loads(line) for line in last[1].splitlines()]
    assert [each["call_id"] for each in objects] == ["7K2-M4Q"] * 3
    assert objects[1]["schema_version"] == 1
    assert (objects[1]["priority"], objects[1]["code"]) == (4, "D001")
    assert len(everything[1].splitlines()) == 6
    assert none[0] == os.EX_NOINPUT
    assert "kiosk calls" in none[2]


@needs_journald
def test_follow_goes_on_with_what_is_written_later() -> None:
    with real_journal() as journal:
        command = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "kiosk"]
        following = journal.start([*command, "logs", "--follow", "--call", "7K2-M4Q"])
        try:
            journal.run([sys.executable, "-c", TWO_CALLS], PYTHONPATH=str(ROOT))
            assert following.stdout is not None
            lines = [following.stdout.readline() for _ in range(3)]
        finally:
            following.kill()
            following.communicate(timeout=10)

    assert "call-began" in lines[0]
    assert "call-ended" in lines[2]


def test_json_lines_of_a_machine_without_a_journal_are_read_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(json_lines(tmp_path / "kiosk.log"))

    assert main(["logs", "--file", file]) == os.EX_OK
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert main(["logs", "--file", file, "--call", "7K2-M4Q"]) == os.EX_OK
    of_call = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in of_call] == ["call-began", "-", "call-ended"]


@pytest.mark.parametrize("typed", ["7K2-M4Q", "7k2m4q", " 7K2 M4Q", "7K2-M4Q ".lower()])
def test_a_name_is_taken_as_people_type_it(typed: str) -> None:
    assert call_name(typed) == "7K2-M4Q"


def test_letters_that_look_like_digits_are_digits() -> None:
    assert call_name("oil-IL0") == "011-110"


def test_without_a_journal_a_file_is_offered() -> None:
    with pytest.raises(JournalUnread, match="--file") as raised:
        list(read_journal(program=["/nonexistent/journalctl"]))

    assert raised.value.status == os.EX_UNAVAILABLE


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("No journal files were opened due to insufficient permissions.", os.EX_NOPERM),
        ("Failed to parse timestamp: noon-ish", os.EX_UNAVAILABLE),
    ],
)
def test_what_journalctl_complains_of_is_said_with_a_status(
    said: str, status: int
) -> None:
    program = [sys.executable, "-c", f"import sys; sys.exit({said!r})"]
    with pytest.raises(JournalUnread) as raised:
        list(read_journal(program=program))

    assert raised.value.status == status


def test_nothing_is_coloured_that_is_no_terminal() -> None:
    assert painted("text", 3) == "text"
