"""Which requests may be sent again by themselves, and which never."""

from __future__ import annotations

import httpx
import pytest
from typing_extensions import override

from kiosk.errors import RoomError
from kiosk.room import messages as msg
from kiosk.room.im_messages import Said
from kiosk.room.im_requests import ImRequest, ListenToGroup, SayToGroup
from kiosk.roomclient import HttpExchange
from kiosk.roomclient.connections import ONCE
from kiosk.roomclient.exchange import GatewayExchange


CREATE = msg.CreateRoom("kiosk", "Desk", "desk", "kiosk", "1", "rtmp://h/live/s")
TEXT = msg.SendRoomTextMsg("desk", "kiosk", "hello")
BEAT = msg.PusherHeartbeat("desk", "kiosk")
SAY = SayToGroup("desk", "kiosk", "Kiosk", "1", Said("hello"), 7)


class Noting(httpx.AsyncBaseTransport):
    """Answers nothing of use and keeps what was asked of it."""

    def __init__(self) -> None:
        self.once: list[object] = []

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.once.append(request.extensions.get(ONCE))
        return httpx.Response(503)


@pytest.mark.parametrize(
    ("request_", "request_id", "once"),
    [
        (CREATE, "", True),
        (CREATE, "0123456789abcdef", False),
        (TEXT, "", True),
        (TEXT, "0123456789abcdef", False),
        (BEAT, "", False),
        (msg.GetPushers("desk"), "", False),
    ],
)
async def test_what_has_an_effect_is_sent_again_under_an_id_only(
    request_: msg.Request[object],
    request_id: str,
    once: bool,
) -> None:
    transport = Noting()
    exchange = HttpExchange("http://room.test", transport)
    with pytest.raises(RoomError):
        await exchange.ask(request_, None, 5.0, request_id=request_id)
    await exchange.aclose()

    assert transport.once == [once]


@pytest.mark.parametrize(
    ("command", "once"), [(SAY, True), (ListenToGroup("desk", 0, "key"), False)]
)
async def test_a_text_to_the_group_is_sent_once(
    command: ImRequest[object],
    once: bool,
) -> None:
    transport = Noting()
    exchange = GatewayExchange("http://im.test", lambda: 0.0, transport)
    with pytest.raises(RoomError):
        await exchange.ask(command, {}, 5.0)
    await exchange.aclose()

    assert transport.once == [once]
