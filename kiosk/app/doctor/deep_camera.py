"""
A camera and its encoder, measured through the port: what a call would get of it.

The rate the encoder is told is halved on the way, and what comes is read back: an
encoder that does not follow makes a narrow line stand still.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from kiosk.app.doctor.check import Check, failure, good, warning
from kiosk.app.doctor.picture import keep_picture
from kiosk.ports import AccessUnit, Bitrate, Camera, Clock, Micros


LOOK_S: Final = 3.0
SETTLE_S: Final = 1.0
IDR_S: Final = 1.0
TARGET: Final = Bitrate(200_000)
FOLLOWS: Final = 1.6
"""An encoder on a small target may exceed it so far, by its rate control's nature."""
LEAST_SHARE: Final = 0.8
LATEST_MS: Final = 150.0
OLDEST_US: Final = 1_000_000
_STEP_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class _Unit:
    came_at: Micros
    captured_at: Micros
    size: int
    is_idr: bool


def measure_camera(camera: Camera, clock: Clock, wanted: float) -> Iterator[Check]:
    """
    Open a camera, look at what comes, steer it, and close it.

    Args:
        camera: Not open.
        clock: Of which its stamps should be.
        wanted: Pictures a second.

    Raises:
        DeviceError: It cannot be opened or closed.

    """
    units: list[_Unit] = []
    first: list[bytes] = []

    def note(unit: AccessUnit) -> None:
        if unit.is_idr and not first:
            first.append(bytes(unit.data))
        units.append(_Unit(clock.now(), unit.captured_at, len(unit.data), unit.is_idr))

    began = clock.now()
    try:
        camera.start(note)
        time.sleep(LOOK_S)
        seen = tuple(units)
        yield _pictures(seen, began, clock.now(), wanted)
        if seen:
            yield _stamps(seen)
            camera.set_bitrate(TARGET)
            time.sleep(SETTLE_S)
            steered_at = clock.now()
            time.sleep(LOOK_S)
            steered = [unit for unit in units if unit.came_at > steered_at]
            idr_ms = _idr_ms(camera, clock, units)
            yield _encoder(seen, steered, idr_ms)
    finally:
        closing = clock.now()
        camera.close()
        closed = clock.now()
    yield from map(keep_picture, first)
    took_ms = (closed - closing) / 1000
    yield good("camera closed", f"in {took_ms:.0f} ms")


def _pictures(
    seen: Sequence[_Unit], began: Micros, now: Micros, wanted: float
) -> Check:
    what = "camera, measured"
    if not seen:
        cure = "see to the ribbon or the plug; `rpicam-hello --list-cameras`"
        return failure(what, f"open, and no picture in {LOOK_S:g} s", cure)
    first_ms = (seen[0].came_at - began) / 1000
    spans_s = (now - seen[0].came_at) / 1_000_000
    rate = len(seen) / spans_s if spans_s else 0.0
    evidence = (
        f"first picture after {first_ms:.0f} ms, {rate:.1f} of {wanted:g} a second"
    )
    if not seen[0].is_idr:
        return failure(what, f"{evidence}, the first no IDR", "report it: a bug")
    if rate < LEAST_SHARE * wanted:
        cure = "more light, a smaller [camera] preset, or a lower picture_rate"
        return warning(what, evidence, cure)
    return good(what, evidence)


def _stamps(seen: Sequence[_Unit]) -> Check:
    """Judge whether stamps are of our clock: sound and picture are matched by it."""
    what = "camera's clock"
    ages = [unit.came_at - unit.captured_at for unit in seen]
    in_order = all(
        later.captured_at > unit.captured_at for unit, later in pairwise(seen)
    )
    evidence = f"pictures are {min(ages) / 1000:.0f} to {max(ages) / 1000:.0f} ms old"
    if not in_order or min(ages) < 0 or max(ages) > OLDEST_US:
        cure = "SensorTimestamp is not of CLOCK_MONOTONIC here: report the kernel"
        return failure(what, evidence, cure)
    return good(what, evidence)


def _encoder(
    seen: Sequence[_Unit], steered: Sequence[_Unit], idr_ms: float | None
) -> Check:
    what = "encoder"
    ages = sorted((unit.came_at - unit.captured_at) / 1000 for unit in seen)
    late = ages[round(0.95 * (len(ages) - 1))]
    before, after = _kbps(seen), _kbps(steered)
    target = TARGET / 1000
    evidence = (
        f"{median(ages):.0f} ms from sensor to unit (p95 {late:.0f}), "
        f"{before:.0f} kbit/s, then {after:.0f} when told {target:.0f}, "
        + ("no IDR when asked" if idr_ms is None else f"IDR after {idr_ms:.0f} ms")
    )
    if idr_ms is None:
        return failure(what, evidence, "report it: a peer who joins sees nothing")
    if after > FOLLOWS * target:
        return failure(what, evidence, "it does not follow: report driver and kernel")
    if late > LATEST_MS:
        return warning(what, evidence, "a smaller [camera] preset, or cool the case")
    return good(what, evidence)


def _kbps(units: Sequence[_Unit]) -> float:
    if len(units) < 2:  # noqa: PLR2004 -- a rate needs two
        return 0.0
    spans_us = units[-1].came_at - units[0].came_at
    return sum(unit.size for unit in units[1:]) * 8_000 / max(1, spans_us)


def _idr_ms(camera: Camera, clock: Clock, units: Sequence[_Unit]) -> float | None:
    asked_at = clock.now()
    camera.request_idr()
    while clock.now() - asked_at < IDR_S * 1_000_000:
        time.sleep(_STEP_S)
        idr = next((u for u in units if u.is_idr and u.came_at > asked_at), None)
        if idr is not None:
            return (idr.came_at - asked_at) / 1000
    return None
