"""
A network of two hosts with a bad link between them, for real processes.

``with network() as lab:`` gives two places; what is started in one reaches the
other at its address and nothing else of this machine.  The link is changed
while it carries: ``lab.change("up", rate_kbps=350)``; up leads from near to
far.  Needs root and iproute2; :func:`why_not` says what is missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.lab.shuttle import FAR, NEAR, enter_namespace


Direction = Literal["up", "down"]

_ROOT = Path(__file__).parents[2]
_STOP_S = 5.0


def why_not() -> str:
    """Return why there can be no network here; nothing if there can."""
    if os.geteuid() != 0:
        return "needs root: network namespaces and a TUN device"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "needs /dev/net/tun: modprobe tun"
    for program, package in (("ip", "iproute2"), ("nsenter", "util-linux")):
        if shutil.which(program) is None:
            return f"needs {program}: apt-get install {package}"
    return ""


needs_network = pytest.mark.skipif(bool(why_not()), reason=why_not() or "all is there")
"""Marks a test that uses the network."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    One of the two hosts.

    Attributes:
        address: Its own.
        namespace: A path that leads to it while the network is up.

    """

    address: str
    namespace: str

    def command(self, *command: str) -> list[str]:
        """Return the command line that runs a command there, as one process."""
        return ["nsenter", f"--net={self.namespace}", "--", *command]

    @contextlib.contextmanager
    def entered(self) -> Generator[None]:
        """Let this thread make its sockets there; they stay there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(self.namespace, os.O_RDONLY)
        try:
            enter_namespace(there)
            yield
        finally:
            enter_namespace(home)
            os.close(there)
            os.close(home)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one direction did so far; ``at`` is its moment in monotonic seconds."""

    offered: int
    arrived: int
    arrived_bytes: int
    lost: int
    refused: int
    queued_bytes: int
    at: float


class Network:
    """Two places and the link between them."""

    def __init__(self, shuttle: subprocess.Popen[str]) -> None:
        self._shuttle = shuttle
        opened = self._answer()
        self.near, self.far = (
            Place(address, f"/proc/{shuttle.pid}/fd/{opened[side]}")
            for side, address in (("near", NEAR), ("far", FAR))
        )

    @property
    def pid(self) -> int:
        """Of the process that carries the packets."""
        return self._shuttle.pid

    def change(self, *directions: Direction, **conditions: float) -> None:
        """
        Change conditions of :class:`tests.lab.path.Conditions` from now on.

        Args:
            directions: Both unless named.
            conditions: The others stay.

        """
        self._order(dict.fromkeys(directions or ("up", "down"), conditions))

    def tally(self, direction: Direction) -> Tally:
        """Return what a direction carried so far."""
        return Tally(**self._order({})[direction])

    def _order(self, order: dict[str, dict[str, float]]) -> dict[str, Any]:
        assert self._shuttle.stdin is not None
        self._shuttle.stdin.write(json.dumps(order) + "\n")
        self._shuttle.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._shuttle.stdout is not None
        line = self._shuttle.stdout.readline()
        if not line:
            raise RuntimeError("the shuttle ended; its last words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def network() -> Generator[Network]:
    """Yield a network; without processes in it nothing of it stays."""
    shuttle = subprocess.Popen(
        [sys.executable, "-m", "tests.lab.shuttle"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )
    assert shuttle.stdin is not None
    assert shuttle.stdout is not None
    try:
        yield Network(shuttle)
    finally:
        with contextlib.suppress(BrokenPipeError):
            shuttle.stdin.close()
        try:
            shuttle.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            shuttle.kill()
            shuttle.wait()
        shuttle.stdout.close()
