"""
A camera opened by name: found, configured as a call would like it, and streaming.

Everything that can go wrong on the way leaves as one DeviceError that names the camera,
the cause and the cure, and nothing stays open then.
"""

from __future__ import annotations

import errno
import select
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from kiosk.errors import DeviceError
from kiosk.ports import Clock
from kiosk.v4l2.controls import has_control
from kiosk.v4l2.discovery import FoundCamera, choose
from kiosk.v4l2.modes import Mode, Wanted, best, modes
from kiosk.v4l2.node import DEVICE, Machine, Node, refusal
from kiosk.v4l2.stream import Granted, Stream, check_free, configure
from kiosk.v4l2.uapi_numbers import Cid, Pixel


STEERED_BY: Final = (Cid.MPEG_VIDEO_FORCE_KEY_FRAME, Cid.MPEG_VIDEO_BITRATE)
"""Without both, a camera's own encoder is the last choice."""


BUSY_US: Final = 500_000
"""Whoever looks at a camera, as the kiosk does by itself, holds it for a moment."""
_PAUSE_MS: Final = 50


@dataclass(frozen=True, slots=True)
class OpenCamera:
    """
    A camera that streams.

    Attributes:
        camera: Which one.
        node: Its open node, for its controls.
        granted: How it captures.
        stream: Its pictures.

    """

    camera: FoundCamera
    node: Node
    granted: Granted
    stream: Stream

    def close(self) -> None:
        """Stop and release it; never raises."""
        self.stream.close()
        self.node.close()


def open_camera(
    machine: Machine,
    name: str,
    wanted: Wanted,
    clock: Clock,
    wake: int,
    *,
    coded: bool | None = None,
) -> OpenCamera:
    """
    Open the camera that is meant.

    Args:
        machine: Where it is.
        name: See :func:`kiosk.v4l2.discovery.choose`.
        wanted: How it should capture.
        clock: CLOCK_MONOTONIC.
        wake: See :class:`kiosk.v4l2.stream.Stream`; once it is readable nobody waits
            for a camera that is busy.
        coded: Whether it must code its pictures itself, or must not; a call that has
            begun one way goes on like that.

    Raises:
        DeviceError: It is not there, not free, or cannot.

    """
    choice = partial(_chosen_mode, wanted=wanted, coded=coded)
    give_up_at = clock.now() + BUSY_US
    woken = select.poll()
    woken.register(wake, select.POLLIN)
    while True:
        camera = choose(machine, name)
        try:
            return _opened(machine, camera, choice, clock, wake)
        except OSError as error:
            is_final = error.errno != errno.EBUSY or clock.now() > give_up_at
            if is_final or woken.poll(_PAUSE_MS):
                raise _refused(machine, camera, error) from error


def _opened(
    machine: Machine,
    camera: FoundCamera,
    choice: Callable[[Node, FoundCamera], Mode],
    clock: Clock,
    wake: int,
) -> OpenCamera:
    path = camera.stable_name
    node = machine.open(camera.node.path)
    try:
        granted = configure(node, path, choice(node, camera))
        stream = Stream(node, path, granted, clock, wake)
    except BaseException:
        node.close()
        raise
    return OpenCamera(camera, node, granted, stream)


def look_at(machine: Machine, name: str, wanted: Wanted, own_process: int) -> str:
    """
    Return in one line what :func:`open_camera` would open; starts nothing.

    Raises:
        DeviceError: What that would raise, as far as can be known beforehand.

    """
    camera = choose(machine, name)
    try:
        node = machine.open(camera.node.path)
    except OSError as error:
        raise _refused(machine, camera, error) from error
    use = ""
    try:
        mode = _chosen_mode(node, camera, wanted=wanted, coded=None)
        try:
            check_free(node)
            mode = configure(node, camera.stable_name, mode).mode
        except OSError:
            holders = machine.holders(camera.node.path)
            if not any(f"(process {own_process})" in holder for holder in holders):
                raise
            use = ", in use by this kiosk"
    except OSError as error:
        raise _refused(machine, camera, error) from error
    finally:
        node.close()
    return f"{camera.card}, {mode.name}{use}"


def can_be_steered(node: Node) -> bool:
    """Say whether a camera's own encoder takes bit rates and makes IDRs when asked."""
    return all(has_control(node, control) for control in STEERED_BY)


def _chosen_mode(
    node: Node, camera: FoundCamera, *, wanted: Wanted, coded: bool | None
) -> Mode:
    pixels = [
        one for one in camera.pixels if coded is None or coded is (one is Pixel.H264)
    ]
    offered = modes(node, pixels, wanted)
    mode = best(offered, wanted, prefer_h264=can_be_steered(node))
    if mode is None:
        raise DeviceError(
            DEVICE,
            camera.stable_name,
            "offers no picture size that can be used; use another camera",
        )
    return mode


def _refused(machine: Machine, camera: FoundCamera, error: OSError) -> DeviceError:
    holders = machine.holders(camera.node.path) if error.errno == errno.EBUSY else ()
    return refusal(camera.stable_name, error, "cannot be opened", holders)
