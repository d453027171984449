"""
Another customer, who has the agent's seat: the simulator's fault "agent busy".

A party of its own, with a room service, a synthetic camera and a tone, that enters the
first room it is let into and stays there.  It plays nobody.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial

from kiosk import ports
from kiosk.app import devices
from kiosk.app.kiosk_process import make_media
from kiosk.app.room_service import make_room_service
from kiosk.config.schema import KioskConfig
from kiosk.display.headless import HeadlessDisplay
from kiosk.errors import KioskError


NAME = "Another customer"
AGAIN_S = 1.0

log = logging.getLogger(__name__)


def as_customer(config: KioskConfig) -> KioskConfig:
    """Return the configuration of somebody else who calls the same rooms."""
    room = {"create": False, "user_id": None, "user_name": NAME}
    camera = {"device": "synthetic:4", "preset": "180p", "picture_rate": 10}
    return config.model_copy(
        update={
            "room": config.room.model_copy(update=room),
            "camera": config.camera.model_copy(update=camera),
            "microphone": config.microphone.model_copy(update={"device": "tone:330"}),
            "display": config.display.model_copy(update={"self_view": False}),
        }
    )


async def keep_busy(config: KioskConfig, clock: ports.Clock) -> None:
    """Hold the agent's seat, taking it again if it is lost, until cancelled."""
    customer = as_customer(config)
    media: ports.Media = make_media(
        customer,
        clock,
        HeadlessDisplay(clock),
        make_camera=partial(devices.make_camera, customer, clock),
        make_microphone=partial(devices.make_microphone, customer, clock),
        make_speaker=partial(devices.make_speaker, customer, clock),
    )
    async with make_room_service(customer, clock) as service:
        while True:
            try:
                await _call(service, media)
            except KioskError as error:
                log.warning("the other customer is not let in: %s", error)
            await asyncio.sleep(AGAIN_S)


async def _call(service: ports.RoomService, media: ports.Media) -> None:
    """Enter and stay until the room is over; returns at once where there is no seat."""
    over = asyncio.Event()

    def notice(news: ports.RoomNotice) -> None:
        if isinstance(news, ports.RoomClosed):
            over.set()

    def hear(fact: ports.MediaFact) -> None:
        if isinstance(fact, ports.PushLost):
            over.set()

    await service.log_in()
    seat = await service.find_seat()
    if isinstance(seat, ports.NoSeat):
        return
    pusher = media.new_pusher(hear)
    try:
        await pusher.start(seat.push_url)
        await service.take_seat(seat, notice)
        await over.wait()
    finally:
        await pusher.close()
        with suppress(KioskError):
            await service.leave()
