"""
Makes a kiosk nobody again: before it is sold, sent in, or set up for somebody else.

Removed are identity, secrets, every set, the configuration, records of calls and
whatever the daemon kept, and the bundle on the boot partition, which would bring all of
it back.  What installed the kiosk stays, and so do the keys of whoever may set it up
(public, in ``/etc/kiosk/keys``).

The record goes first: a start after a power cut then restores nothing, and wiping may
simply be done again.  Nobody applies a bundle meanwhile: whoever was at it has finished
before, and whoever comes finds a blank kiosk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from kiosk.config.credentials import ENCRYPTED_STORE, STORE
from kiosk.config.load import examine_kiosk
from kiosk.disk import Disk, files_in, overwrite_and_remove, remove_tree
from kiosk.errors import words_of
from kiosk.provision.announcing import SUMMARY
from kiosk.provision.contents import SECRETS
from kiosk.provision.identity import NOTED
from kiosk.provision.in_force import STATE, InForce
from kiosk.provision.places import BOOT_MEDIA, CONNECTIONS
from kiosk.provision.record import NAME, read_record


_KEPT: Final = "etc/kiosk/keys"
_EMPTIED = ("var/lib/kiosk", "var/cache/kiosk", "run/kiosk")
_RECORDS = "call-*.json"


def wipe(root: Path, disk: Disk, say: Callable[[str], None]) -> tuple[str, ...]:
    """
    Remove all that makes this kiosk somebody's.

    Args:
        root: Below which everything is.
        disk: What changes files.
        say: Gets a line for each thing that was removed.

    Returns:
        What could not be removed, a line each.

    """
    with InForce(root, disk).alone():
        return _wiped(root, disk, say)


def _wiped(root: Path, disk: Disk, say: Callable[[str], None]) -> tuple[str, ...]:
    places = read_record(root / STATE).places
    loaded, _ = examine_kiosk(root=root)
    calls = loaded.config.calls.directory
    wanted = [root / STATE / NAME]
    wanted += [root / medium for medium in BOOT_MEDIA]
    wanted += _secrets(root)
    # The folder itself is where both slots' shared one is mounted.
    wanted += [*files_in(root / STATE), *(root / place for place in places)]
    wanted += (root / CONNECTIONS).glob("kiosk-*.nmconnection")
    wanted += [path for path in files_in(root / "etc/kiosk") if path != root / _KEPT]
    wanted += [path for folder in _EMPTIED for path in files_in(root / folder)]
    if calls:
        wanted += sorted((root / str(calls).lstrip("/")).glob(_RECORDS))
    wanted += [root / SUMMARY, root / NOTED]
    problems: list[str] = []
    for path in dict.fromkeys(wanted):
        if not os.path.lexists(path):
            continue
        try:
            _remove(disk, path)
        except OSError as error:
            problems.append(f"{path} is still there: {words_of(error)}")
        else:
            say(f"removed {path}")
    return tuple(problems)


def _secrets(root: Path) -> Iterator[Path]:
    for store in (STORE, ENCRYPTED_STORE):
        yield from sorted((root / store).glob("kiosk.*"))


def _remove(disk: Disk, path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for secret in sorted(path.rglob("*")):
            if secret.is_file() and not secret.is_symlink() and _is_private(secret):
                overwrite_and_remove(disk, secret)
        remove_tree(disk, path)
    elif path.is_file() and not path.is_symlink() and _is_private(path):
        overwrite_and_remove(disk, path)
    else:
        disk.remove(path)
    disk.sync(path.parent)


def _is_private(path: Path) -> bool:
    others = 0o077
    return path.name == SECRETS or not path.stat().st_mode & others
