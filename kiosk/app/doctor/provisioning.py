"""Which bundle set this kiosk up, and which one it had to give up."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from kiosk.app.doctor.check import Check, good, skipped, warning
from kiosk.provision.announcing import summary


_WHAT: Final = "provisioning"


def look_at_provisioning(root: Path) -> Check:
    """Tell what is in force, and whether something was taken back since."""
    told = summary(root)
    if told is None:
        return skipped(_WHAT, "kiosk-provision.service has not run since the start")
    device = f"serial number {told['serial']}"
    if not told["bundle"]:
        return skipped(_WHAT, f"no bundle was applied; {device}")
    in_force = f"{told['bundle']}, {told['since']}; {device}"
    given_up = _given_up_since(told)
    if given_up:
        cure = "mend that bundle and give it a new id; this one is not tried again"
        return warning(_WHAT, f"{given_up}; in force is {in_force}", cure)
    if told["is_on_trial"]:
        return good(_WHAT, f"being tried: {in_force}")
    return good(_WHAT, in_force)


def _given_up_since(told: dict[str, Any]) -> str:
    later = [
        f"{bundle} was taken back: {seen['reason']}"
        for bundle, seen in told["given_up"].items()
        if seen["at"] >= told["since"]
    ]
    return later[-1] if later else ""
