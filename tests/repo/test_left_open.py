"""``pytest --left-open`` fails the test that left something open, and no other."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from tests.fakes.leaks import left_open


ROOT = Path(__file__).parents[2]
LEAVES = """
import socket

def test_that_leaves_a_socket():
    class Kept:
        pass
    one = Kept()
    one.itself, one.socket = one, socket.socket()  # for the collector to find

def test_that_comes_after_it():
    socket.socket().close()
"""


def test_what_was_closed_is_not_told() -> None:
    left_open()  # of tests before
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
    del closed

    assert left_open() == []


def test_the_test_that_leaves_a_socket_fails_and_the_next_one_does_not(
    tmp_path: Path,
) -> None:
    suite = tmp_path / "test_two.py"
    suite.write_text(LEAVES, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml")]
    command += ["--left-open", "--rootdir", str(tmp_path), str(suite)]
    run = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    assert "2 passed, 1 error" in run.stdout, run.stdout + run.stderr
    assert "ERROR at teardown of test_that_leaves_a_socket" in run.stdout
    assert "left open: [" in run.stdout
    assert "unclosed <socket.socket" in run.stdout
