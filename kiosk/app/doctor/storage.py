"""
How worn the storage is, as far as it tells: eMMC's own count, and what ext4 ran into.

Reads ``/sys`` only.  Sources: JEDEC eMMC 5.1, EXT_CSD 267-269; the kernel's
``Documentation/ABI/testing/sysfs-fs-ext4``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kiosk.app.doctor.check import Check, failure, good, skipped, warning
from kiosk.app.doctor.machine import text_of


WORN_PERCENT: Final = 80
_STEP_PERCENT: Final = 10
"""Of one step of ``life_time``; eleven says that it is past its life."""
_PAST: Final = 11
_NEAR_END: Final = 2
"""Of ``pre_eol_info``: 80 % of the spare blocks are used; 3: 90 %."""
_GIGABYTE_KB: Final = 1_000_000


def look_at_storage(root: Path) -> Iterator[Check]:
    """Look at every card and every ext4, each one line."""
    cards = sorted((root / "sys/block").glob("mmcblk[0-9]"))
    for card in cards:
        yield _card(card)
    mounted = [
        each
        for each in sorted((root / "sys/fs/ext4").glob("*"))
        if (each / "errors_count").exists()
    ]
    for each in mounted:
        yield _file_system(each)
    if not cards and not mounted:
        yield skipped("storage", "nothing here tells of its wear")


def _card(card: Path) -> Check:
    what = f"storage {card.name}"
    kind, name = (text_of(card / "device" / key) for key in ("type", "name"))
    known = f"{kind or 'card'} {name}".strip()
    steps = _steps(text_of(card / "device/life_time"))
    spare = _number(text_of(card / "device/pre_eol_info"))
    if not steps:
        return good(what, f"{known}; a card like this does not tell its wear")
    percent = max(steps) * _STEP_PERCENT
    evidence = f"{known}, at most {percent} % of its life used"
    cure = "replace the board or its eMMC at the next visit"
    if max(steps) >= _PAST or spare > _NEAR_END:
        return failure(what, f"{known}, past its rated life", cure)
    if percent > WORN_PERCENT or spare == _NEAR_END:
        return warning(what, evidence, cure)
    return good(what, evidence)


def _file_system(system: Path) -> Check:
    what = f"ext4 on {system.name}"
    errors = _number(text_of(system / "errors_count"), base=10)
    written = _number(text_of(system / "lifetime_write_kbytes"), base=10)
    evidence = f"{errors} errors, {written / _GIGABYTE_KB:.0f} GB written in its life"
    if errors:
        cure = "save what is needed and replace the card; `dmesg` has what failed"
        return failure(what, evidence, cure)
    return good(what, evidence)


def _steps(told: str) -> list[int]:
    """Return the wear of both kinds of cell, in tenths; 0 is not told."""
    return [step for step in map(_number, told.split()) if step]


def _number(text: str, base: int = 16) -> int:
    try:
        return int(text, base)
    except ValueError:
        return 0
