"""
Faults of what stands in a configuration, read by a running kiosk and by one that starts.

The running one is told to read it: it refuses aloud and goes on as it was, or takes it
and serves.  One that starts with it says on its screen what is wrong.
"""

from __future__ import annotations

import json
import random
import signal
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kiosk.control.client import ControlClient
from kiosk.errors import ControlError
from tests.fakes.branch import wait_until
from tests.fakes.mistaken import of_wrong_types, out_of_range, places
from tests.fakes.programs import Program
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.stage import Stage, status_of


_REFUSED: Final = "configuration refused, the old one goes on"
_APPLIED: Final = "configuration applied"
_TAKEN_BACK: Final = "configuration taken back"  # it says what already goes on
_READ_S: Final = 20.0
_STARTED_S: Final = 60.0

Tables = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """
    A file, and what is to be said of it.

    Attributes:
        content: Of the whole file.
        told: Is in what the kiosk says is wrong; empty: it takes the file.
        may_load: It may take it as well.

    """

    content: bytes
    told: str = ""
    may_load: bool = False


class Files:
    """The configuration of a stage's kiosk: spoiled, read anew, and mended."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._file = stage.kiosk.config
        self.good = self._file.read_text("utf-8")
        self._is_another = False

    def with_value(self, section: str, key: str, value: str) -> bytes:
        """Return the file with one key that has this value, as TOML."""
        tables: Tables = tomllib.loads(self.good)
        tables.setdefault(section, {}).pop(key, None)
        lines = []
        for name, keys in tables.items():
            lines += [
                f"[{name}]",
                *(f"{one} = {json.dumps(keys[one])}" for one in keys),
            ]
            lines += [f"{key} = {value}"] if name == section else []
        return "\n".join([*lines, ""]).encode()

    def read(self, case: Case) -> None:
        """Have the running kiosk read a file; fails unless it says what it is to say."""
        log = self._stage.kiosk.log
        begin = len(log)
        self._file.write_bytes(case.content)
        self._stage.signal(self._stage.kiosk, signal.SIGHUP)

        def is_answered() -> bool:
            lines = self._stage.kiosk.log[begin:].splitlines()
            refused = [line for line in lines if _REFUSED in line]
            if refused and not case.told:
                raise AssertionError(f"refused: {refused[0][:300]}")
            if any(case.told in json.loads(line)["reason"] for line in refused):
                return bool(case.told)
            is_applied = any(_APPLIED in line for line in lines)
            self._is_another |= is_applied
            is_taken = is_applied or any(_TAKEN_BACK in line for line in lines)
            return is_taken and (case.may_load or not case.told)

        wait_until(
            is_answered, f"{case.told or 'taken'}: {case.content[-80:]!r}", _READ_S
        )
        wait_until(self._is_idle, "idle", _READ_S)

    def _is_idle(self) -> bool:
        now = status_of(self._stage.kiosk)
        return now is not None and now["state"] == "IDLE"

    def mend(self) -> None:
        """Write what was right; have it read where something else was taken."""
        if self._is_another:
            self.read(Case(self.good.encode()))
        self._file.write_text(self.good, "utf-8")


@contextmanager
def reading(stage: Stage, cases: Sequence[Case]) -> Iterator[None]:
    """Have the running kiosk read each of them, and another one start with the first."""
    files = Files(stage)
    for case in cases:
        files.read(case)
    wrong = next(case for case in cases if case.told and not case.may_load)
    with starting(stage, wrong.content) as newcomer:
        said = newcomer.reason("UNCONFIGURED")
        assert wrong.told in said, said
    yield
    files.mend()


class Newcomer:
    """A kiosk that starts with a file as it is."""

    def __init__(self, program: Program, socket: Path) -> None:
        self._program = program
        self._control = ControlClient(socket)

    def reason(self, state: str) -> str:
        """Return the reason that it shows in that state."""
        found: list[Mapping[str, Any]] = []

        def is_there() -> bool:
            assert self._program.is_running, self._program.log
            with suppress(ControlError):
                found[:] = [self._control.status()]
            return bool(found) and found[0]["state"] == state

        wait_until(is_there, state, _STARTED_S)
        return str(found[0]["reason"])


@contextmanager
def starting(
    stage: Stage, content: bytes, place: Any = None, **environment: str
) -> Iterator[Newcomer]:
    """Start a second kiosk with this file; it is ended, and must end well."""
    config, socket = (stage.folder / f"newcomer.{end}" for end in ("toml", "sock"))
    config.write_bytes(content)
    program = Program(
        stage.folder / "newcomer.log",
        *("run", "--config", str(config), "--set", f"control.socket={socket}"),
        place=place,
        **environment,
    )
    try:
        yield Newcomer(program, socket)
    finally:
        assert program.stop(_STARTED_S) == 0


_ODD_TEXTS: Final = (
    '""',
    '" "',
    '" before"',
    '"after "',
    json.dumps("x" * 10_000),
    '"a\\u0000b"',
    '"\\u202egnp"',
    '"\N{GRINNING FACE}"',
    '"${HOME}"',
    '"~"',
    "nan",
    "-1",
)


@injector("C03")
@contextmanager
def odd_values(stage: Stage, params: Params) -> Iterator[None]:
    """Keys get values of other types, out of range, endless, invisible and unexpanded."""
    draw = random.Random(stage.seed)
    files = Files(stage)
    known = [one for one in places() if one.program == "kiosk"]
    known = [one for one in known if (one.section, one.key) not in _NEEDED]
    drawn = draw.sample(known, int(params["keys"]))
    cases = [
        Case(files.with_value(one.section, one.key, value), one.key)
        for one in drawn
        for value in [
            *draw.sample([*of_wrong_types(one)], 1),
            *[*out_of_range(one)][:2],
        ]
    ]
    cases += [
        Case(files.with_value(section, key, value), key, may_load=True)
        for section, key in (("kiosk", "name"), ("room", "user_name"))
        for value in _ODD_TEXTS
    ]
    with reading(stage, cases):
        yield


_NEEDED: Final = {("control", "socket"), ("room", "server")}


@injector("C04")
@contextmanager
def contradictions(stage: Stage, params: Params) -> Iterator[None]:
    """Values that are right alone and wrong together; the message names the pair."""
    good = Files(stage).good
    pairs: Sequence[Sequence[str]] = params["pairs"]
    cases = [Case(f"{good}\n{text}\n".encode(), told) for text, told in pairs]
    config = stage.folder / "contradicting-server.toml"
    text, told = params["server"]
    config.write_text(text, "utf-8")
    server = Program(
        stage.folder / "contradicting-server.log", "server", "--config", str(config)
    )
    wait_until(lambda: not server.is_running, "the server refuses", _STARTED_S)
    assert told in server.log, server.log
    with reading(stage, cases):
        yield


@injector("C05", "C11")
@contextmanager
def unknown_names(stage: Stage, params: Params) -> Iterator[None]:
    """Keys that nobody knows, not any more or not yet; one mistake names the cure."""
    good = Files(stage).good
    cases = [
        Case((good.replace(old, new, 1) if old else new + good).encode(), told)
        for old, new, told in params["edits"]
    ]
    assert all(case.content != good.encode() for case in cases)
    with reading(stage, cases):
        yield


@injector("C06")
@contextmanager
def other_editors(stage: Stage, params: Params) -> Iterator[None]:
    """The file was saved on another system: its lines, its letters, its first bytes."""
    good = Files(stage).good
    cases = [
        Case(f"{good}# Z\xfcrich\n".encode("latin-1"), "is not UTF-8"),
        Case(b"\xef\xbb\xbf" + good.encode(), "begins with a byte order mark"),
        Case(good.encode("utf-16"), "is UTF-16; save it as UTF-8"),
        Case(good.replace("\n", "\r").encode(), "its lines end in CR alone"),
        Case(good.replace("\n", "\r\n").encode()),
        Case(good.encode().replace(b" = ", b"\t=\t")),
    ]
    with reading(stage, cases):
        yield
