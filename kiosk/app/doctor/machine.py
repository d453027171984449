"""
The board under the kiosk: its power, heat, memory, disk, clock and connectors.

Reads ``/proc`` and ``/sys`` only; what a board does not tell is skipped, not guessed.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from kiosk.app.doctor.check import Check, failure, good, skipped, warning
from kiosk.app.right_time import NAME as CLOCK_FILE
from kiosk.app.right_time import (
    RightTime,
    TimeFloor,
    is_synchronized,
    kept_s,
    made_s,
)


Run = Callable[[Sequence[str]], str]
"""Runs a program and returns what it prints; empty where it is not there or fails."""

MEGABYTE: Final = 1_000_000
LITTLE_DISK: Final = 500 * MEGABYTE
NO_DISK: Final = 50 * MEGABYTE
LITTLE_MEMORY: Final = 100 * MEGABYTE
HOT_C: Final = 75.0
TOO_HOT_C: Final = 82.0
"""The Raspberry Pi's firmware slows the processor from 80 degrees on."""

_THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
_UNDER_VOLTAGE: Final = 1 << 0
_SLOWED: Final = (1 << 1) | (1 << 2) | (1 << 3)
"""Capped, throttled, above the soft limit."""
_SINCE_BOOT: Final = 16
"""So many bits higher stands whether it happened since the board was switched on."""
_RUN_S: Final = 5.0


def run_program(argv: Sequence[str]) -> str:
    """Run a program with a deadline."""
    try:
        done = subprocess.run(  # noqa: S603 -- what we ask for, no shell
            list(argv), capture_output=True, text=True, timeout=_RUN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def look_at_machine(root: Path, run: Run, now_s: float) -> Iterator[Check]:
    """
    Look at everything there is.

    Args:
        root: Under which ``proc`` and ``sys`` are looked for.
        run: Runs the firmware's own program.
        now_s: Wall time in seconds since 1970.

    """
    yield _board(root)
    yield look_at_power(root, run)
    yield look_at_heat(root)
    yield _memory(root)
    yield _disk(root)
    yield _clock(root, now_s)


def _board(root: Path) -> Check:
    model = text_of(root / "proc/device-tree/model").rstrip("\0")
    kernel = text_of(root / "proc/sys/kernel/osrelease")
    return good("board", f"{model or 'no Raspberry Pi'}, Linux {kernel}")


def look_at_power(root: Path, run: Run) -> Check:
    """Look whether the supply was ever too weak, or the board too hot."""
    flags = _throttled(root, run)
    if flags is None:
        return skipped("power", "this board does not tell")
    better = "use the supply made for this board and a short cable"
    now, ever = flags, flags >> _SINCE_BOOT
    evidence = f"flags 0x{flags:x}"
    if now & _UNDER_VOLTAGE:
        return failure("power", f"voltage too low now, {evidence}", better)
    if now & _SLOWED:
        return failure("power", f"slowed down now, {evidence}", "cool the case")
    if ever & _UNDER_VOLTAGE:
        return warning("power", f"voltage was too low since boot, {evidence}", better)
    if ever:
        return warning("power", f"slowed down since boot, {evidence}", "cool the case")
    return good("power", f"never too low nor slowed down since boot, {evidence}")


def _throttled(root: Path, run: Run) -> int | None:
    told = text_of(root / _THROTTLED) or run(["vcgencmd", "get_throttled"]).strip()
    try:
        return int(told.rpartition("=")[2], 16)
    except ValueError:
        return None


def look_at_heat(root: Path) -> Check:
    """Look how hot the board is now."""
    told = text_of(root / "sys/class/thermal/thermal_zone0/temp")
    if not told.lstrip("-").isdigit():
        return skipped("temperature", "this board does not tell")
    degrees = int(told) / 1000
    evidence = f"{degrees:.0f} °C"
    if degrees >= TOO_HOT_C:
        return failure("temperature", evidence, "cool the case: it is slowed down")
    if degrees >= HOT_C:
        return warning("temperature", evidence, "see to the air around the case")
    return good("temperature", evidence)


def _memory(root: Path) -> Check:
    sizes = memory_of(root)
    left = sizes.get("MemAvailable", 0)
    evidence = f"{left // MEGABYTE} MB of {sizes.get('MemTotal', 0) // MEGABYTE} free"
    if "CmaTotal" in sizes:
        free, total = sizes.get("CmaFree", 0), sizes["CmaTotal"]
        evidence += f", CMA {free // MEGABYTE} MB of {total // MEGABYTE}"
    if not sizes:
        return skipped("memory", "the kernel does not tell")
    if left < LITTLE_MEMORY:
        return warning("memory", evidence, "stop what else runs here")
    return good("memory", evidence)


def memory_of(root: Path) -> dict[str, int]:
    """Return the lines of ``meminfo`` in bytes."""
    found: dict[str, int] = {}
    for line in text_of(root / "proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        number = rest.split()[0] if rest.split() else ""
        if number.isdigit():
            found[name] = int(number) * 1024
    return found


def _disk(root: Path) -> Check:
    left = shutil.disk_usage(root).free
    evidence = f"{left // MEGABYTE} MB free"
    cure = "remove what fills it: `journalctl --vacuum-size=100M`"
    if left < NO_DISK:
        return failure("disk", evidence, cure)
    if left < LITTLE_DISK:
        return warning("disk", evidence, cure)
    return good("disk", evidence)


def _clock(root: Path, now_s: float) -> Check:
    told = datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    floor = TimeFloor(None, max(made_s(), kept_s(root / "var/lib/kiosk" / CLOCK_FILE)))
    facts = RightTime(
        floor, lambda: now_s, synchronized=partial(is_synchronized, root)
    ).look()
    if facts.wrong:
        cure = "set the clock, or let it reach a time server: TLS fails until then"
        return failure("clock", f"{told}: {facts.wrong.partition(';')[0]}", cure)
    if not facts.synchronized:
        cure = "`timedatectl` says which time server is asked; other services may do"
        return warning("clock", f"{told}, not set by a time server", cure)
    return good("clock", f"{told}, set by a time server")


def text_of(path: Path) -> str:
    """Return what a file of the kernel says, or nothing."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
