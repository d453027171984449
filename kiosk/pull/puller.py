"""
One look at the provisioning server, and what follows from it.

Whatever the server says: nothing reaches provisioning that no trusted key signed, that
is older than what was seen, or that is not meant for this device yet.  What was dealt
with is not sent again (ETag); what was refused for its signature is asked for again,
for this kiosk may have got the key meanwhile.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final, Protocol

from kiosk.disk import Disk, alone_in
from kiosk.download import Fetched
from kiosk.errors import NotAsSigned
from kiosk.pull.record import PullRecord, read_record, write_record
from kiosk.signed import Manifest, TrustedKeys, verify
from kiosk.signed.archive import Archive
from kiosk.signed.rollout import is_in_ring, refuse_older


SERIAL: Final = "{serial}"
"""Stands in an address for the device's serial number."""

_ARCHIVE = "bundle.tar"
_UNPACKED = "unpacked"
_DIRECTORY_MODE = 0o700

log = logging.getLogger(__name__)


class Fetch(Protocol):
    """Brings a file, or None where the one with this ETag is the newest."""

    def __call__(self, url: str, path: Path, known: str) -> Fetched | None:
        """Raise ``DownloadFailed`` where it does not come."""
        ...


@dataclass(frozen=True, slots=True)
class Applied:
    """
    What provisioning made of a bundle.

    Attributes:
        is_settled: Whether the very same bundle need not be brought again.
        text: For people.

    """

    is_settled: bool
    text: str


class Looked(Enum):
    """What a look came to; the value is for people."""

    UNCHANGED = "nothing new"
    NOT_YET = "not for this device yet"
    DONE = "dealt with"
    LEFT = "not applied"


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a look came to, about which bundle, in words."""

    looked: Looked
    bundle: str = ""
    text: str = ""


class Puller:
    """
    Looks at one server for one device.

    Args:
        state: A directory of this program alone.
        serial: Of the device.
        keys: Whom it trusts.
        fetch: Brings archives.
        apply: Hands a bundle's directory to provisioning.
        disk: What changes files.

    """

    def __init__(
        self,
        state: Path,
        serial: str,
        keys: TrustedKeys,
        *,
        fetch: Fetch,
        apply: Callable[[Path], Applied],
        disk: Disk | None = None,
    ) -> None:
        self._state = state
        self._serial = serial
        self._keys = keys
        self._fetch = fetch
        self._apply = apply
        self._disk = disk or Disk()

    def pull(self, template: str) -> Pulled:
        """
        Look once.

        Args:
            template: The address; ``{serial}`` in it stands for the device's.

        Raises:
            BlockingIOError: Another look is under way.
            DownloadFailed: The server did not bring it.
            NotAsSigned: What it brought is not to be used.
            OSError: This machine cannot keep it.

        """
        url = template.replace(SERIAL, self._serial)
        with alone(self._state, self._disk):
            record = read_record(self._state)
            known = record.etag if record.url == url else ""
            archive = self._state / _ARCHIVE
            try:
                fetched = self._fetch(url, archive, known)
                if fetched is None:
                    return Pulled(Looked.UNCHANGED, record.bundle, record.text)
                return self._judged(record, url, fetched, Archive(archive))
            finally:
                # also what a look left that was killed: there are keys in it
                shutil.rmtree(self._state / _UNPACKED, ignore_errors=True)
                archive.unlink(missing_ok=True)

    def _judged(
        self, record: PullRecord, url: str, fetched: Fetched, archive: Archive
    ) -> Pulled:
        manifest = verify(archive.manifest, archive.signature, self._keys)
        if manifest.kind != "provision":
            cause, cure = "is an update's", "put that into [update] url"
            raise NotAsSigned("manifest.toml", cause, cure)
        refuse_older(manifest, record.newest)
        # From here on an older one is refused, even if this one is never applied.
        newest = max(filter(None, (record.newest, manifest.created)))
        seen = replace(record, newest=newest, bundle=manifest.id)
        write_record(self._disk, self._state, seen)
        if is_in_ring(self._serial, manifest):
            applied = self._applied(manifest, archive)
        else:
            applied = Applied(is_settled=True, text=_not_yet(manifest))
        etag = fetched.etag if applied.is_settled else ""
        done = replace(seen, url=url, etag=etag, text=applied.text)
        write_record(self._disk, self._state, done)
        return self._told(manifest, applied)

    def _applied(self, manifest: Manifest, archive: Archive) -> Applied:
        folder = self._state / _UNPACKED
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(_DIRECTORY_MODE)
        bundle = folder / "kiosk"
        archive.unpack(manifest, bundle)
        return self._apply(bundle)

    def _told(self, manifest: Manifest, applied: Applied) -> Pulled:
        about = {"bundle": manifest.id, "reason": applied.text}
        if not is_in_ring(self._serial, manifest):
            log.info("bundle is not for this device yet", extra=about)
            return Pulled(Looked.NOT_YET, manifest.id, applied.text)
        log.info("bundle pulled", extra=about)
        looked = Looked.DONE if applied.is_settled else Looked.LEFT
        return Pulled(looked, manifest.id, applied.text)


def alone(state: Path, disk: Disk) -> AbstractContextManager[None]:
    """
    Keep every other look out; ``state`` is the program's directory.

    Raises:
        BlockingIOError: Another look is under way.

    """
    return alone_in(disk, state, _DIRECTORY_MODE, waits=False)


def _not_yet(manifest: Manifest) -> str:
    if not manifest.ring:
        return "its roll-out is halted"
    return f"its roll-out is at {manifest.ring} % of the devices, and not at this one"
