"""
systemd as far as a service sees it: its notification socket and its descriptor store.

Speaks the real protocol (sd_notify(3), sd_listen_fds(3)): datagrams with descriptors
beside them, and descriptors from 3 on in a process that is told how many and whose.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self


ROOT = Path(__file__).parents[2]
_MOST_FDS = 4
# Puts what was kept where sd_listen_fds(3) says, then becomes the service.
_BECOME = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
given = [int(fd) for fd in os.environ.pop("GIVEN").split()]
for number, fd in enumerate(given, 3):
    os.dup2(fd, number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Supervisor:
    """
    Runs one service again and again, keeping its descriptors between.

    Attributes:
        store: Descriptors by name.
        heard: All messages, but pings and states.
        states: What was said in words, the newest last.
        stdin: What services read; nothing at first.
        pings: How often the watchdog was fed.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.setblocking(False)
        self._process: subprocess.Popen[bytes] | None = None
        self.store: dict[str, int] = {}
        self.heard: list[str] = []
        self.states: list[str] = []
        self.stdin = subprocess.DEVNULL
        self.pings = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._socket.close()
        for fd in self.store.values():
            os.close(fd)

    @property
    def log(self) -> str:
        """What the services wrote."""
        return (self._folder / "log").read_text("utf-8", "replace")

    @property
    def pid(self) -> int:
        """Of the service."""
        assert self._process is not None, "nothing was started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the service runs."""
        return self._process is not None and self._process.poll() is None

    def start(self, *arguments: str, **environment: str) -> None:
        """Start the service, with what is in the store."""
        given = list(self.store.values())
        # far above 3, where they are to be in the end
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in given]
        told = {
            "NOTIFY_SOCKET": str(self._folder / "notify"),
            "GIVEN": " ".join(map(str, high)),
        }
        if given:
            told |= {
                "LISTEN_FDS": str(len(given)),
                "LISTEN_FDNAMES": ":".join(self.store),
            }
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BECOME, *arguments],
                stdin=self.stdin,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, **told, **environment},
                pass_fds=high,
            )
        for fd in high:
            os.close(fd)

    def kill(self) -> None:
        """End the service by SIGKILL, and all it said before with it."""
        self._end(signal.SIGKILL)
        self.listen()
        self.heard.clear()

    def reload(self) -> None:
        """Have the service read its configuration anew, as notify-reload does."""
        assert self._process is not None, "nothing was started"
        self.listen()
        self.heard.clear()
        self.states.clear()
        self._process.send_signal(signal.SIGHUP)

    @property
    def has_reloaded(self) -> bool:
        """Whether it said that it reloads, in one datagram, and then that it is ready."""
        said = [one.split("=")[0] for one in self.heard]
        return "RELOADING" in said and "READY" in said[said.index("RELOADING") :]

    def stop(self) -> int:
        """End the service by SIGTERM; return its exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        return self._process.wait(20)

    def listen(self) -> None:
        """Take what the service has said by now."""
        while True:
            room = socket.CMSG_SPACE(_MOST_FDS * 4)
            try:
                message, beside, _, _ = self._socket.recvmsg(4096, room)
            except BlockingIOError:
                return
            fds = array("i")
            for level, kind, content in beside:
                assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
                fds.frombytes(content)
            self._take(dict(_fields(message)), fds.tolist())

    def wait_for(
        self, is_true: Callable[[], bool], what: str, seconds: float = 40.0
    ) -> None:
        """Listen until something is true, or fail by its name."""
        deadline = time.monotonic() + seconds
        while True:
            self.listen()
            if is_true():
                return
            assert self.is_running, f"ended before {what}:\n{self.log}"
            assert time.monotonic() < deadline, f"never {what}:\n{self.log}"
            time.sleep(0.02)

    def wait_for_end(self, seconds: float = 40.0) -> None:
        """Wait until the service has ended by itself."""
        assert self._process is not None, "nothing was started"
        self._process.wait(seconds)
        self.listen()

    def _take(self, said: Mapping[str, str], fds: list[int]) -> None:
        name = said.get("FDNAME", "stored")
        if "FDSTOREREMOVE" in said and name in self.store:
            os.close(self.store.pop(name))
        if "FDSTORE" in said:
            (fd,) = fds
            assert name not in self.store, "FileDescriptorStoreMax=1"
            self.store[name] = fd
        if "STATUS" in said:
            self.states.append(said["STATUS"])
        self.pings += "WATCHDOG" in said
        if not said.keys() & {"WATCHDOG", "STATUS"}:
            self.heard.append(" ".join(f"{k}={v}" for k, v in said.items()))


def _fields(message: bytes) -> list[tuple[str, str]]:
    lines = message.decode().splitlines()
    return [(key, value) for key, _, value in (line.partition("=") for line in lines)]
