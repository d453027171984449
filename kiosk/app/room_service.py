"""The way into the configured rooms, from the configuration."""

from __future__ import annotations

from httpx import AsyncBaseTransport

from kiosk import ports
from kiosk.app.trust import client_context
from kiosk.config.schema import KioskConfig
from kiosk.room.conversation import Identity
from kiosk.room.messages import Dialect, RoomType
from kiosk.room.session import Wanted
from kiosk.roomclient.service import HttpRoomService, new_room_service


def asked_url(config: KioskConfig) -> str:
    """Return the URL of whom is asked whether the service is there."""
    return config.im.gateway if config.im.provider == "tencent" else config.room.server


def make_room_service(
    config: KioskConfig,
    clock: ports.Clock,
    transport: AsyncBaseTransport | None = None,
    user_id: str = "",
    instance: str = "",
) -> HttpRoomService:
    """
    Make the way into the configured rooms, not entered yet.

    Args:
        config: What the kiosk is told.
        clock: Monotonic time.
        transport: Replaces the network.
        user_id: Whom to log in as, where none is configured: a predecessor's seat is
            given to nobody else.
        instance: Which machine this is: one name is not for two at a time.

    """
    room = config.room
    room_type = RoomType(room.type)
    return new_room_service(
        room.server,
        Identity(
            room.user_name or config.kiosk.name,
            room.user_id or user_id,
            enrolment_key=room.enrolment_key.get_secret_value()
            if room.enrolment_key
            else "",
            instance=instance,
        ),
        Wanted(room.target, create=room.create, capacity=room_type.usual_capacity),
        clock,
        dialect=Dialect(room.dialect),
        room_type=room_type,
        tls=client_context(config.network),
        transport=transport,
        proxy=config.network.way,
        im_gateway=config.im.gateway if config.im.provider == "tencent" else "",
    )
