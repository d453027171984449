"""Faults of a camera that is there: its encoder is not to be had."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.fakes.branch import wait_until
from tests.fakes.reading import texts_to
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.ordering import order
from tests.faults.stage import Stage


_READ_S: Final = 30.0
"""Until an agent reads a message; six seconds are the camera's."""


@injector("D04")
@contextmanager
def sees_nothing(stage: Stage, params: Params) -> Iterator[None]:
    """The sensor hangs, is covered, hardly takes pictures: the agent reads of each."""
    faults: list[tuple[str, float, str]] = [
        ("is_frozen", True, "the same picture"),
        ("is_dark", True, "it is black"),
        ("least_period_s", 0.99, "less than 2 pictures"),
    ]
    for fault, how, words in faults:
        with texts_to(stage.agent, _READ_S) as read:
            order(stage, "camera", **{fault: how})
            assert "camera failed" in read.get(timeout=_READ_S)
        now = stage.kiosk.status()["faults"]
        told = [one["reason"] for one in now if one["fault"] == "camera"]
        assert told, f"nothing wrong with the camera: {now}"
        assert words in told[0], f"told as {told}"
        with texts_to(stage.agent, _READ_S) as read:
            order(stage, "camera", **{fault: 0})
            assert "camera works" in read.get(timeout=_READ_S)
    yield
    assert stage.screen() == "in_call"


@injector("D05")
@contextmanager
def encoder_busy(stage: Stage, params: Params) -> Iterator[None]:
    """Another program has the firmware's encoder; a whole call is made meanwhile."""
    said = len(stage.kiosk.log)
    order(stage, "camera", encoder_errno=errno.EBUSY)
    stage.canary_call()
    wait_until(lambda: stage.kiosk.state == "IDLE", "hung up")
    yield
    told = stage.kiosk.log[said:]
    assert "the processor encodes instead" in told, "not told"
    order(stage, "camera", encoder_errno=0)
