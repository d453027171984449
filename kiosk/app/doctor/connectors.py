"""What the kernel says of its display connectors, without opening a card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kiosk.app.doctor.check import Check, failure, good, skipped, warning
from kiosk.app.doctor.machine import text_of


def look_at_connectors(
    root: Path, *, is_wanted: bool, dark: str = ""
) -> Iterator[Check]:
    """
    Tell which connectors have a display, its best mode, and what the boot asked for.

    Args:
        root: Under which the kernel tells it.
        is_wanted: Whether a display is to show anything.
        dark: Why one that is there stays dark (:func:`kiosk.app.display.left_dark`).

    """
    what = "connectors"
    found = {
        path.parent.name.partition("-")[2]: _told(path)
        for path in sorted(root.glob("sys/class/drm/card*-*/status"))
    }
    asked = [
        word
        for word in text_of(root / "proc/cmdline").split()
        if word.startswith("video=")
    ]
    evidence = ", ".join(f"{name} {told}" for name, told in found.items())
    evidence = ", ".join(filter(None, (evidence, *asked)))
    if not found:
        yield skipped(what, evidence or "there is no card")
    elif is_wanted and not any(told.startswith("connected") for told in found.values()):
        cure = "plug a display in; one switched on late needs video=HDMI-A-1:...D"
        yield failure(what, evidence, cure)
    elif dark:
        yield warning(what, evidence, dark)
    else:
        yield good(what, evidence)


def _told(status: Path) -> str:
    mode = text_of(status.parent / "modes").partition("\n")[0]
    is_on = text_of(status.parent / "enabled") == "enabled"
    lit = " lit" if is_on else ""
    return f"{text_of(status)} {mode}".strip() + lit
