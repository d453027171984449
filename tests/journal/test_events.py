"""The table of events, the source it speaks of, and the catalogues that explain it."""

from __future__ import annotations

import ast
import logging
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kiosk.journal.events import EVENTS, event_of
from kiosk.journal.story import Story
from kiosk.ports import Fault


ROOT = Path(__file__).parents[2]
CATALOGUES = {
    "en": ROOT / "systemd" / "kiosk.catalog",
    "zh_CN": ROOT / "systemd" / "kiosk.zh_CN.catalog",
}
ENTRY = re.compile(
    r"-- (?P<id>[0-9a-f]{32})\nSubject: (?P<subject>.+)\nDefined-By: kiosk\n"
    r"Documentation: man:kiosk\(8\)\n\n(?P<body>(?:.+\n)+)"
)
FIELD = re.compile(r"@([A-Z_]+)@")


def entries(language: str) -> dict[str, tuple[str, str]]:
    """Return subject and body of each entry, by its number."""
    text = CATALOGUES[language].read_text("utf-8")
    found = [(m["id"], (m["subject"], m["body"])) for m in ENTRY.finditer(text)]
    assert len(found) == text.count("\n-- "), "an entry is not as the others are"
    assert len(dict(found)) == len(found), "a number stands twice"
    return dict(found)


def logged_words() -> tuple[set[str], set[str]]:
    """Return the texts of the source that may be logged, and the names of facts."""
    texts, names = set[str](), set[str]()
    for path in (ROOT / "kiosk").rglob("*.py"):
        if path.name == "events.py" and path.parent.name == "journal":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Constant(value=str() as text):
                    texts.add(text)
                case ast.keyword(arg=str() as name):
                    names.add(name)
                case _:
                    pass
    return texts, names | texts


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_catalogue_explains_every_event_and_nothing_else(language: str) -> None:
    assert set(entries(language)) == {event.message_id for event in EVENTS}


@pytest.mark.parametrize("language", CATALOGUES)
def test_an_explanation_says_what_happened_and_what_to_do_and_names_real_fields(
    language: str,
) -> None:
    _, names = logged_words()
    told = {"code", "state", "call_id", "room", "event"}

    for subject, body in entries(language).values():
        assert body.strip()
        for field in FIELD.findall(subject + body):
            fact = field.removeprefix("KIOSK_").lower()
            assert fact in names | told, f"nobody logs {field}"


def test_both_languages_speak_of_the_same_fields() -> None:
    english, chinese = entries("en"), entries("zh_CN")

    for number, words in english.items():
        fields = set(FIELD.findall("".join(words)))
        assert set(FIELD.findall("".join(chinese[number]))) == fields
        assert re.search("[一-鿿]", chinese[number][0])


def test_numbers_and_names_are_each_events_own() -> None:
    assert len({event.message_id for event in EVENTS}) == len(EVENTS)
    assert len({event.name for event in EVENTS}) == len(EVENTS)
    assert len({(event.text, event.fault) for event in EVENTS}) == len(EVENTS)


def test_what_the_table_speaks_of_is_said_in_the_source() -> None:
    texts, _ = logged_words()

    assert [event.text for event in EVENTS if event.text not in texts] == []


def test_every_fault_of_the_kiosk_is_an_event_when_it_comes_and_when_it_goes() -> None:
    for fault in Fault:
        for text in ("fault", "fault over"):
            event = event_of(logging.makeLogRecord({"msg": text, "fault": fault.value}))
            assert event is not None, f"{text}: {fault.value}"


def test_a_line_after_a_call_is_not_of_that_call_any_more() -> None:
    story = Story()
    story.tell(
        logging.makeLogRecord({"msg": "call began", "reference": "AAA-AAA", "call": 1})
    )
    within = story.tell(logging.makeLogRecord({"msg": "anything"}))
    last = story.tell(
        logging.makeLogRecord({"msg": "call ended", "reference": "AAA-AAA"})
    )

    assert within["call_id"] == last["call_id"] == "AAA-AAA"
    assert "call_id" not in story.tell(logging.makeLogRecord({"msg": "anything"}))


@pytest.mark.skipif(
    shutil.which("journalctl") is None, reason="needs journalctl, to compile catalogues"
)
def test_journalctl_takes_both_catalogues(tmp_path: Path) -> None:
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    shelf = tmp_path / "usr/lib/systemd/catalog"
    shelf.mkdir(parents=True)
    for path in CATALOGUES.values():
        shutil.copy(path, shelf)
    here = ["journalctl", f"--root={tmp_path}"]

    made = subprocess.run(
        [*here, "--update-catalog"], capture_output=True, text=True, check=False
    )
    listed = subprocess.run(
        [*here, "--list-catalog"], capture_output=True, text=True, check=True
    )

    assert (made.returncode, made.stderr) == (0, "")
    numbers = {line.split()[0] for line in listed.stdout.splitlines()}
    assert numbers == {event.message_id for event in EVENTS}
