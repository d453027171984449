"""
Every file the product keeps, each with its own writer and reader.

A writer writes state number ``n``; its reader says which number is there, and raises if
it finds none.  Number 1 is there before anything is cut.  The files of an update are cut
in ``tests/update/test_killed.py``, on real partitions.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiosk.app.call_archive import FileArchive
from kiosk.app.call_memory import FileMemory
from kiosk.app.fleet_desk import FleetDesk
from kiosk.app.ladder import read_record as read_history
from kiosk.app.ladder import write_record as write_history
from kiosk.app.right_time import TimeFloor, kept_s
from kiosk.disk import Disk
from kiosk.fleet.issued_keys import IssuedKey, read_issued, write_issued
from kiosk.ladder.record import Record as History
from kiosk.ports import Micros
from kiosk.ports.held_call import HeldCall
from kiosk.provision.in_force import InForce
from kiosk.provision.outcome import Verdict
from kiosk.provision.provisioning import Provisioning
from kiosk.pull.record import PullRecord
from kiosk.pull.record import read_record as read_pull
from kiosk.pull.record import write_record as write_pull
from kiosk.roomserver.enrolment_file import EnrolmentFile
from kiosk.roomserver.store_ledger import Shelf
from kiosk.roomserver.store_sqlite import SqliteLedger, open_ledger
from kiosk.update.record import Record as Update
from kiosk.update.record import Records
from tests.app.test_call_archive import record as call_record
from tests.provision.device import Device


class Neither(Exception):
    """What is there is neither the old nor the new."""


@dataclass(frozen=True, slots=True)
class Writer:
    """
    One file, or several that belong together.

    Attributes:
        is_on_the_medium: Whether what was written outlives a power cut; a mere hint
            need not, but may not be torn.

    """

    write: Callable[[Path, int], None]
    read: Callable[[Path], int]
    is_on_the_medium: bool = True
    is_below_run: bool = False
    """Whether no power cut can be seen there: only a kill."""


def _at(number: int) -> datetime:
    return datetime.fromtimestamp(1_700_000_000 + number, UTC)


def _text(number: int) -> str:
    """Return text of several blocks: a file of less is hardly ever torn."""
    return f"{number} " + "x" * 9000


def _number(text: str) -> int:
    number, _, rest = text.partition(" ")
    if rest.strip("x") or len(rest) != 9000 or not number.isdigit():
        raise Neither(text[:40])
    return int(number)


# -- of a kiosk -------------------------------------------------------------------


_SITE = '[room]\nserver = "https://r{}.example.org"\nuser_id = "kiosk-1"\n'


def _apply(root: Path, number: int) -> None:
    home = root / "provisioned"
    home.mkdir(exist_ok=True)
    device = Device(home / "root")
    device.stick.mkdir(exist_ok=True)
    device.lay_out(
        {
            "site.toml": _SITE.format(number).encode(),
            "secrets.toml": f'[room]\nenrolment_key = "{number:016}"\n'.encode(),
        }
    )
    outcome = device.apply()
    if outcome.verdict is not Verdict.APPLIED:
        raise Neither(str(outcome))
    device.provisioning.commit()


def _in_force(root: Path) -> int:
    home = root / "provisioned" / "root"
    InForce(home, Disk()).finish(is_start=True)
    if not Provisioning(home).record.current:
        raise Neither("no record")
    site = next(
        path
        for path in (home / "etc/kiosk").rglob("*.toml")
        if "https://r" in path.read_text()
    )
    number = int(site.read_text().partition("https://r")[2].partition(".")[0])
    secret = next((home / "etc/credstore").iterdir()).read_text().strip()
    if int(secret) != number:
        raise Neither(f"settings {number} beside secret {secret}")
    return number


def _pull(root: Path, number: int) -> None:
    write_pull(Disk(), root, PullRecord(bundle=f"b{number}", text=_text(number)))


def _pulled(root: Path) -> int:
    return _number(read_pull(root).text)


def _update(root: Path, number: int) -> None:
    Records(root).keep(Update(id=f"u{number}", reason=_text(number)))


def _updated(root: Path) -> int:
    return _number(Records(root).read().reason)


def _climb(root: Path, number: int) -> None:
    write_history(root / "history.json", History(code=f"K{number}", why=str(number)))


def _climbed(root: Path) -> int:
    found = read_history(root / "history.json")
    if found.is_damaged:
        raise Neither("damaged")
    return int(found.why)


def _keep_time(root: Path, number: int) -> None:
    TimeFloor(root / "time", 0.0).keep(_at(number * 100_000).timestamp())


def _time_kept(root: Path) -> int:
    kept = kept_s(root / "time")
    if not kept:
        raise Neither("no time")
    return round((kept - _at(0).timestamp()) / 100_000)


def _hold(root: Path, number: int) -> None:
    FileMemory(root / "call.json").keep(
        HeldCall(f"room{number}", f"kiosk-{number}", False, 0, Micros(number))
    )


def _held(root: Path) -> int:
    call = FileMemory(root / "call.json").recall()
    if call is None:
        raise Neither("no call")
    return int(call.user_id.removeprefix("kiosk-"))


def _archive(root: Path, number: int) -> None:
    archive = FileArchive(root / "calls", most=20)
    archive.load()
    archive.keep(call_record(number))


def _archived(root: Path) -> int:
    archive = FileArchive(root / "calls", most=20)
    archive.load()
    files = [path for path in (root / "calls").iterdir() if path.suffix == ".json"]
    newest = max((int(path.stem.partition("-")[2]) for path in files), default=0)
    told = archive.newest()
    if not told or len(told) < min(len(files), 10):
        raise Neither(f"{len(files)} files tell of {len(told)} calls")
    return newest


# -- of a server and of those who run a fleet -----------------------------------------


def _enrol(root: Path, number: int) -> None:
    names = [f"kiosk-{index}" for index in range(90)]
    EnrolmentFile(root / "enrolled.toml").enrol_all(names, number)


def _enrolled(root: Path) -> int:
    table = EnrolmentFile(root / "enrolled.toml").read()
    numbers = {entry.since for entry in table.values()}
    if len(table) != 90 or len(numbers) != 1:
        raise Neither(f"{len(table)} names of {numbers}")
    return numbers.pop()


def _note(root: Path, number: int) -> None:
    async def note() -> None:
        ledger = open_ledger(root / "rooms.db", lambda: "era")
        async with ledger.writing():
            ledger.note(Shelf.ROOM, "desk", {"n": number, "text": _text(number)})
            ledger.note(Shelf.TICKET_KEY, "key", {"n": number})
            await ledger.settled()

    asyncio.run(note())


async def _closed(ledger: SqliteLedger) -> None:
    async with ledger.writing():
        pass


def _noted(root: Path) -> int:
    ledger = open_ledger(root / "rooms.db", lambda: "another")
    facts = {shelf: dict(ledger.facts(shelf)) for shelf in Shelf}
    asyncio.run(_closed(ledger))
    room, key = facts[Shelf.ROOM]["desk"], facts[Shelf.TICKET_KEY]["key"]
    if not ledger.boot.startswith("era.") or room["n"] != key["n"]:
        raise Neither(f"{ledger.boot} {room['n']} {key['n']}")
    return _number(str(room["text"]))


def _issue(root: Path, number: int) -> None:
    keys = {f"{index:016x}": IssuedKey("kiosk", f"{number}") for index in range(50)}
    write_issued(root / "issued.toml", keys)


def _issued(root: Path) -> int:
    numbers = {int(one.key) for one in read_issued(root / "issued.toml").values()}
    if len(numbers) != 1:
        raise Neither(str(numbers))
    return numbers.pop()


_SHEET = "serial,name,user_id\n"


def _replace(root: Path, number: int) -> None:
    sheet = root / "sheet.csv"
    if number == 1:
        rows = [f"{index:016x},Window,kiosk-{index}\n" for index in range(2, 300)]
        sheet.write_text(f"{_SHEET}{1:016x},Window,kiosk-1\n{''.join(rows)}")
        return
    FleetDesk().replace(sheet, f"{_device(number - 1):016x}", f"{_device(number):016x}")


def _device(number: int) -> int:
    return 1 if number == 1 else 1 << 40 | number


def _replaced(root: Path) -> int:
    lines = (root / "sheet.csv").read_text().splitlines()
    serial = int(lines[1].partition(",")[0], 16)
    number = 1 if serial == 1 else serial & 0xFFFFFFFF
    if len(lines) != 300 + number - 1:  # each one replaced is listed at the end
        raise Neither(f"{len(lines)} lines, and number {number}")
    return number


WRITERS: Mapping[str, Writer] = {
    "provisioning": Writer(_apply, _in_force),
    "pull record": Writer(_pull, _pulled),
    "update record": Writer(_update, _updated),
    "ladder history": Writer(_climb, _climbed),
    "right time": Writer(_keep_time, _time_kept, is_on_the_medium=False),
    "call memory": Writer(_hold, _held, is_below_run=True),
    "call archive": Writer(_archive, _archived),
    "enrolments": Writer(_enrol, _enrolled),
    "server's rooms and keys": Writer(_note, _noted),
    "issued keys": Writer(_issue, _issued),
    "sheet of a fleet": Writer(_replace, _replaced),
}


def _naive(root: Path, number: int) -> None:
    (root / "naive").write_text(_text(number))


def _read_naive(root: Path) -> int:
    return _number((root / "naive").read_text())


def _renaming(root: Path, number: int) -> None:
    (root / "renaming.new").write_text(_text(number))
    (root / "renaming.new").replace(root / f"renaming{number % 2}")
    (root / f"renaming{1 - number % 2}").unlink(missing_ok=True)


def _read_renaming(root: Path) -> int:
    return max(_number(path.read_text()) for path in root.glob("renaming?"))


NAIVE: Mapping[str, Writer] = {
    "naive": Writer(_naive, _read_naive),
    "without a sync": Writer(_renaming, _read_renaming),
}
"""What the harness has to fail on, or it is none."""


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Make a place for roots."""
    return tempfile.TemporaryDirectory(prefix="kiosk-power-")
