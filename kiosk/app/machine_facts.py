"""
What the status says of the machine below the kiosk: its system, and what set it up.

Read from what root's units leave for everybody; the daemon has no right to more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.provision.announcing import summary
from kiosk.update.telling import update_facts


def machine_facts(root: Path = Path("/")) -> dict[str, Any]:
    """Return the system's update and the bundle in force, as ``kiosk status`` has them."""
    return {"update": update_facts(root), "bundle": summary(root)}
