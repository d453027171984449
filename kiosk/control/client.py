"""
Asks a daemon through its control socket: small, synchronous, quick to import.

Used by the command line, the demo, the benchmarks and tests; one connection a
request, so a client survives the daemon's restart.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, cast

from kiosk.call.record_bounds import LARGEST_ANSWER_BYTES
from kiosk.errors import ControlError, KioskStopped


DEFAULT_SOCKET = Path("/run/kiosk/control.sock")

_MAX_LINE = 1 << 16
_MAX_STILL = 1 << 22
_STILL_S = 130.0  # somebody has to press a key, and a slow line to carry it
_INSPECTION_S = 20.0  # every device may take its second, and a server its time
_OK = 200


class ControlClient:
    """
    A daemon, as its control socket shows it.

    Every method raises :class:`ControlError` with cause and cure when nobody
    answers there or the daemon refuses.
    """

    def __init__(
        self, path: str | Path = DEFAULT_SOCKET, *, timeout_s: float = 5.0
    ) -> None:
        self._path = Path(path)
        self._timeout_s = timeout_s

    def press(self, button: str, held_s: float = 0.0) -> None:
        """Press a button, by its name; returns before it is let go."""
        held_ms = {"held_ms": round(held_s * 1_000)} if held_s else {}
        self._ask("POST", "/press", {"button": button, **held_ms})

    def status(self) -> dict[str, Any]:
        """Return the status that :mod:`kiosk.control` describes."""
        return self._ask("GET", "/status")

    def stand_down(self, seconds: int) -> None:
        """Let no call begin for so long, for a restart; refused if somebody is there."""
        self._ask("POST", "/stand-down", {"seconds": seconds})

    def inspection(self) -> list[dict[str, str]]:
        """Return what the daemon finds out about its devices and its server now."""
        connection, answer = self._open("GET", "/inspection", None, _INSPECTION_S)
        with contextlib.closing(connection), self._explained():
            told = self._object(answer.read(LARGEST_ANSWER_BYTES))
        found: list[dict[str, str]] = told["inspection"]
        return found

    def calls(self) -> list[dict[str, Any]]:
        """Return the records of the last calls, the newest first."""
        found: list[dict[str, Any]] = self._ask("GET", "/calls")["calls"]
        return found

    def text(self, text: str) -> None:
        """Send a text message to the others in the room."""
        self._ask("POST", "/text", {"text": text})

    def reply(self, number: int) -> None:
        """Send one of the configured replies, counted from 1."""
        self._ask("POST", "/text", {"reply": number})

    def still(self) -> bytes:
        """Ask the others for a still picture; return it, a JPEG, once it is there."""
        connection, answer = self._open("POST", "/still", {}, _STILL_S)
        with contextlib.closing(connection), self._explained():
            return answer.read(_MAX_STILL)

    def screenshot(self, path: str | Path) -> None:
        """Have the daemon write its display to ``path`` as PNG."""
        self._ask("POST", "/screenshot", {"path": str(Path(path).absolute())})

    def events(
        self, *, silence_s: float | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """
        Yield events from now on, until the daemon closes.

        The subscription begins before this returns.

        Args:
            silence_s: Raise when nothing came for so long; for ever by default.

        """
        connection, answer = self._open("GET", "/events", None)
        if connection.sock is not None:
            connection.sock.settimeout(silence_s)
        return self._read_events(connection, answer)

    def _read_events(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> Generator[dict[str, Any], None, None]:
        try:
            while line := self._next_line(answer):
                yield self._object(line)
        finally:
            answer.close()
            connection.close()

    def _next_line(self, answer: http.client.HTTPResponse) -> bytes:
        with self._explained():
            return answer.readline(_MAX_LINE)

    def _ask(
        self, method: str, route: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        try:
            return self._ask_once(method, route, body)
        except ControlError as error:
            # A kiosk that takes another configuration hands its socket over: who meets
            # that very moment is cut off. What only asks may ask again.
            if method != "GET" or not isinstance(error.__cause__, ConnectionResetError):
                raise
        return self._ask_once(method, route, body)

    def _ask_once(
        self, method: str, route: str, body: Mapping[str, object] | None
    ) -> dict[str, Any]:
        connection, answer = self._open(method, route, body)
        with contextlib.closing(connection), self._explained():
            return self._object(answer.read(LARGEST_ANSWER_BYTES))

    def _open(
        self,
        method: str,
        route: str,
        body: Mapping[str, object] | None,
        timeout_s: float = 0.0,
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        with self._explained():
            connection = _connect(self._path, timeout_s or self._timeout_s)
        try:
            return connection, self._answer(connection, method, route, body)
        except BaseException:
            connection.close()
            raise

    def _answer(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        route: str,
        body: Mapping[str, object] | None,
    ) -> http.client.HTTPResponse:
        with self._explained():
            sent = None if body is None else json.dumps(body)
            connection.request(method, route, sent)
            answer = connection.getresponse()
            if answer.status == _OK:
                return answer
            refusal = answer.read(LARGEST_ANSWER_BYTES)
        reason = self._object(refusal).get("error", answer.reason)
        raise ControlError(f"the kiosk refused: {reason}")

    def _object(self, text: bytes) -> dict[str, Any]:
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise ControlError(
                f"what answers at {self._path} is no kiosk; check the socket's path"
            )
        return cast("dict[str, Any]", value)

    @contextlib.contextmanager
    def _explained(self) -> Generator[None]:
        """Turn what a socket raises into a sentence with its cure."""
        try:
            yield
        except (OSError, http.client.HTTPException, ValueError) as error:
            is_stopped = isinstance(error, FileNotFoundError)
            is_stopped = is_stopped and not self._path.parent.is_dir()
            kind = KioskStopped if is_stopped else ControlError
            raise kind(self._explanation(error)) from error

    def _explanation(self, error: Exception) -> str:
        match error:
            case FileNotFoundError() | ConnectionRefusedError():
                return (
                    f"no kiosk is running at {self._path}; "
                    "start it with `kiosk run`, or name its socket with --socket"
                )
            case PermissionError():
                return (
                    f"this user may not use {self._path}; "
                    "join the socket's group or use sudo"
                )
            case TimeoutError():
                return (
                    f"the kiosk at {self._path} did not answer "
                    f"within {self._timeout_s:g} s; look at its log, or restart it"
                )
            case ConnectionError() | http.client.HTTPException():
                return (
                    f"the kiosk at {self._path} ended the conversation; "
                    "ask again once it has restarted"
                )
            case _:
                return f"{self._path} is no kiosk's socket ({error}); check its path"


def _connect(path: Path, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection that has its socket: it then asks for no other."""
    connection = http.client.HTTPConnection("kiosk")
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.settimeout(timeout_s)
        connection.sock.connect(os.fspath(path))
    except BaseException:
        connection.close()
        raise
    return connection
