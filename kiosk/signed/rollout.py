"""
Whether a device takes part: rings of a roll-out, and no way back in time.

1. A ring is a share of the fleet, in per cent.  Who is in it follows from serial number
   and bundle alone: the same devices at every look, others for the next bundle, and
   those of a small ring are in every larger one.
2. What is older than what this device has seen signed is refused, also where it was
   not applied: a halted roll-out stays halted, whoever serves the old manifest again.

Pure.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from kiosk.errors import NotAsSigned
from kiosk.signed.manifest import ALL, Manifest


def is_in_ring(serial: str, manifest: Manifest) -> bool:
    """Return whether a device belongs to the share a manifest is meant for."""
    return place_of(serial, manifest.id) < manifest.ring


def place_of(serial: str, bundle_id: str) -> int:
    """Return a device's place in a roll-out, from 0 to 99; all are equally likely."""
    digest = hashlib.sha256(f"{bundle_id} {serial}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * ALL >> 64


def refuse_older(manifest: Manifest, newest: datetime | None) -> None:
    """
    Let pass what is not older than the newest that was seen.

    Raises:
        NotAsSigned: It is, and nobody signed that it may be.

    """
    if newest is None or manifest.allow_older or manifest.created >= newest:
        return
    raise NotAsSigned(
        "manifest.toml",
        f"was made on {manifest.created.isoformat()}, and one of "
        f"{newest.isoformat()} was seen already",
        "sign it anew, or with --allow-older",
    )
