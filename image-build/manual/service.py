"""kiosk(8): the service, its events in the journal, and the codes on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kiosk import errors
from kiosk.errors import KioskError
from kiosk.journal.events import EVENTS
from manual import roff


CATALOGUE = Path("systemd/kiosk.catalog")
_SUBJECT = re.compile(r"-- ([0-9a-f]{32})\nSubject: (.+)\n")
_WITHOUT_ERROR = (
    ("T001", "the door of the case is open"),
    ("K002", "a call could not be closed in time"),
    ("K003", "a fault of this program, after which it is started anew"),
    ("K004", "a call's record that could not be written"),
    ("K005", "safe screen: the program ended by itself, again and again"),
    ("K006", "safe screen: the program was killed by a signal, or crashed"),
    ("K007", "safe screen: the program hung, and its watchdog ended it"),
    ("K008", "safe screen: the program did not start or end in time"),
    ("K009", "safe screen: the memory was used up"),
    ("K010", "safe screen: the program failed in another way"),
    ("U003", "the kiosk makes way for a restart"),
    ("N001", "no network link"),
    ("N002", "the network gave no address"),
    ("N003", "no route to the room server"),
    ("N004", "the room server's name is not known"),
    ("N013", "a clock that cannot be right"),
)


def page(catalogue: str) -> str:
    """Return the page; subjects are taken from the journal's catalogue."""
    subjects = {found[1]: found[2] for found in _SUBJECT.finditer(catalogue)}
    lines = [
        *roff.title("kiosk", 8, "the kiosk as a service"),
        roff.heading("SYNOPSIS"),
        roff.escaped("systemctl start|stop|restart|status kiosk"),
        roff.heading("DESCRIPTION"),
        roff.escaped(
            "kiosk.service runs kiosk run as the user kiosk on the first console. A "
            "kiosk that is not set up, or lacks a device, still runs, shows why, and "
            "goes back to work by itself once that is mended."
        ),
        roff.heading("JOURNAL"),
        roff.escaped(
            "Each event has a MESSAGE_ID that never changes and a KIOSK_EVENT; "
            "KIOSK_CALL_ID is the reference on the last screen of a call, KIOSK_STATE "
            "and KIOSK_CODE say where it was and what was shown, KIOSK_ROOM is a hash. "
            "journalctl -x explains each: what happened and what to do. kiosk logs "
            "--call 7K2-M4Q prints one call."
        ),
        *roff.items(
            (f"{each.name} {each.message_id}", _plain(subjects[each.message_id]))
            for each in EVENTS
        ),
        roff.heading("CODES"),
        roff.escaped("What a screen or a reason begins with:"),
        *roff.items(sorted((*_codes(KioskError), *_WITHOUT_ERROR))),
        roff.heading("SEE ALSO"),
        "kiosk(1), kiosk.toml(5), systemd.journal\\-fields(7)",
    ]
    return "\n".join(lines) + "\n"


def _plain(subject: str) -> str:
    return re.sub(r":? ?@KIOSK_[A-Z_]+@", "", subject)


def _codes(error: type[KioskError]) -> Iterator[tuple[str, str]]:
    if error.__module__ == errors.__name__:
        words = (error.__doc__ or "").strip().splitlines()[0]
        yield error.code, words.rstrip(".")
    for each in error.__subclasses__():
        yield from _codes(each)
