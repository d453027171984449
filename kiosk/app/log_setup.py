"""
What the log looks like, what never gets into it, and that nobody waits for it.

Secrets are taken out at the formatter, not at the call sites: one place to get
right, whoever logs whatever.  A reader of the log that stands still costs lines,
never time: calls and heartbeats go on (``reliability.md`` P11, D35).
"""

from __future__ import annotations

import json
import logging
import re
import select
import sys
from typing import Literal, TextIO

from typing_extensions import override


_SECRETS = (
    re.compile(r"((?:rtmps?|https?)://[^\s?#\"']+)\?[^\s\"']+"),
    re.compile(
        r"((?:txSecret|txTime|token|userSig|usersig|sig|password|key)[\"']?\s*[=:]\s*)"
        r"[\"']?[^\s\"'&,}]+",
        re.IGNORECASE,
    ),
    re.compile(r"((?:bearer|basic)\s+)[^\s\"',}]{8,}", re.IGNORECASE),
)
_REPLACEMENTS = (r"\1?…", r"\1…", r"\1…")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_PIECE_CHARS = 1024
"""A pipe that is writable takes 4096 bytes at once: these, in any alphabet."""
_LONGEST_FACT = 256
_LONGEST_MESSAGE = 2_000


def redact(text: str) -> str:
    """Return ``text`` without keys, tokens and the queries of URLs."""
    for pattern, replacement in zip(_SECRETS, _REPLACEMENTS, strict=True):
        text = pattern.sub(replacement, text)
    return text


class _Plain(logging.Formatter):
    """``LEVEL logger: message key=value``: the journal adds the time itself."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        facts = _extra(record).items()
        extra = " ".join(f"{key}={_cut(repr(value))}" for key, value in facts)
        message = _cut(record.getMessage(), _LONGEST_MESSAGE)
        text = f"{record.levelname} {record.name}: {message} {extra}"
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return redact(_one_line(text.rstrip(), keep_lines=bool(record.exc_info)))


class _Json(logging.Formatter):
    """One JSON object a line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _cut(record.getMessage(), _LONGEST_MESSAGE),
            **{key: _plain(value) for key, value in _extra(record).items()},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return redact(json.dumps(line, ensure_ascii=True))


class _NeverWaiting(logging.StreamHandler[TextIO]):
    """Writes what the reader of the log takes; counts what it does not."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lost = 0
        self._poll = _poll_of(stream)

    @override
    def emit(self, record: logging.LogRecord) -> None:
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


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {k: v for k, v in record.__dict__.items() if k not in _STANDARD}


def _plain(value: object) -> str | float | None:
    """Return a fact as JSON has it; numbers stay numbers."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _cut(str(value))


def _cut(text: str, length: int = _LONGEST_FACT) -> str:
    """
    Return at most so much of what may come from a stranger, without secrets.

    What begins a text names the thing, its end the cure: the middle is left out.
    Secrets go first, for a cut may part one from its name.
    """
    text = redact(text)
    end = length // 3
    return text if len(text) <= length else f"{text[: length - end - 1]}…{text[-end:]}"


def _one_line(text: str, *, keep_lines: bool) -> str:
    allowed = "\n" if keep_lines else ""
    return "".join(
        c if c.isprintable() or c in allowed else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def set_up_log(level: str, form: Literal["text", "json"]) -> None:
    """Send everything of ``level`` and above to standard error."""
    stream = _NeverWaiting(sys.stderr)
    stream.setFormatter(_Json() if form == "json" else _Plain())
    logging.basicConfig(level=level.upper(), handlers=[stream], force=True)
    # Every request would log its URL, and a URL may carry a token; what the HTTP
    # server says of its own start, the line with the addresses says better.
    for chatty in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
