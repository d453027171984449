"""What a kiosk remembers of its provisioning server, from one look to the next."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from kiosk.disk import Disk, content_of, put


STATE: Final = "var/lib/kiosk-provision/pull"
"""Where it is kept, below the root directory."""
NAME: Final = "pull.json"
_FORMAT = 1
_MODE = 0o600
_MAX_BYTES = 1 << 16

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PullRecord:
    """
    What is remembered.

    Attributes:
        url: Where ``etag`` is from.
        etag: Of the bundle that was dealt with; it need not be sent again.
        newest: When the newest manifest was made that was signed; older ones are
            refused.
        bundle: Its id.
        text: What became of it.

    """

    url: str = ""
    etag: str = ""
    newest: datetime | None = None
    bundle: str = ""
    text: str = ""


def read_record(state: Path) -> PullRecord:
    """Return what is remembered; of a record that makes no sense, nothing."""
    try:
        return _record(json.loads(content_of(state / NAME, _MAX_BYTES)))
    except FileNotFoundError:
        return PullRecord()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("pull record forgotten", extra={"reason": str(error)})
        return PullRecord()


def write_record(disk: Disk, state: Path, record: PullRecord) -> None:
    """Remember; it is on the medium when this returns."""
    table = {
        "format": _FORMAT,
        "url": record.url,
        "etag": record.etag,
        "newest": record.newest.isoformat() if record.newest else "",
        "bundle": record.bundle,
        "text": record.text,
    }
    put(disk, state / NAME, json.dumps(table, indent=1).encode(), _MODE)


def _record(found: object) -> PullRecord:
    table = cast("dict[str, Any]", found)
    if table["format"] != _FORMAT:
        raise ValueError(f"is of format {table['format']}")
    newest = datetime.fromisoformat(table["newest"]) if table["newest"] else None
    if newest is not None and newest.tzinfo is None:
        raise ValueError("has a time without a zone")
    texts = {name: str(table[name]) for name in ("url", "etag", "bundle", "text")}
    return PullRecord(newest=newest, **texts)
