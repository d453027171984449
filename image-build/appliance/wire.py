"""
Lines of JSON to the guest's agent and to QEMU, over Unix sockets.

Neither knows what a test is about; :mod:`appliance.machine` does.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from appliance.errors import MachineError


Message = dict[str, Any]
_CHUNK: Final = 1 << 16
_SOCKET_S: Final = 20.0


class Lines:
    """
    A connection that carries one JSON object a line.

    Args:
        path: The socket; it may appear only now.

    """

    def __init__(self, path: Path) -> None:
        self._link = socket.socket(socket.AF_UNIX)
        self._pending = b""
        deadline = time.monotonic() + _SOCKET_S
        while True:
            try:
                self._link.connect(str(path))
            except OSError as error:
                if time.monotonic() >= deadline:
                    self._link.close()
                    raise MachineError(
                        f"{path} takes no connection: {error}"
                    ) from error
                time.sleep(0.05)
            else:
                return

    def send(self, message: Message) -> None:
        """Write one object."""
        try:
            self._link.settimeout(60.0)
            self._link.sendall((json.dumps(message) + "\n").encode())
        except OSError as error:
            raise MachineError(f"the machine is gone: {error}") from error

    def receive(self, timeout: float) -> Message | None:
        """Return the next object, ``None`` if there is none in time."""
        deadline = time.monotonic() + timeout
        while True:
            while b"\n" in self._pending:
                line, self._pending = self._pending.split(b"\n", 1)
                with suppress(ValueError):  # half a line, of before a reset
                    found = json.loads(line)
                    if isinstance(found, dict):
                        return found
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._link.settimeout(left)
            try:
                chunk = self._link.recv(_CHUNK)
            except TimeoutError:
                return None
            except OSError as error:
                raise MachineError(f"the machine is gone: {error}") from error
            if not chunk:
                raise MachineError("the machine is gone: its socket is closed")
            self._pending += chunk

    def until(
        self, wanted: Callable[[Message], bool], timeout: float, each: float = 1.0
    ) -> Message | None:
        """Return the first object that is wanted; the others are thrown away."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive(min(left, each))
            if message is not None and wanted(message):
                return message
        return None

    def close(self) -> None:
        """Close the connection."""
        self._link.close()


class Qmp:
    """
    QEMU's own control connection.

    Attributes:
        events: Names of all events that were read so far, in order.

    """

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path)
        self.events: list[str] = []
        self._lines.receive(_SOCKET_S)
        self.ask("qmp_capabilities")

    def ask(self, command: str, **arguments: object) -> Any:
        """
        Return QEMU's answer to a command.

        Raises:
            MachineError: If it says no, or nothing.

        """
        self._lines.send({"execute": command, "arguments": arguments})
        answer = self._lines.until(self._is_answer, _SOCKET_S * 3)
        if answer is None or "error" in answer:
            raise MachineError(f"QEMU's {command}: {answer}")
        return answer["return"]

    def wait_for(self, event: str, timeout: float) -> bool:
        """Return whether an event came, now or before."""
        if event in self.events:
            return True
        self._lines.until(
            lambda one: not self._is_answer(one) and event in self.events, timeout
        )
        return event in self.events

    def _is_answer(self, message: Message) -> bool:
        if "event" in message:
            self.events.append(message["event"])
        return "return" in message or "error" in message

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
