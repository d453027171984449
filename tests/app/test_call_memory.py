"""What a killed process leaves to its successor, as a file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kiosk.app.call_memory import NAME, FileMemory, memory_of
from kiosk.ports import Micros
from kiosk.ports.held_call import HeldCall


CALL = HeldCall("room-1", "kiosk-7", muted=True, returns=1, at=Micros(7_000_000))


def test_a_successor_recalls_what_was_kept_last(tmp_path: Path) -> None:
    environment = {"RUNTIME_DIRECTORY": f"{tmp_path}:/run/other"}
    memory = memory_of(environment)
    memory.keep(HeldCall("room-0", "kiosk-7", muted=False, returns=0, at=Micros(1)))
    memory.keep(CALL)

    assert memory_of(environment).recall() == CALL
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_call_that_is_over_is_forgotten(tmp_path: Path) -> None:
    memory = FileMemory(tmp_path / NAME)
    memory.keep(CALL)
    memory.forget()
    memory.forget()

    assert memory.recall() is None
    assert not list(tmp_path.iterdir())


def test_without_a_directory_of_the_unit_nothing_is_remembered() -> None:
    memory = memory_of({})
    memory.keep(CALL)
    memory.forget()

    assert memory.recall() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"room_id": 1, "user_id": "k", "muted": true, "returns": 0, "at": 1}',
        b"[" * 5000,
    ],
)
def test_a_file_that_makes_no_sense_is_no_call(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)

    assert FileMemory(tmp_path / NAME).recall() is None


def test_a_directory_that_cannot_be_written_costs_no_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = FileMemory(tmp_path / "gone" / NAME)
    memory.keep(CALL)
    memory.keep(CALL)

    assert [record.message for record in caplog.records] == [
        "a crash would end the call"
    ]


def test_a_file_that_cannot_be_removed_is_told_and_costs_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / NAME).mkdir()  # of that name, and no file
    memory = FileMemory(tmp_path / NAME)
    memory.forget()
    memory.forget()

    assert memory.recall() is None
    assert [record.message for record in caplog.records] == [
        "a call that is over is still noted",
        "the call before is not known",
    ]
