"""Lines of JSON from a socket that comes late, stops in the middle, or closes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import MachineError
from appliance.wire import Lines


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.listen()
        yield listening


@pytest.fixture
def ends(
    listener: socket.socket, tmp_path: Path
) -> Iterator[tuple[Lines, socket.socket]]:
    lines = Lines(tmp_path / "socket")
    other, _ = listener.accept()
    with other:
        yield lines, other
    lines.close()


def test_an_object_is_a_line(ends: tuple[Lines, socket.socket]) -> None:
    lines, other = ends

    lines.send({"id": 1})

    assert json.loads(other.recv(100)) == {"id": 1}


def test_half_a_line_of_before_a_reset_is_thrown_away(
    ends: tuple[Lines, socket.socket],
) -> None:
    lines, other = ends

    other.sendall(b'"out": "abc"}\n{"hel')
    other.sendall(b'lo": "boot"}\n')

    assert lines.receive(5.0) == {"hello": "boot"}


def test_silence_is_no_answer_and_no_error(ends: tuple[Lines, socket.socket]) -> None:
    lines, _ = ends

    assert lines.receive(0.05) is None


def test_others_answers_are_passed_over(ends: tuple[Lines, socket.socket]) -> None:
    lines, other = ends

    other.sendall(b'{"id": 1}\n{"id": 2}\n')

    assert lines.until(lambda one: one.get("id") == 2, 5.0) == {"id": 2}


def test_a_machine_that_is_gone_is_told(ends: tuple[Lines, socket.socket]) -> None:
    lines, other = ends

    other.close()

    with pytest.raises(MachineError, match="gone"):
        lines.receive(5.0)
