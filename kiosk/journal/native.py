"""
Writes to systemd's journal, each fact a field that ``journalctl`` can ask for.

The protocol is systemd's own (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram
a line.  Not by ``systemd.journal.send``: that waits while the journal is busy, and a
log must cost lines, never time (``reliability.md`` P11).
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.journal.lines import Plain
from kiosk.journal.redaction import fact
from kiosk.journal.story import Story, facts_of


if TYPE_CHECKING:
    from typing_extensions import override
else:  # the standard library of Python 3.11 has none, and root's programs no other

    def override(method: object) -> object:
        """Leave the method as it is: the word is for whoever checks types."""
        return method


JOURNAL: Final = Path("/run/systemd/journal/socket")
IDENTIFIERS: Final = (
    "kiosk",
    "kiosk-server",
    "kiosk-ladder",
    "kiosk-provision",
    "kiosk-safe-screen",
    "kiosk-update",
)
"""Whose lines are ours."""
_LONGEST_TRACEBACK: Final = 32_000
_SEND_BYTES: Final = 1 << 20
_NO_NAME: Final = re.compile(r"[^A-Z0-9_]")
_LONGEST_NAME: Final = 58  # 64, and KIOSK_ before it
_PRIORITIES: Final = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
)
_DEBUG: Final = 7


class Journal(logging.Handler):
    """
    Sends each line with its facts; counts what the journal did not take.

    Args:
        identifier: Who we are: ``kiosk`` or ``kiosk-server``.
        path: The journal's socket; it is looked for anew with each line, so a
            journal that was started anew hears the next one.

    """

    def __init__(self, identifier: str, path: Path = JOURNAL) -> None:
        super().__init__()
        self._identifier = identifier
        self._path = str(path)
        self._story = Story()
        self._lost = 0
        self._socket = socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        )
        self._socket.setblocking(False)  # noqa: FBT003 -- the library's way
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        self.setFormatter(Plain())

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Send a record, or count it as lost."""
        try:
            if self._lost and not self._send(self._loss()):
                self._lost += 1
                return
            self._lost = 0 if self._send(record) else self._lost + 1
        except Exception:  # noqa: BLE001 -- logging's own rule: never fail for a line
            self.handleError(record)

    @override
    def close(self) -> None:
        """Send no more."""
        self._socket.close()
        super().close()

    def _loss(self) -> logging.LogRecord:
        facts = {
            "name": __name__,
            "levelno": logging.WARNING,
            "levelname": "WARNING",
            "msg": "log lines lost, nobody read them",
            "lines": self._lost,
        }
        return logging.makeLogRecord(facts)

    def _send(self, record: logging.LogRecord) -> bool:
        """Send a line; return whether the journal took it."""
        fields = dict(self._fields(record))
        try:
            self._socket.sendto(datagram_of(fields), self._path)
        except OSError:  # it is busy, or is being started anew
            return False
        return True

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, str]]:
        told = self._story.tell(record)
        for name, value in facts_of(record).items():
            yield _field(name), fact(name, value)
        for name, text in told.items():
            yield ("MESSAGE_ID" if name == "message_id" else _field(name)), text
        yield "MESSAGE", self.format(record)[:_LONGEST_TRACEBACK]
        yield "PRIORITY", str(_priority(record.levelno))
        yield "SYSLOG_IDENTIFIER", self._identifier
        yield "KIOSK_LOGGER", record.name
        yield "CODE_FILE", record.pathname
        yield "CODE_LINE", str(record.lineno)
        yield "CODE_FUNC", str(record.funcName)


def is_ours(environ: Mapping[str, str]) -> bool:
    """Say whether standard error goes to the journal, as systemd tells its services."""
    try:
        there = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"


def datagram_of(fields: Mapping[str, str]) -> bytes:
    """Return fields as the journal reads them; a text of several lines by its length."""
    parts: list[bytes] = []
    for name, text in fields.items():
        value = text.encode(errors="backslashreplace")
        if b"\n" in value:
            length = len(value).to_bytes(8, "little")
            parts.append(name.encode() + b"\n" + length + value + b"\n")
        else:
            parts.append(name.encode() + b"=" + value + b"\n")
    return b"".join(parts)


def _field(name: str) -> str:
    return f"KIOSK_{_NO_NAME.sub('_', name.upper())[:_LONGEST_NAME]}"


def _priority(level: int) -> int:
    return next((number for least, number in _PRIORITIES if level >= least), _DEBUG)
