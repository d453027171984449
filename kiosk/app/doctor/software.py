"""Which versions are installed: what a support desk asks for first."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from kiosk.app.doctor.check import Check, good
from kiosk.app.fleet_facts import installed_version


_LIBRARIES: Final = ("av", "httpx", "pillow", "picamera2", "gpiozero", "livekit")


def look_at_software(find: Callable[[str], str] = version) -> Check:
    """Tell the versions of what calls depend on; nothing is imported for it."""
    found = [f"kiosk {installed_version()}", f"Python {platform.python_version()}"]
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {find(name)}")
        except PackageNotFoundError:
            continue
    return good("versions", ", ".join(found))
