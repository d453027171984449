"""
Which set of files is in force, which one was before, and what is known of bundles.

One small JSON file, replaced whole: to write it is the moment a bundle is applied,
and everything that follows only carries out what it says.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

from kiosk.disk import Disk, content_of, put


NAME: Final = "record.json"
_FORMAT = 1
_MODE = 0o600
_MAX_BYTES = 1 << 20
_MOST_SEEN = 64
_SENSELESS = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What reading another program's JSON as ours may raise; the last of 1e999."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What became of a bundle.

    Attributes:
        at: When, by this device's clock; ISO 8601.
        verdict: ``applied``, ``healthy``, ``given up``, ``taken back``.
        reason: Why it was given up.

    """

    at: str
    verdict: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """
    What provisioning remembers.

    Attributes:
        current: The set in force; empty before the first.
        previous: What was in force before it.
        last_good: The set that was last found healthy.
        trial: The set that is being tried; empty when none is.
        starts: How often the machine started during the trial.
        medium: Where the bundle on trial came from, to write RESULT.txt there.
        places: Every file outside that is ours, relative to the root directory.
        looked: What boot media looked like when nothing was left to be done for them.
        seen: Bundles by id, the oldest first.

    """

    current: str = ""
    previous: str = ""
    last_good: str = ""
    trial: str = ""
    starts: int = 0
    medium: str = ""
    places: tuple[str, ...] = ()
    looked: Mapping[str, str] = field(default_factory=dict[str, str])
    seen: Mapping[str, Seen] = field(default_factory=dict[str, Seen])

    def having_seen(self, bundle: str, seen: Seen) -> Record:
        """Return the record with what became of a bundle; the oldest are forgotten."""
        others = {name: old for name, old in self.seen.items() if name != bundle}
        newest = dict([*others.items(), (bundle, seen)][-_MOST_SEEN:])
        return replace(self, seen=newest)

    @property
    def sets(self) -> frozenset[str]:
        """The sets that are still needed."""
        named = (self.current, self.previous, self.last_good, self.trial)
        return frozenset(filter(None, named))


def read_record(state: Path) -> Record:
    """Return what is remembered; of a record that makes no sense, nothing."""
    path = state / NAME
    try:
        return _record(json.loads(content_of(path, _MAX_BYTES)))
    except FileNotFoundError:
        return Record()
    except (*_SENSELESS, OSError, RecursionError) as error:
        reason = f"{path}: {error}; what is configured stays as it is"
        log.error("provisioning forgot what it applied", extra={"reason": reason})  # noqa: TRY400 -- the reason is the whole story
        return Record()


def write_record(disk: Disk, state: Path, record: Record) -> None:
    """Remember; it is on the medium when this returns."""
    text = json.dumps({"format": _FORMAT, **asdict(record)}, indent=1)
    put(disk, state / NAME, text.encode(), _MODE)


def _record(found: object) -> Record:
    table = cast("dict[str, Any]", found)
    if table["format"] != _FORMAT:
        raise ValueError(f"is of format {table['format']}")
    return Record(
        **{
            name: str(table[name])
            for name in ("current", "previous", "last_good", "trial", "medium")
        },
        starts=int(table["starts"]),
        places=tuple(map(str, table["places"])),
        looked={str(name): str(look) for name, look in table["looked"].items()},
        seen={str(name): Seen(**seen) for name, seen in table["seen"].items()},
    )
