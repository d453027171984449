"""What became of a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kiosk.provision.identity import Identity


class Origin(Enum):
    """Where a bundle comes from; the value is what people read."""

    BOOT = "the boot partition"
    STICK = "a USB stick"
    HAND = "a directory"
    PULL = "the provisioning server"

    @property
    def is_cleaned(self) -> bool:
        """Whether secrets are taken off it once they are stored."""
        return self in {Origin.BOOT, Origin.STICK}


class Verdict(Enum):
    """What became of it; the value is the heading of RESULT.txt."""

    APPLIED = "APPLIED"
    UNCHANGED = "NOTHING TO DO"
    REFUSED = "NOT APPLIED"
    SUPERSEDED = "NOT APPLIED AGAIN"
    HEALTHY = "APPLIED AND HEALTHY"
    GIVEN_UP = "TAKEN BACK"
    UNHEALTHY = "APPLIED, BUT NOT HEALTHY"
    UNFINISHED = "APPLIED IN PART"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of a bundle.

    Attributes:
        verdict: In a word.
        at: When, by this device's clock; ISO 8601.
        identity: Of the device.
        bundle: Its id; empty where it has none that can be believed.
        now: The bundle in force now; empty for none.
        lines: What is wrong, a line each, or why nothing was done.
        remarks: What should be known besides.
        server: The room server that is called now.
        addresses: How the device gets its address.
        changed: The files that changed, relative to the root directory.

    """

    verdict: Verdict
    at: str
    identity: Identity
    bundle: str = ""
    now: str = ""
    lines: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    server: str = ""
    addresses: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
