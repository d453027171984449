"""
What a kiosk tells the operators of its server, every report period.

Ours, not RTCRoom's: ``POST /kiosk/report``, with the login of every other call.
Originals answer as to any unknown route.  Sizes are bounded at both ends; no
customer, key or URL is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from kiosk.room import answers
from kiosk.room.codes import Dialect
from kiosk.room.fields import BadRequest, Fields
from kiosk.room.wire_json import Wire


MAX_CODES: Final = 16
MAX_PERIOD_S: Final = 3600
_MAX_STEPS = 24
_MAX_TEXT_BYTES = 128
_MAX_NAME_BYTES = 512
_CODE = re.compile(r"[A-Z][0-9]{3}")
_STEP = re.compile(r"[a-z_]{1,40}")
_SHOWN = re.compile(r"[ -~]{0,64}")
_LARGEST_MS = 10**9

CallRecord = Mapping[str, int | str]
"""The facts of a call: its number, its room, and milliseconds by step."""


def _nothing() -> CallRecord:
    return {}


@dataclass(frozen=True, slots=True)
class FleetReport:
    """
    One report.

    Attributes:
        serial: Names the device for good; an id of the room grammar.
        version: Of the software.
        state: Of the call, such as ``IDLE``.
        health: Error codes in force, such as ``R001``; empty: all is well.
        unix_ms: The device's wall clock.
        free_bytes: Of its storage.
        period_s: When the next report comes; silence is judged by it.
        last_call: The record of the last call; empty before the first.
        name: What people call the device.
        branch: Where it stands.

    """

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "kiosk"
    ROUTE: ClassVar[str] = "report"
    IN_QUERY: ClassVar[bool] = False

    serial: str
    version: str
    state: str
    health: tuple[str, ...]
    unix_ms: int
    free_bytes: int
    period_s: int
    last_call: CallRecord = field(default_factory=_nothing)
    name: str = ""
    branch: str = ""

    def to_wire(self) -> Wire:
        """Return the body."""
        return {
            "serial": self.serial,
            "version": self.version,
            "state": self.state,
            "health": ",".join(self.health),
            "unixMs": self.unix_ms,
            "freeBytes": self.free_bytes,
            "periodS": self.period_s,
            "calls": [dict(self.last_call)] if self.last_call else [],
            "name": self.name,
            "branch": self.branch,
        }

    @classmethod
    def from_wire(cls, wire: Wire, dialect: Dialect = Dialect.V2) -> FleetReport:
        """
        Read the body.

        Raises:
            BadRequest: Naming the field that is wrong.

        """
        fields = Fields(wire, dialect)
        calls = fields.objects("calls", 1)
        return cls(
            serial=fields.identifier("serial"),
            version=_shown("version", fields.text("version", _MAX_TEXT_BYTES)),
            state=_shown("state", fields.text("state", _MAX_TEXT_BYTES)),
            health=_codes(fields.text("health", _MAX_TEXT_BYTES)),
            unix_ms=fields.count("unixMs"),
            free_bytes=fields.count("freeBytes"),
            period_s=max(1, fields.count("periodS", MAX_PERIOD_S)),
            last_call=_record(calls[0]) if calls else {},
            name=fields.optional_text("name", _MAX_NAME_BYTES),
            branch=fields.optional_text("branch", _MAX_NAME_BYTES),
        )

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()


def _shown(name: str, text: str) -> str:
    if not _SHOWN.fullmatch(text):
        raise BadRequest(name, "is not up to 64 printable ASCII characters")
    return text


def _codes(text: str) -> tuple[str, ...]:
    codes = tuple(text.split(",")) if text else ()
    if len(codes) > MAX_CODES or not all(map(_CODE.fullmatch, codes)):
        raise BadRequest("health", f"is not up to {MAX_CODES} codes such as R001")
    return codes


def _record(wire: Wire) -> CallRecord:
    if len(wire) > _MAX_STEPS:
        raise BadRequest("calls", f"has more than {_MAX_STEPS} facts")
    record: dict[str, int | str] = {}
    for name, value in wire.items():
        if not _STEP.fullmatch(name):
            raise BadRequest("calls", "has a fact with a name nobody gives")
        if isinstance(value, str):
            record[name] = _shown("calls", value)
        elif isinstance(value, int) and abs(value) <= _LARGEST_MS:
            record[name] = int(value)
        else:
            raise BadRequest("calls", "has a fact that is no small number or text")
    return record
