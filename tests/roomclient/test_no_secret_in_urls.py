"""Between our own parties no URL carries a secret: proxies and servers log URLs."""

from __future__ import annotations

from urllib.parse import parse_qsl

from tests.fakes.room_world import RoomWorld, settle


HARMLESS = {"userID", "sdkAppID", "accountType"}


async def test_the_urls_of_a_whole_call_are_harmless() -> None:
    world = RoomWorld()
    async with world.agent_and_kiosk() as (agent, kiosk):
        await agent.enter()
        await kiosk.enter()
        await kiosk.service.send_text("hello")
        await settle()
        await world.pass_by(20.0)
        await kiosk.service.leave()
    asked = agent.wire.requests + kiosk.wire.requests

    fields = {
        name for request in asked for name, _ in parse_qsl(request.url.query.decode())
    }
    assert {"login", "pusher_heartbeat", "wait_events"} <= set(kiosk.wire.routes)
    assert fields == HARMLESS
    assert all(
        "authorization" in request.headers
        for request in asked
        if not request.url.path.endswith("/get_login_info")
    )
