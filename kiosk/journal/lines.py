"""
What the log looks like in a stream, and that nobody waits for its reader.

Secrets are taken out at the formatter, not at the call sites.  A reader of the log
that stands still costs lines, never time: calls and heartbeats go on
(``reliability.md`` P11, D35).
"""

from __future__ import annotations

import json
import logging
import select
from typing import TYPE_CHECKING, TextIO

from kiosk.journal.redaction import cut, fact, one_line, redact
from kiosk.journal.story import Story, facts_of


if TYPE_CHECKING:
    from typing_extensions import override
else:  # the standard library of Python 3.11 has none, and root's programs no other

    def override(method: object) -> object:
        """Leave the method as it is: the word is for whoever checks types."""
        return method


_PIECE_CHARS = 1024
"""A pipe that is writable takes 4096 bytes at once: these, in any alphabet."""
LONGEST_MESSAGE = 2_000


class Plain(logging.Formatter):
    """``LEVEL logger: message key=value``: who reads it adds the time."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        facts = facts_of(record).items()
        extra = " ".join(f"{key}={cut(repr(value))}" for key, value in facts)
        message = cut(record.getMessage(), LONGEST_MESSAGE)
        text = f"{record.levelname} {record.name}: {message} {extra}"
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return redact(one_line(text.rstrip(), keep_lines=bool(record.exc_info)))


class JsonLines(logging.Formatter):
    """
    One JSON object a line.

    What is an event has ``event``, ``message_id`` and what the journal's fields say
    of the moment: ``state``, ``call_id``, ``code``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._story = Story()

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": cut(record.getMessage(), LONGEST_MESSAGE),
            **self._story.tell(record),
            **{key: _plain(key, value) for key, value in facts_of(record).items()},
        }
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True)


class NeverWaiting(logging.StreamHandler[TextIO]):
    """Writes what the reader of the log takes; counts what it does not."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lost = 0
        self._poll = _poll_of(stream)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line, or count it as lost."""
        try:
            self._write(f"{self._loss()}{self.format(record)}\n")
        except Exception:  # noqa: BLE001 -- logging's own rule: never fail for a line
            self.handleError(record)

    def _loss(self) -> str:
        if not self._lost:
            return ""
        facts = {
            "name": __name__,
            "levelno": logging.WARNING,
            "levelname": "WARNING",
            "msg": "log lines lost, nobody read them",
            "lines": self._lost,
        }
        return f"{self.format(logging.makeLogRecord(facts))}\n"

    def _write(self, text: str) -> None:
        for begin in range(0, len(text), _PIECE_CHARS):
            if self._poll is not None and not self._poll.poll(0):
                self._lost += 1
                return
            self.stream.write(text[begin : begin + _PIECE_CHARS])
            self.stream.flush()
        self._lost = 0


def _poll_of(stream: TextIO) -> select.poll | None:
    """Return what tells whether a piece can be written now; None if all can."""
    try:
        descriptor = stream.fileno()
    except OSError:
        return None  # it is in memory
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return poll


def _plain(name: str, value: object) -> str | float | None:
    """Return a fact as JSON has it; numbers stay numbers."""
    text = fact(name, value)
    if value is None or isinstance(value, (bool, int, float)):
        return value if text == str(value) else text
    return text
