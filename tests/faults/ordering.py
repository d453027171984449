"""Orders to the devices of a stage (``inside/stand_ins.py``), on a plan with devices."""

from __future__ import annotations

import json
import socket
from typing import Any

from tests.faults.stage import Stage


def order(stage: Stage, what: str, within_s: float = 20.0, **about: object) -> Any:
    """Have something befall a device of the kiosk; return what came of it."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(within_s)
        asked.connect(str(stage.devices / "orders.sock"))
        asked.sendall(json.dumps({what: about}).encode() + b"\n")
        with asked.makefile("rb") as lines:
            answer = lines.readline()
    assert answer, f"{what} ended the devices' thread:\n{stage.kiosk.log[-2000:]}"
    return json.loads(answer)[what]
