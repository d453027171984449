"""What a process holds open, by name, looked at from outside."""

from __future__ import annotations

import contextlib
from pathlib import Path


def descriptors(pid: int) -> list[str]:
    """Return what each descriptor is; of a TCP socket also its ends and state."""
    connections: dict[str, str] = {}
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        cells = line.split()
        connections[f"socket:[{cells[9]}]"] = "TCP " + " ".join(cells[1:4])
    found: list[str] = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(link.readlink())
            found.append(f"{link.name}: {target} {connections.get(target, '')}")
    return sorted(found)


def is_connected(pid: int) -> bool:
    """Say whether a process holds a TCP socket."""
    return any(" TCP " in one for one in descriptors(pid))
