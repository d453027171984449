"""
Reads the kiosk's lines back: from systemd's journal, or from a file of JSON lines.

By field, never by searching in texts; ``journalctl`` is asked, which knows every form
of journal.  Nothing is kept in memory but the line at hand.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from kiosk.journal.native import IDENTIFIERS


SCHEMA_VERSION: Final = 1
_LOOKALIKES: Final = str.maketrans("OIL", "011")
_HALF: Final = 3
_KIOSK: Final = "KIOSK_"
_LEVELS: Final = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
_TOLD: Final = frozenset(
    {"event", "message_id", "code", "state", "call_id", "room", "logger"}
)


class JournalUnread(Exception):
    """
    The journal could not be read; the text says why, and what to do.

    Attributes:
        status: As of sysexits.h.

    """

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Line:
    """
    A line of the log.

    Attributes:
        unix_us: When it was written; None where a file does not say.
        priority: As syslog has it, from 0 to 7.
        told: ``event``, ``call_id``, ``state``, ``code``, ``room``: where known.
        facts: What else it carries.

    """

    unix_us: int | None
    priority: int
    message: str
    told: Mapping[str, str] = field(default_factory=dict[str, str])
    facts: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_object(self) -> dict[str, object]:
        """Return it for ``--json``."""
        names = ("event", "call_id", "state", "code", "room", "message_id", "logger")
        return {
            "schema_version": SCHEMA_VERSION,
            "unix_us": self.unix_us,
            "priority": self.priority,
            **{name: self.told.get(name) for name in names},
            "message": self.message,
            "facts": dict(self.facts),
        }

    def as_text(self) -> str:
        """Return it as a line a person reads; wall time is this machine's."""
        when = "-" if self.unix_us is None else _moment(self.unix_us)
        return f"{when}  {self.told.get('event', '-'):22} {self.message}"


def call_name(typed: str) -> str:
    """
    Return the name of a call as the screen shows it, however it was typed.

    Crockford's base 32: O is 0, I and L are 1; case and hyphen do not matter.
    """
    bare = typed.upper().replace("-", "").replace(" ", "").translate(_LOOKALIKES)
    return f"{bare[:_HALF]}-{bare[_HALF:]}"


def last_call(program: Sequence[str] = ("journalctl",)) -> str:
    """
    Return the name of the last call that began, or nothing.

    Raises:
        JournalUnread: With the cure.

    """
    found = read_journal(["KIOSK_EVENT=call-began"], newest=1, program=program)
    return next((line.told.get("call_id", "") for line in found), "")


def read_journal(
    matches: Iterable[str] = (),
    *,
    newest: int | None = None,
    since: str | None = None,
    follow: bool = False,
    program: Sequence[str] = ("journalctl",),
) -> Generator[Line, None, None]:
    """
    Yield the kiosk's lines from the journal, the oldest first.

    Args:
        matches: Fields they must have, as ``KIOSK_CALL_ID=7K2-M4Q``.
        newest: Only so many, the newest.
        since: As journalctl takes it: ``today``, ``-2h``, ``2026-11-28 14:00``.
        follow: Go on with what is written from now on, for ever.
        program: What is asked.

    Raises:
        JournalUnread: With the cure.

    """
    asked = [*program, "--output=json", "--all", "--no-pager"]
    asked += [f"--lines={newest}"] if newest is not None else []
    asked += [f"--since={since}"] if since is not None else []
    asked += ["--follow", "--no-tail"] if follow and newest is None else []
    asked += ["--follow"] if follow and newest is not None else []
    asked += [f"SYSLOG_IDENTIFIER={name}" for name in IDENTIFIERS]
    asked += list(matches)
    try:
        asking = subprocess.Popen(  # noqa: S603 -- what we ask for, no shell
            asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except OSError as error:
        text = "this machine has no journal (journalctl); read a file with --file"
        raise JournalUnread(text, os.EX_UNAVAILABLE) from error
    with asking:
        try:
            assert asking.stdout is not None
            yield from filter(None, map(_line_of_journal, asking.stdout))
        finally:
            asking.terminate()
        assert asking.stderr is not None
        _complain_of(asking.stderr.read(), asking.wait())


def read_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Yield what of a file of JSON lines (``[log] format = "json"``) is the kiosk's."""
    for text in lines:
        found = _object(text)
        if "message" in found:
            level = _LEVELS.get(str(found.pop("level", "info")), 6)
            yield _line(None, level, str(found.pop("message")), found)


def _complain_of(said: str, status: int) -> None:
    if "permission" in said.lower() or "not seeing messages" in said.lower():
        text = "this user may not read the journal: use sudo, or join systemd-journal"
        raise JournalUnread(text, os.EX_NOPERM)
    if status > 0 and said.strip():
        text = f"journalctl: {said.strip().splitlines()[-1]}"
        raise JournalUnread(text, os.EX_UNAVAILABLE)


def _line_of_journal(text: str) -> Line | None:
    found = _object(text)
    when, message = found.get("__REALTIME_TIMESTAMP"), found.get("MESSAGE")
    if message is None:
        return None
    facts = {
        name.removeprefix(_KIOSK).lower(): value
        for name, value in found.items()
        if name.startswith(_KIOSK)
    }
    if "MESSAGE_ID" in found:
        facts["message_id"] = found["MESSAGE_ID"]
    unix_us = int(when) if when else None
    return _line(unix_us, int(found.get("PRIORITY") or 6), _text(message), facts)


def _line(
    unix_us: int | None, priority: int, message: str, facts: Mapping[str, Any]
) -> Line:
    told = {name: _text(value) for name, value in facts.items() if name in _TOLD}
    rest = {name: _text(value) for name, value in facts.items() if name not in _TOLD}
    return Line(unix_us, priority, message, told, rest)


def _object(text: str) -> dict[str, Any]:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _text(value: object) -> str:
    """Return a field; what is no text comes as the list of its bytes."""
    if isinstance(value, list):
        octets = cast("list[object]", value)
        text = bytes(each for each in octets if isinstance(each, int))
        return text.decode(errors="replace")
    return str(value)


def _moment(unix_us: int) -> str:
    seconds, micros = divmod(unix_us, 1_000_000)
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    return f"{clock}.{micros // 1000:03}"
