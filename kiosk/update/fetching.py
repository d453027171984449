"""
An update that lies in a folder of some web server, with the members as files.

1. The manifest comes first, and is judged before anything large is asked for.
2. What is on its way stays beside the record until it was written: the next look, after
   a cut-off line or a restart, goes on where this one ended.
3. How a file is fetched (deadlines, counting, going on) is the business of ``fetch``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from kiosk.errors import NotAsSigned
from kiosk.signed import (
    MANIFEST,
    SIGNATURE,
    Manifest,
    TrustedKeys,
    check_file,
    verify,
)
from kiosk.signed.rollout import is_in_ring, refuse_older
from kiosk.update.record import Record
from kiosk.update.release import PAYLOAD, release_of


Fetch = Callable[[str, Path, int], None]
"""Fetches a URL into a file of at most so many bytes; a KioskError says why not."""

_MOST_SMALL = 1 << 20
_MODE = 0o700


class Incoming:
    """
    The way here.

    Args:
        folder: Where it is kept, for this process alone.
        fetch: Fetches one file.
        keys: Whom this machine believes.

    """

    def __init__(self, folder: Path, fetch: Fetch, keys: TrustedKeys) -> None:
        self._folder = folder
        self._fetch = fetch
        self._keys = keys

    def announced(self, url: str) -> Manifest:
        """
        Return what the server offers now.

        Raises:
            NotAsSigned: Nobody trusted signed it.
            KioskError: It cannot be fetched.

        """
        self._folder.mkdir(_MODE, parents=True, exist_ok=True)
        for name in (MANIFEST, SIGNATURE):
            self._fetch(_beside(url, name), self._folder / name, _MOST_SMALL)
        text = (self._folder / MANIFEST).read_bytes()
        signature = (self._folder / SIGNATURE).read_bytes()
        return verify(text, signature, self._keys)

    def completed(self, url: str, manifest: Manifest) -> Path:
        """
        Return the folder, with everything in it that the manifest names.

        Raises:
            KioskError: It cannot be fetched.

        """
        target = self._folder / PAYLOAD
        try:
            check_file(manifest, PAYLOAD, target)
        except NotAsSigned:
            self._fetch(_beside(url, PAYLOAD), target, manifest.file(PAYLOAD).size)
        return self._folder

    def forget(self) -> None:
        """Remove what was fetched; safe to repeat."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._folder)


def why_not(manifest: Manifest, record: Record, serial: str, installed: str) -> str:
    """
    Return why an update is not for this device now, or nothing. Pure.

    Args:
        manifest: Of the update, verified.
        record: Of this device.
        serial: Of this device.
        installed: The running system's version.

    Raises:
        NotAsSigned: It is older than one that was seen already.
        UpdateRefused: It is no update.

    """
    release = release_of(manifest)
    newest = datetime.fromisoformat(record.seen) if record.seen else None
    refuse_older(manifest, newest)
    if release.version == installed:
        return f"version {installed} runs, and is the newest"
    if manifest.id in record.failed:
        return f"version {release.version} failed here before; it waits for a person"
    if not is_in_ring(serial, manifest):
        return f"version {release.version} is for {manifest.ring} % of the devices yet"
    return ""


def _beside(url: str, name: str) -> str:
    return f"{url.rstrip('/')}/{name}"
