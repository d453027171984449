"""
What the kiosk's unit does, and what was seen of the kiosk: looked at all the time.

One thread a stage looks every 50 ms: at the kiosk's status and its panel, at the
watchdog's datagrams, and whether its process runs.  As the unit says (``Restart=always``,
``RestartSec=1s``, ``WatchdogSec=6s``) a process that ended begins again, and one
that fed no watchdog is aborted.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from kiosk.control.client import ControlClient
from kiosk.errors import ControlError
from tests.bench.outside_reader import Panel


if TYPE_CHECKING:
    from tests.faults.stage import Stage


WATCHDOG_S: Final = 6.0
RESTART_S: Final = 1.0
_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One look at the kiosk.

    Attributes:
        at: Monotonic seconds.
        status: What it said; nothing where it said nothing.
        painted: When the picture on its panel was painted, if there is one.

    """

    at: float
    status: Mapping[str, Any] | None
    painted: float | None = None

    @property
    def state(self) -> str:
        return "" if self.status is None else str(self.status["state"])

    @property
    def screen(self) -> str:
        return "" if self.status is None else str(self.status["screen"])


@dataclass(slots=True)
class Record:
    """
    What was seen since a moment.

    Attributes:
        samples: In their order.
        pings: When the watchdog was fed.
        ends: When the process ended by itself, and its status.
        starts: When it was begun again.
        aborted: When the watchdog ended it.

    """

    samples: list[Sample] = field(default_factory=list)
    pings: list[float] = field(default_factory=list)
    ends: list[tuple[float, int]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    aborted: list[float] = field(default_factory=list)


class Supervision:
    """
    Looks on from entering until it is left.

    Args:
        stage: Has the kiosk.

    Attributes:
        record: Since :meth:`begin`.
        is_on: Whether what ended is begun again.

    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._address = stage.folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._look_on, name="supervision")
        self._is_over = threading.Event()
        self._turn = threading.Lock()
        self._fed = 0.0
        self._pid = 0
        self._is_ready = True
        self.record = Record()
        self.is_on = False

    def __enter__(self) -> Self:
        self._socket.bind(str(self._address))
        self._socket.setblocking(False)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._socket.close()

    @property
    def environment(self) -> dict[str, str]:
        """What systemd gives to the service."""
        return {
            "NOTIFY_SOCKET": str(self._address),
            "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6)),
        }

    def begin(self) -> Record:
        """Note from now on, and do what the unit does."""
        with self._turn:
            self.record = Record()
            self._fed = time.monotonic()
            self.is_on = True
        return self.record

    def rest(self) -> None:
        """Neither note nor begin again what ends."""
        with self._turn:
            self.is_on = False

    @contextmanager
    def still(self) -> Iterator[None]:
        """Look at nothing meanwhile: a look is a connection that the kiosk holds."""
        with self._turn:
            yield

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Neither note nor begin again what ends, as long as this is open."""
        self.rest()
        yield
        with self._turn:
            self._fed = time.monotonic()
            self.is_on = True

    def _look_on(self) -> None:
        while not self._is_over.wait(_LOOK_S):
            self._hear()
            with self._turn:
                if self.is_on:
                    self._supervise()
                    self.record.samples.append(self._look())

    def _look(self) -> Sample:
        at = time.monotonic()
        try:
            control = ControlClient(self._stage.kiosk.socket, timeout_s=1.0)
            status = control.status()
        except ControlError:
            return Sample(at, None)
        return Sample(at, status, self._painted())

    def _painted(self) -> float | None:
        with suppress(OSError, SystemExit, ValueError):
            glance = Panel(self._stage.folder / "kiosk.fb").look()
            if glance.age_ms is not None:
                return time.monotonic() - glance.age_ms / 1000
        return None

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            while True:
                said = self._socket.recv(4096)
                if b"READY=1" in said:
                    self._is_ready = True
                if b"WATCHDOG=1" in said:
                    self._fed = time.monotonic()
                    self.record.pings.append(self._fed)

    def _supervise(self) -> None:
        kiosk, now = self._stage.kiosk, time.monotonic()
        if kiosk.is_running:
            # before it is ready, its start has a deadline of its own (TimeoutStartSec=)
            if self._is_ready and now - self._fed > WATCHDOG_S:
                self.record.aborted.append(now)
                self._fed = now
                with suppress(ProcessLookupError):
                    os.kill(kiosk.pid, signal.SIGABRT)
                    os.kill(kiosk.pid, signal.SIGCONT)
        elif self._pid != kiosk.pid:
            self._pid = kiosk.pid
            self.record.ends.append((now, kiosk.stop()))
        elif now - self.record.ends[-1][0] >= RESTART_S:
            self._is_ready = False
            self._stage.start_kiosk()
            self.record.starts.append(now)
            self._fed = now
