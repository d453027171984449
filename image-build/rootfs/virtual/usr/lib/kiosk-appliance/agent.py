"""
Runs commands in the guest for a test on the host: JSON lines on a virtio-serial port.

One request a line, ``{"id": 1, "argv": ["ls", "/"], "stdin": "<base64>", "timeout": 30}``;
one answer each, in the order the commands end: ``{"id": 1, "code": 0, "out": "<base64>",
"err": "<base64>"}``, 124 after the timeout, 127 for a command that is none.  It says
``{"hello": "<boot id>"}`` when it starts.  Only the appliance has it; it is root.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Final


PORT: Final = Path("/dev/virtio-ports/kiosk.appliance")
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def text(data: bytes | None) -> str:
    """Return bytes as JSON can carry them."""
    return base64.b64encode(data or b"").decode()


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run one command to its end, or to its timeout."""
    try:
        code, out, err = finish(request)
    except OSError as error:
        code, out, err = 127, b"", str(error).encode()
    return {"id": request["id"], "code": code, "out": text(out), "err": text(err)}


def finish(request: dict[str, Any]) -> tuple[int, bytes | None, bytes | None]:
    """Return exit code, output and errors; of what takes too long, what there was."""
    with subprocess.Popen(
        request["argv"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        stdin = base64.b64decode(request.get("stdin", ""))
        try:
            out, err = process.communicate(stdin, request.get("timeout"))
        except subprocess.TimeoutExpired as late:
            # all of it: grandchildren hold the pipes, whose end would be waited for
            os.killpg(process.pid, signal.SIGKILL)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            return 124, late.stdout, late.stderr
        return process.returncode, out, err


class Port:
    """The serial port, written by several threads."""

    def __init__(self) -> None:
        self._fd = os.open(PORT, os.O_RDWR)
        self._held = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Write one message, whole."""
        line = (json.dumps(message) + "\n").encode()
        with self._held:
            while line:
                line = line[os.write(self._fd, line) :]

    def serve(self) -> None:
        """Answer for ever; each command has its thread."""
        # a reader of its own: megabytes come in pieces of a page
        with os.fdopen(os.dup(self._fd), "rb") as lines:
            while True:
                line = lines.readline()
                if line:
                    threading.Thread(target=self._answer, args=(line,)).start()
                else:  # nobody holds the other end
                    time.sleep(0.2)

    def _answer(self, line: bytes) -> None:
        try:
            request = json.loads(line)
        except ValueError:  # the rest of a line whose beginning the last boot read
            return
        self.send(run(request))


if __name__ == "__main__":
    port = Port()
    port.send({"hello": _BOOT_ID.read_text(encoding="ascii").strip()})
    port.serve()
