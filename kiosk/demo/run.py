"""
``kiosk demo``: starts three processes, places calls, reports, ends them all.

Without ``--for`` the calls are a person's: the kiosk's hardware is a page in a browser.
Where nobody comes to it, the demonstration presses the button itself.

Stdout carries what was asked for (lines and a table, or one JSON object);
with ``--json`` the lines go to stderr.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from kiosk.agentdesk.passwords import SALT_BYTES
from kiosk.control.client import ControlClient
from kiosk.demo.children import Child, Children, DemoFailed
from kiosk.demo.desktop import is_at_terminal, open_in_browser
from kiosk.demo.options import DemoOptions
from kiosk.demo.report import CallRecord, summarise, table
from kiosk.demo.script import READY_S, CallScript, Party, Stage
from kiosk.demo.settings import (
    AGENT,
    Place,
    agent_toml,
    agents_toml,
    kiosk_toml,
    server_toml,
)
from kiosk.demo.visit import AtTheDesk, Visit
from kiosk.errors import ControlError, words_of


SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- pictures must not wear a disk
SCREENSHOT = "kiosk-in-call.png"
INTERRUPTED = 130

_POLL_S = 0.05
_LAST_BREATH_S = 1.0
_PASSWORD_BYTES = 6  # for an hour, on this machine


def run_demo(
    options: DemoOptions,
    *,
    children: Children | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    picture_s: float = 30.0,
    open_page: Callable[[str], object] = open_in_browser,
    is_watched: Callable[[], bool] = is_at_terminal,
    patience_s: float = 20.0,
    alone_s: float = 15.0,
) -> int:
    """
    Run a demonstration and return its exit status.

    Args:
        options: What is asked for.
        children: Starts the processes; by default this program's.
        out: Gets the result; by default stdout.
        err: Gets complaints; by default stderr.
        picture_s: Longest wait for a call's first picture.
        open_page: Opens a page where there is a desktop.
        is_watched: Returns whether somebody sits at this terminal.
        patience_s: How long somebody has to press the button before it is pressed
            for them.
        alone_s: How long the one call is where nobody is there.

    """
    audience = _Audience(open_page, is_watched, patience_s, alone_s)
    demo = _Demo(options, out or sys.stdout, err or sys.stderr, picture_s, audience)
    return demo.run(children or Children())


@dataclass(frozen=True, slots=True)
class _Audience:
    """Who may be there, as ``run_demo`` was told."""

    open_page: Callable[[str], object]
    is_watched: Callable[[], bool]
    patience_s: float
    alone_s: float


class _Demo:
    """One demonstration."""

    def __init__(
        self,
        options: DemoOptions,
        out: TextIO,
        err: TextIO,
        picture_s: float,
        audience: _Audience,
    ) -> None:
        self._audience = audience
        self._picture_s = picture_s
        self._options = options
        self._out = out
        self._err = err
        self._records: list[CallRecord] = []
        self._password = secrets.token_urlsafe(_PASSWORD_BYTES)
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
        desk = self._options.desk
        self._say("starting a room server, an agent and a kiosk ...")
        server = self._started_server(children, place)
        at = server.first_line()
        parties: dict[str, Party] = {"agent": AtTheDesk()}
        if not desk:
            agent = agent_toml(place, at["http"], self._options)
            parties["agent"], _ = _started(children, place, "agent", agent)
        at_desk = at["desk"].replace("127.0.0.1", "localhost") if desk else ""
        wanted = kiosk_toml(place, at["http"], self._options, at_desk)
        parties["kiosk"], kiosk = _started(children, place, "kiosk", wanted)
        stage = self._stage(parties, server, children)
        stage.wait_for(stage.agent, "agent", "WAITING", READY_S)
        stage.wait_for(stage.kiosk, "kiosk", "IDLE", READY_S)
        if self._options.seconds is None:
            self._show_page(kiosk.first_line()["simulator"], at_desk)
        return stage

    def _started_server(self, children: Children, place: Place) -> Child:
        agents = place.root / "agents.toml" if self._options.desk else None
        if agents is not None:
            salt = secrets.token_bytes(SALT_BYTES)
            agents.write_text(agents_toml(self._password, salt), "utf-8")
            agents.chmod(0o600)
        rooms = place.config("server")
        rooms.write_text(server_toml(agents), "utf-8")
        return children.start(
            "server", ["server", "--config", str(rooms)], place.log("server")
        )

    def _show_page(self, address: str, desk: str) -> None:
        self._say(f"the kiosk is a page in a browser: {address}")
        if desk:
            self._say(
                f"and so is the agent desk: {desk} "
                f"(name {AGENT}, password {self._password})"
            )
        self._say("press its green button to call the agent; Ctrl-C here ends it all")
        if self._options.browser:
            for page in filter(None, (desk, address)):
                self._audience.open_page(page)

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
        if self._options.seconds is None:
            self._receive(stage)
            return
        for number in range(self._options.calls):
            self._say(f"call {number + 1} of {self._options.calls}: button pressed")
            shot = self._screenshot if number == 0 else None
            self._call(stage, self._options.call_s, shot)

    def _receive(self, stage: Stage) -> None:
        """Leave the calls to a visitor, or show one where none comes."""
        audience = self._audience
        watched = audience.is_watched()
        visit = Visit(stage, self._screenshot, self._records)
        # Without a browser the pages are opened by whoever asked for that.
        invited = self._options.browser and not self._options.desk
        patience_s = audience.patience_s if watched else 0.0
        if invited and not visit.begins_within(patience_s):
            if not watched:
                self._say(
                    f"nobody is here to press it: a call of {audience.alone_s:g} s"
                )
                self._call(stage, audience.alone_s, self._screenshot)
                return
            self._say("nobody pressed it: now it is; the red one ends the call")
            stage.kiosk.press("call")
        visit.watch()

    def _call(self, stage: Stage, seconds: float, screenshot: Path | None) -> None:
        script = CallScript(stage, seconds, screenshot)
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


def _started(
    children: Children, place: Place, name: str, toml: str
) -> tuple[Party, Child]:
    """Start a party and wait until its control socket answers."""
    file = place.config(name)
    file.write_text(toml, "utf-8")
    child = children.start(name, ["run", "--config", str(file)], place.log(name))
    return _reached(place.socket(name), child), child


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
