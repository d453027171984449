"""The units, judged by trixie's systemd; the machine need not run for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.container import SYSTEM, TREE, chroot


UNITS = sorted(
    path.name
    for path in (TREE / "systemd").iterdir()
    if path.suffix in {".service", ".socket", ".timer", ".path"}
    and "@" not in path.name
)
SERVICES = [name for name in UNITS if name.endswith(".service")]
EXPOSED_AT_MOST = {"kiosk-server.service": 15}
"""Tenths of systemd's points; 20 for all others."""


def test_systemd_finds_nothing_wrong_with_any_unit(tree: Path) -> None:
    paths = [f"/{SYSTEM}/{name}" for name in UNITS]

    assert not chroot(tree, "systemd-analyze", "verify", "--man=no", *paths)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in SERVICES
        if name
        in (
            "kiosk.service",
            "kiosk-ladder.service",
            "kiosk-ladder-count.service",
            "kiosk-safe-screen.service",
            "kiosk-server.service",
        )
    ],
)
def test_the_sandbox_leaves_little_open(tree: Path, name: str) -> None:
    most = EXPOSED_AT_MOST.get(name, 20)

    judged = chroot(
        tree,
        *("systemd-analyze", "security", "--offline=true", "--no-pager"),
        *(f"--threshold={most}", f"/{SYSTEM}/{name}"),
    )

    assert "Overall exposure level" in judged
