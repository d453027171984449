"""What the room client asks while the link is away, on a connection from before."""

from __future__ import annotations

import asyncio
import socket
import ssl

import httpx
import pytest

from kiosk.roomclient.connections import RoomTransport
from tests.fakes.http_listener import OK, Listener, until
from tests.lab.network import needs_network, network


pytestmark = [pytest.mark.e2e, needs_network]

OUTAGE_S = 0.9
"""TCP repeats what was sent 0.2, 0.6 and 1.4 s later."""


@pytest.mark.parametrize(("outage_s", "connections"), [(OUTAGE_S, 2), (0.0, 1)])
async def test_a_request_that_does_not_arrive_is_begun_anew(
    outage_s: float, connections: int
) -> None:
    listener = Listener(OK)
    transport = RoomTransport(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    with network() as lab:
        with lab.far.entered():
            sock = socket.create_server((lab.far.address, 0))
        with lab.near.entered():
            server = await asyncio.start_server(listener.serve, sock=sock)
            url = f"http://{lab.far.address}:{sock.getsockname()[1]}"
            async with httpx.AsyncClient(
                transport=transport, base_url=url, timeout=None, trust_env=False
            ) as http:
                await http.get("/")
                lab.change(loss_percent=100 if outage_s else 0)
                async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
                    asked = tasks.create_task(http.get("/"))
                    await asyncio.sleep(outage_s)
                    lab.change(loss_percent=0)

            server.close()
            await until(lambda: not listener.open)

    assert asked.result().status_code == 200
    assert listener.accepted == connections
