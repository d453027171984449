"""
``RESULT.txt``: what became of a bundle, for whoever has a laptop and no kiosk.

Plain words, one mistake a line with its line and column and what to do, and the ends
of lines that Windows' Notepad wants.  It is written beside the bundle when anything
in it but the time changes: a boot partition is not to be written at every start.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.disk import Disk, content_of, put
from kiosk.errors import words_of
from kiosk.provision.outcome import Outcome, Verdict
from kiosk.provision.places import RESULT


_WHEN: Final = "When:"
_MOST = 1 << 16
_MODE = None  # FAT refuses to set any
_HEADINGS: Final = {
    Verdict.APPLIED: "Everything in this bundle is in force.",
    Verdict.UNCHANGED: "This bundle is in force already.",
    Verdict.REFUSED: "Nothing in this bundle was applied. What is wrong:",
    Verdict.SUPERSEDED: "Nothing in this bundle was applied. Why:",
    Verdict.HEALTHY: "This bundle is in force, and the kiosk reached its room server.",
    Verdict.GIVEN_UP: "This bundle was applied and taken back. Why:",
    Verdict.UNHEALTHY: "This bundle is in force, but the kiosk does not work with it:",
    Verdict.UNFINISHED: "Not every file of what is in force is in its place. Why:",
}
_NEXT: Final = {
    Verdict.APPLIED: (
        "Watch the screen: it says within a few minutes whether the room server was "
        "reached. If it is not, the kiosk returns to what it had before by itself, "
        "and this file says so the next time the bundle's medium is there."
    ),
    Verdict.REFUSED: (
        "Correct each line above, save the files as UTF-8, and put the stick in again "
        "(the boot partition: start the kiosk again). `kiosk provision check DIR` checks "
        "a bundle on any computer."
    ),
    Verdict.GIVEN_UP: (
        "Correct the bundle and give it a new id (`kiosk fleet sign`), or change any "
        "file of a bundle without a manifest. This one is not tried again by itself."
    ),
    Verdict.UNFINISHED: (
        "The kiosk runs on with what it read before. Once the cause is mended (a full "
        "storage: `kiosk doctor` tells), start the kiosk anew, or put the medium in "
        "again: it then goes on where it stopped."
    ),
    Verdict.UNHEALTHY: (
        "There is no earlier state to return to, so it stays. `kiosk doctor` on the "
        "kiosk says what is wrong, line by line; so does its screen."
    ),
}


def text_of(outcome: Outcome) -> str:
    """Return the text of RESULT.txt, with the ends of lines Windows wants."""
    return "\r\n".join(_lines(outcome)) + "\r\n"


def write_result(disk: Disk, folder: Path, outcome: Outcome) -> str:
    """Write RESULT.txt into a bundle's directory; return why that failed, or nothing."""
    path, content = folder / RESULT, text_of(outcome).encode()
    try:
        old = content_of(path, _MOST)
    except (OSError, ValueError):
        old = b""
    if _timeless(old) == _timeless(content):
        return ""
    if outcome.verdict is Verdict.UNCHANGED and outcome.bundle.encode() in old:
        return ""  # what it says is more
    try:
        put(disk, path, content, _MODE)
    except OSError as error:
        return f"{RESULT} could not be written: {words_of(error)}"
    return ""


def _lines(outcome: Outcome) -> Iterator[str]:
    yield f"KIOSK: {outcome.verdict.value}"
    yield ""
    yield _HEADINGS[outcome.verdict]
    for line in outcome.lines:
        yield f"  * {line}"
    yield ""
    yield f"{_WHEN}       {outcome.at} (by this device's clock)"
    yield f"Device:     serial number {outcome.identity.serial}"
    yield f"            ({outcome.identity.source})"
    if outcome.bundle:
        yield f"Bundle:     {outcome.bundle}"
    yield f"In force:   {outcome.now or 'nothing: this kiosk is not set up'}"
    if outcome.server:
        yield f"Calls:      {outcome.server}"
    for number, address in enumerate(outcome.addresses):
        yield f"{'Address:' if not number else '':<12}{address}"
    for remark in outcome.remarks:
        yield ""
        yield f"Note: {remark}"
    following = _NEXT.get(outcome.verdict)
    if following:
        yield ""
        yield following


def _timeless(content: bytes) -> list[bytes]:
    when = _WHEN.encode()
    return [line for line in content.split(b"\r\n") if not line.startswith(when)]
