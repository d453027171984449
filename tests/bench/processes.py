"""Processes of a benchmark: our own modules and other people's programs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from typing import IO, Any

from tests.fakes.programs import ROOT


STOP_S = 5.0


def program(name: str) -> str:
    """Return the path of a program, or fail with the cure."""
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed: apt-get install {name}")
    return found


@contextlib.contextmanager
def running(
    *command: str, stdin: IO[bytes] | int = subprocess.DEVNULL, keep: bool = True
) -> Generator[subprocess.Popen[bytes]]:
    """Run a command; it is ended by its number. Its stdout is a pipe if kept."""
    process = subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE if keep else subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def our_module(name: str, *arguments: object) -> list[str]:
    """Return the command of a module of the benchmarks, tied to our life."""
    code = (
        "import ctypes, os, runpy, signal, sys;"
        "ctypes.CDLL(None).prctl(1, signal.SIGKILL);"
        f"os.getppid() == {os.getpid()} or sys.exit(69);"
        f"runpy.run_module('tests.bench.{name}', run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", code, *map(str, arguments)]


def first_line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Wait for the JSON object on the next line that a process prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended without a word")
    found: dict[str, Any] = json.loads(line)
    return found


class EmptyLoop:
    """An event loop with nothing to do, in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        first_line(process)

    def snapshot(self) -> dict[str, float]:
        """Return what it measured since it was asked last."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return first_line(self._process)


@contextlib.contextmanager
def empty_loop() -> Generator[EmptyLoop]:
    """Run an empty event loop beside: what it sees is the machine's doing."""
    with running(*our_module("empty_loop"), stdin=subprocess.PIPE) as process:
        try:
            yield EmptyLoop(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
