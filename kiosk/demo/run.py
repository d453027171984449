"""
``kiosk demo``: starts three processes, places calls, reports, ends them all.

Stdout carries what was asked for (lines and a table, or one JSON object);
with ``--json`` the lines go to stderr.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TextIO

from kiosk.control.client import ControlClient
from kiosk.demo.children import Child, Children, DemoFailed
from kiosk.demo.options import DemoOptions
from kiosk.demo.report import CallRecord, summarise, table
from kiosk.demo.script import READY_S, CallScript, Party, Stage
from kiosk.demo.settings import Place, agent_toml, kiosk_toml, server_toml
from kiosk.errors import ControlError, words_of


SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- pictures must not wear a disk
SCREENSHOT = "kiosk-in-call.png"
INTERRUPTED = 130

_POLL_S = 0.05
_LAST_BREATH_S = 1.0


def run_demo(
    options: DemoOptions,
    *,
    children: Children | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    picture_s: float = 30.0,
) -> int:
    """
    Run a demonstration and return its exit status.

    Args:
        options: What is asked for.
        children: Starts the processes; by default this program's.
        out: Gets the result; by default stdout.
        err: Gets complaints; by default stderr.
        picture_s: Longest wait for a call's first picture.

    """
    demo = _Demo(options, out or sys.stdout, err or sys.stderr, picture_s)
    return demo.run(children or Children())


class _Demo:
    """One demonstration."""

    def __init__(
        self, options: DemoOptions, out: TextIO, err: TextIO, picture_s: float
    ) -> None:
        self._picture_s = picture_s
        self._options = options
        self._out = out
        self._err = err
        self._records: list[CallRecord] = []
        self._screenshot = (options.out / SCREENSHOT).absolute()

    def run(self, children: Children) -> int:
        status = os.EX_OK
        # ``children`` is left first: nobody writes into the directory by then.
        with _terminable(), _directory() as root, children:
            try:
                self._options.out.mkdir(parents=True, exist_ok=True)
                self._screenshot.unlink(missing_ok=True)
                self._play(self._set_up(children, Place(root)))
            except KeyboardInterrupt:
                status = os.EX_OK if self._options.seconds is None else INTERRUPTED
            except (DemoFailed, ControlError, OSError) as error:
                self._err.write(f"kiosk demo: {_with_cause(error, children)}\n")
                status = os.EX_SOFTWARE
        if self._records or status == os.EX_OK:
            self._report()
        return status

    def _set_up(self, children: Children, place: Place) -> Stage:
        self._say("starting a room server, an agent and a kiosk ...")
        rooms = place.config("server")
        rooms.write_text(server_toml(), "utf-8")
        server = children.start(
            "server", ["server", "--config", str(rooms)], place.log("server")
        )
        url = server.first_line()["http"]
        parties: dict[str, Party] = {}
        for name, write in (("agent", agent_toml), ("kiosk", kiosk_toml)):
            file = place.config(name)
            file.write_text(write(place, url, self._options), "utf-8")
            child = children.start(
                name, ["run", "--config", str(file)], place.log(name)
            )
            parties[name] = _reached(place.socket(name), child)
        stage = self._stage(parties, server, children)
        stage.wait_for(stage.agent, "agent", "WAITING", READY_S)
        stage.wait_for(stage.kiosk, "kiosk", "IDLE", READY_S)
        if self._options.seconds is None:
            self._say(
                "ready; Ctrl-C ends it, and so does "
                f"`kiosk hangup --socket {place.socket('kiosk')}`"
            )
        return stage

    def _stage(
        self, parties: dict[str, Party], server: Child, children: Children
    ) -> Stage:
        return Stage(
            kiosk=parties["kiosk"],
            agent=parties["agent"],
            server_rss_mb=lambda: server.rss_mb,
            check=children.check,
            now=time.monotonic,
            sleep=time.sleep,
            say=self._say,
            picture_s=self._picture_s,
        )

    def _play(self, stage: Stage) -> None:
        for number in range(self._options.calls):
            self._say(f"call {number + 1} of {self._options.calls}: button pressed")
            script = CallScript(
                stage,
                self._options.call_s,
                self._screenshot if number == 0 else None,
            )
            try:
                script.play()
            finally:
                if script.record is not None:
                    self._records.append(script.record)

    def _report(self) -> None:
        shot = str(self._screenshot) if self._screenshot.exists() else None
        summary = summarise(self._records, shot)
        text = json.dumps(summary) if self._options.as_json else table(summary)
        self._out.write(f"{text}\n")
        self._out.flush()

    def _say(self, line: str) -> None:
        stream = self._err if self._options.as_json else self._out
        stream.write(f"{line}\n")
        stream.flush()


def _reached(socket: Path, child: Child) -> ControlClient:
    """Wait until a party's control socket answers."""
    client = ControlClient(socket)
    deadline = time.monotonic() + READY_S
    while True:
        try:
            client.status()
        except ControlError as error:
            child.check()
            if time.monotonic() > deadline:
                raise DemoFailed(
                    f"the {child.name} does not answer: {error}"
                ) from error
            time.sleep(_POLL_S)
        else:
            return client


def _with_cause(error: Exception, children: Children) -> str:
    """
    Prefer a child's last words to the broken conversation they caused.

    A dying process closes its sockets a moment before it can be waited for.
    """
    deadline = time.monotonic() + (
        _LAST_BREATH_S if isinstance(error, ControlError) else 0
    )
    while True:
        try:
            children.check()
        except DemoFailed as cause:
            return str(cause)
        if time.monotonic() >= deadline:
            return words_of(error) if isinstance(error, OSError) else str(error)
        time.sleep(_POLL_S)


@contextlib.contextmanager
def _directory() -> Generator[Path]:
    writable = os.access(SHARED_MEMORY, os.W_OK)
    with tempfile.TemporaryDirectory(
        prefix="kiosk-demo-", dir=SHARED_MEMORY if writable else None
    ) as name:
        yield Path(name)


@contextlib.contextmanager
def _terminable() -> Generator[None]:
    """Let SIGTERM end the demonstration as Ctrl-C does, children included."""
    before: Callable[..., object] | int | None = signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
