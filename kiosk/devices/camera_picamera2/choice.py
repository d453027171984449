"""Which of the cameras is meant, why one cannot be had, and what helps."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kiosk.errors import DeviceError


CURE_ABSENT: Final = (
    "check the ribbon cable at both ends, and camera_auto_detect=1 in"
    " /boot/firmware/config.txt; rpicam-hello --list-cameras shows what is found"
)
CURE_SILENT: Final = "check the ribbon cable at both ends, then the power supply"
_NODES: Final = ("/dev/media", "/dev/video")


def chosen(cameras: Sequence[Mapping[str, Any]], which: str) -> int:
    """
    Return the ordinal of the camera meant.

    Args:
        cameras: As picamera2 knows them.
        which: A number, a part of a model's or an Id's name, or nothing: the first.

    Raises:
        DeviceError: There is none such.

    """
    if not cameras:
        raise DeviceError("camera", "picamera2", f"absent; {CURE_ABSENT}")
    if not which:
        return 0
    if which.isascii() and which.isdigit():
        if int(which) < len(cameras):
            return int(which)
    else:
        for number, known in enumerate(cameras):
            if which in str(known["Model"]) or which in str(known["Id"]):
                return number
    there = ", ".join(f"{n} ({known['Model']})" for n, known in enumerate(cameras))
    raise DeviceError("camera", f"picamera2:{which}", f"absent; there is {there}")


def reason_of(error: BaseException) -> str:
    """Return why a camera cannot be had, from what picamera2 raised."""
    inner = error
    while inner.__cause__ is not None:
        inner = inner.__cause__
    text = str(inner)
    if "busy" in text.lower():
        return f"busy: {who_holds()}; end that program"
    if "allocate memory" in text.lower():
        return f"{text}; restart the kiosk, and raise cma= in cmdline.txt"
    return text


def who_holds(nodes: tuple[str, ...] = _NODES) -> str:
    """Return which other programs have such nodes open, as far as one may look."""
    names = sorted({f"{name} (process {pid})" for pid, name in _holders(nodes)})
    return "used by " + (", ".join(names) or "another program")


def _holders(nodes: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            links = [str(link.readlink()) for link in (entry / "fd").iterdir()]
            name = (entry / "comm").read_text("utf-8").strip()
        except OSError:
            continue  # another user's, or gone meanwhile
        if any(link.startswith(nodes) for link in links):
            yield int(entry.name), name
