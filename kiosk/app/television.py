"""
Builds the branch television of a kiosk that has one.

It gets media of its own: the display's way that is shut in a call, a loudspeaker
only where sound is wanted, and no camera at all.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from typing import Any, NoReturn

from kiosk import ports
from kiosk.config.schema import KioskConfig
from kiosk.daemon.television import Television
from kiosk.roomclient.service import HttpRoomService


Progress = Callable[[], Mapping[str, int]]


def make_television(
    config: KioskConfig,
    clock: ports.Clock,
    room: HttpRoomService,
    *,
    make_media: Callable[..., Any],
    display: ports.Display,
    make_speaker: Callable[[], ports.Speaker],
) -> tuple[Television | None, Progress]:
    """
    Return the television, if one is configured, and its threads' counters.

    Args:
        config: What the kiosk is told.
        clock: Of the machine.
        room: Finds who is on air.
        make_media: Makes media out of config, clock, display and devices.
        display: Takes its pictures while nobody calls.
        make_speaker: The kiosk's loudspeaker.

    """
    wanted = config.television
    if not wanted.is_on:
        return None, dict
    media = make_media(
        config,
        clock,
        display,
        make_camera=_no_device,
        make_microphone=_no_device,
        make_speaker=make_speaker if wanted.sound else lambda: _silence(clock),
    )

    def progress() -> Mapping[str, int]:
        return {f"television {name}": at for name, at in media.progress().items()}

    return Television(media.new_player, _finder(config, room), room.tune_out), progress


def _finder(
    config: KioskConfig, room: HttpRoomService
) -> Callable[[], Coroutine[Any, Any, str]]:
    url, target = config.television.url, config.television.room

    async def find() -> str:
        if url is not None:
            return url
        return await room.tune(target or "")

    return find


def _silence(clock: ports.Clock) -> ports.Speaker:
    """Return a loudspeaker that keeps time and is no device."""
    made: ports.Speaker = import_module(
        "kiosk.devices.speaker_synthetic"
    ).SyntheticSpeaker(clock)
    return made


def _no_device() -> NoReturn:
    raise AssertionError("a television films nobody and hears nothing")
